import { z } from "zod";
import { renderConfigPage } from "./config-docs";
import { integer, list, text } from "./config-fields";

const schema = z.object({
  PORT: integer().default(50051).describe("Port of the gRPC server."),
  DATA_ROOTS: list().describe("Folders; a|b."),
  LOG_DIR: text().optional().describe("Log folder."),
  THREADS: integer().meta({ defaultText: "all but one core" }).describe("Threads.").default(3),
});

describe("renderConfigPage", () => {
  const page = renderConfigPage([
    { title: "Gateway", schema, obsolete: { OLD_NAME: "set `PORT` instead" } },
  ]);

  it.each([
    ["a default", "| `PORT` | `50051` | Port of the gRPC server. |"],
    [
      "a field without default, and bars in its description",
      "| `DATA_ROOTS` | required | Folders; a\\|b. |",
    ],
    ["an optional field", "| `LOG_DIR` | none | Log folder. |"],
    [
      "a default in words, described under a wrapper",
      "| `THREADS` | all but one core | Threads. |",
    ],
    ["an obsolete name", "| `OLD_NAME` | set `PORT` instead |"],
  ])("shows %s", (_what, row) => {
    expect(page.split("\n")).toContain(row);
  });

  it("has no list of obsolete names where there are none", () => {
    expect(renderConfigPage([{ title: "Decoder", schema }])).not.toContain("without effect");
  });

  it("refuses a field that nobody described", () => {
    const silent = z.object({ PORT: integer().default(1) });
    expect(() => renderConfigPage([{ title: "Gateway", schema: silent }])).toThrow(
      "PORT has no description",
    );
  });
});
