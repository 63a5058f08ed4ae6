import type { z } from "zod";
import { fieldMeta, type ConfigSchema, type ObsoleteNames } from "./config";

/** One process's part of the configuration page. */
export interface ConfigSection {
  readonly title: string;
  readonly schema: ConfigSchema;
  readonly obsolete?: ObsoleteNames;
}

/**
 * Writes the configuration page, in Markdown: for each process a table of names,
 * defaults and meanings, then the names that no longer have an effect.
 *
 * @throws Error if a field has no description
 */
export function renderConfigPage(sections: readonly ConfigSection[]): string {
  const intro = [
    "# Configuration",
    "",
    "<!-- Generated from the schemas by `npm run docs`; edit the descriptions there. -->",
    "",
    "Settings are environment variables. An empty value counts as unset. A process that cannot use " +
      "its settings says so for all of them at once and does not start.",
    "",
  ];
  return [...intro, ...sections.flatMap(renderSection)].join("\n");
}

function renderSection({ title, schema, obsolete = {} }: ConfigSection): string[] {
  const rows = Object.entries(schema.shape).map(([name, field]) => renderField(name, field));
  const lines = [`## ${title}`, "", "| name | default | meaning |", "|---|---|---|", ...rows, ""];
  const obsoleteRows = Object.entries(obsolete).map(
    ([name, advice]) => `| \`${name}\` | ${cell(advice)} |`,
  );
  if (obsoleteRows.length === 0) return lines;
  const heading = "Accepted with a warning, and without effect:";
  return [...lines, heading, "", "| name | instead |", "|---|---|", ...obsoleteRows, ""];
}

function renderField(name: string, field: z.core.$ZodType): string {
  const { description, defaultText } = fieldMeta(field);
  if (description === undefined) throw new Error(`${name} has no description`);
  return `| \`${name}\` | ${cell(defaultText ?? renderDefault(field))} | ${cell(description)} |`;
}

function renderDefault(field: z.core.$ZodType): string {
  const whenUnset = (field as z.ZodType).safeParse(undefined);
  if (!whenUnset.success) return "required";
  const value: unknown = whenUnset.data;
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return "none";
  return `\`${Array.isArray(value) ? value.join(",") : JSON.stringify(value).replaceAll('"', "")}\``;
}

function cell(markdown: string): string {
  return markdown.replaceAll("|", "\\|").replaceAll("\n", " ");
}
