import { plotTraces, type PlotLayout, type Trace } from "./terminal-plot";

const LAYOUT: PlotLayout = {
  columns: 100,
  lines: 30,
  durationSeconds: 10,
  unit: "µV",
  charset: "braille",
};

function sine(name: string, amplitude: number, cycles: number, nSamples = 5120): Trace {
  const samples = Float32Array.from(
    { length: nSamples },
    (_, i) => amplitude * Math.sin((2 * Math.PI * cycles * i) / nSamples),
  );
  return { name, samples };
}

function withGap(trace: Trace, from: number, to: number): Trace {
  const samples = trace.samples.map((sample, i) => (i >= from && i < to ? NaN : sample));
  return { ...trace, samples };
}

/** Where the plot begins, after names and edge. */
const PLOT_COLUMN = 11;

describe("plotTraces", () => {
  it.each([
    [100, 30, 8],
    [80, 24, 4],
    [40, 12, 2],
    [100, 30, 1],
  ])("fits %i columns and %i lines with %i channels", (columns, lines, nTraces) => {
    const traces = Array.from({ length: nTraces }, (_, i) => sine(`Channel-${i}`, 10, i + 1));
    const picture = plotTraces(traces, { ...LAYOUT, columns, lines });
    expect(picture.length).toBeLessThanOrEqual(lines);
    expect(Math.max(...picture.map((line) => line.length))).toBeLessThanOrEqual(columns);
  });

  it("draws one period of a sine as a person would", () => {
    const picture = plotTraces([sine("EEG1", 10, 1)], { ...LAYOUT, columns: 51, lines: 8 });
    expect(picture).toEqual([
      "          │    ⣀⡤⠖⠚⠉⠉⠉⠉⠓⠲⢤⣀",
      "          │ ⣀⡴⠚⠁          ⠈⠓⢦⣀",
      "EEG1      │⠞⠁                ⠈⠓⢦⡀                ⢀⡤",
      "          │                     ⠉⠳⢤⡀          ⢀⡤⠞⠉",
      "          │                        ⠉⠓⠦⢤⣀⣀⣀⣀⡤⠴⠚⠉",
      "          │┬───────────────────┬───────────────────",
      "           0 s                 5 s",
      "           every band is 20 µV high",
    ]);
  });

  it("draws the same in plain ASCII", () => {
    const layout = { ...LAYOUT, columns: 51, lines: 8, unit: "uV", charset: "ascii" } as const;
    const picture = plotTraces([sine("EEG1", 10, 1)], layout).join("\n");
    expect(picture).toMatch(/^[ -~\n]*$/);
    expect(picture).toMatch(/EEG1 {6}\|/);
    expect(picture).toContain("every band is 20 uV high");
  });

  it("leaves a gap of one channel blank and goes on with the axis", () => {
    const traces = [withGap(sine("A", 1, 40), 2560, 3840), sine("B", 1, 40)];
    const picture = plotTraces(traces, { ...LAYOUT, columns: 11 + 80, lines: 9 });
    const gap = (line = "") => line.slice(PLOT_COLUMN + 40, PLOT_COLUMN + 60);
    expect(picture.slice(0, 3).map(gap)).toEqual([" ".repeat(20), " ".repeat(20), " ".repeat(20)]);
    expect(picture[1]?.charAt(PLOT_COLUMN + 39)).not.toBe(" ");
    expect(picture[1]?.charAt(PLOT_COLUMN + 60)).not.toBe(" ");
    expect(picture.slice(3, 6).map(gap).join("").trim()).not.toBe("");
    expect(gap(picture[6])).not.toContain(" ");
  });

  it.each([
    ["a long gap", 3200, " ".repeat(3) + "gap" + " ".repeat(4)],
    ["a short one", 2816, " ".repeat(4)],
  ])("leaves the axis blank where no channel has samples, and names %s", (_which, to, blank) => {
    const traces = [withGap(sine("A", 1, 40), 2560, to), withGap(sine("B", 1, 40), 2560, to)];
    const axis = plotTraces(traces, { ...LAYOUT, columns: 11 + 80 })[26] ?? "";
    expect(axis.slice(PLOT_COLUMN + 40, PLOT_COLUMN + 40 + blank.length)).toBe(blank);
    expect(axis.slice(0, PLOT_COLUMN + 40)).not.toContain("gap");
    expect(axis.charAt(PLOT_COLUMN + 39) + axis.charAt(PLOT_COLUMN + 40 + blank.length)).toBe("──");
  });

  it("shows fewer samples than dots as one line without holes", () => {
    const picture = plotTraces([sine("A", 1, 1, 7)], { ...LAYOUT, columns: 51, lines: 4 });
    expect(picture[0]).not.toMatch(/│.* ./);
  });

  it("keeps one outlier from flattening the rest", () => {
    const trace = sine("A", 10, 3);
    trace.samples[100] = 1e6;
    expect(plotTraces([trace], LAYOUT).at(-1)).toContain("every band is 20 µV high");
  });

  it.each([
    ["nothing but a gap", new Float32Array(100).fill(NaN)],
    ["a constant", new Float32Array(100).fill(7)],
    ["no samples at all", new Float32Array(0)],
  ])("draws %s", (_what, samples) => {
    const picture = plotTraces([{ name: "A", samples }], { ...LAYOUT, lines: 6 });
    expect(picture).toHaveLength(6);
    expect(picture.at(-1)).toContain("every band is 1 µV high");
  });

  it("cuts long channel names", () => {
    const [, line] = plotTraces([sine("A-very-long-name", 1, 1)], { ...LAYOUT, lines: 6 });
    expect(line?.slice(0, PLOT_COLUMN)).toBe("A-very-lo │");
  });
});
