import { globalRegistry, type z } from "zod";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import type { Environment } from "./environment";

/**
 * Names that once meant something → what to do instead, as the end of a
 * sentence, e.g. `set TILE_CACHE_MB instead`.
 */
export type ObsoleteNames = Readonly<Record<string, string>>;

/** Where values come from; the environment wins over the file. */
export interface ConfigSources {
  readonly environment: Environment;
  /** Values of `app_config.json`, already under their environment names. */
  readonly file?: Readonly<Record<string, string>>;
  readonly obsolete?: ObsoleteNames;
}

export interface LoadedConfig<T> {
  /** Frozen, nested lists included. */
  readonly config: Readonly<T>;
  /** One line for each obsolete name that is set; for the log, once there is one. */
  readonly warnings: readonly string[];
}

/** Metadata of a field, given with `.meta()`, that this module and the docs heed. */
export interface FieldMeta {
  /** The value is never shown. Fields named `…PASSWORD`, `…SECRET` or `…TOKEN` are secret anyway. */
  readonly secret?: boolean;
  /** The default in words, where the value depends on the machine. */
  readonly defaultText?: string;
  readonly description?: string | undefined;
}

/** A process's settings: one field per environment variable. */
export type ConfigSchema = z.ZodObject<z.core.$ZodShape>;

/**
 * Reads a process's configuration: environment, then file, then the schema's
 * defaults. Surrounding blanks are dropped, and an empty value counts as unset.
 *
 * Rules across fields (`refine`) are looked at once every field is right.
 *
 * @throws SignalError INVALID_ARGUMENT that lists all problems, one line each
 */
export function loadConfig<S extends ConfigSchema>(
  schema: S,
  sources: ConfigSources,
): LoadedConfig<z.output<S>> {
  const given: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = valueOf(sources.environment[name]) ?? valueOf(sources.file?.[name]);
    if (value !== undefined) given[name] = value;
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => describeIssue(schema, issue, given));
    const message = ["the configuration cannot be used:", ...lines].join("\n  ");
    throw new SignalError("INVALID_ARGUMENT", message);
  }
  return { config: freeze(parsed.data), warnings: obsoleteWarnings(sources) };
}

function valueOf(raw: string | undefined): string | undefined {
  const trimmed = raw?.trim();
  return trimmed === "" ? undefined : trimmed;
}

function describeIssue(
  schema: ConfigSchema,
  issue: z.core.$ZodIssue,
  given: Readonly<Record<string, string>>,
): string {
  const name = String(issue.path[0] ?? "configuration");
  if (!(name in schema.shape)) return `${name}: ${issue.message}`;
  const value = given[name];
  if (value === undefined && issue.code === "invalid_type") {
    return `${name}: must be set, it has no default`;
  }
  if (value === undefined) return `${name}: ${issue.message}`;
  return `${name}: ${issue.message}, given ${isSecret(schema, name, value) ? "a value that is not shown" : `"${value}"`}`;
}

function isSecret(schema: ConfigSchema, name: string, value: string): boolean {
  if (/(PASSWORD|SECRET|TOKEN)S?$/.test(name)) return true;
  // URLs may carry a password: redis://user:password@host
  if (/:\/\/[^/\s]*@/.test(value)) return true;
  return fieldMeta(schema.shape[name]).secret === true;
}

/** What `.describe()` and `.meta()` said about a field, also where a wrapper such as `.default()` came after. */
export function fieldMeta(field: z.core.$ZodType | undefined): FieldMeta {
  if (field === undefined) return {};
  return { ...fieldMeta(innerField(field)), ...globalRegistry.get(field) };
}

function innerField(field: z.core.$ZodType): z.core.$ZodType | undefined {
  const def = field._zod.def;
  if ("innerType" in def) return def.innerType as z.core.$ZodType;
  if ("in" in def) return def.in as z.core.$ZodType;
  return undefined;
}

function obsoleteWarnings({ environment, obsolete = {} }: ConfigSources): string[] {
  return Object.entries(obsolete)
    .filter(([name]) => valueOf(environment[name]) !== undefined)
    .map(([name, advice]) => `${name} has no effect: ${advice}`);
}

function freeze<T>(value: T): Readonly<T> {
  if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
    for (const nested of Object.values(value)) freeze(nested);
    Object.freeze(value);
  }
  return value;
}
