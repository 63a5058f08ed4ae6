import { DotCanvas, type Charset } from "./dot-canvas";

/** One channel's samples of the window, NaN in gaps; all traces of a plot have the same length. */
export interface Trace {
  readonly name: string;
  readonly samples: Float32Array;
}

export interface PlotLayout {
  /** Most characters per line. */
  readonly columns: number;
  /** Most lines. */
  readonly lines: number;
  /** Length of the window. */
  readonly durationSeconds: number;
  /** Unit of the samples, e.g. `µV`. */
  readonly unit: string;
  readonly charset: Charset;
}

const NAME_COLUMNS = 10;
const FOOTER_LINES = 3;
/** Chosen: two labels closer than this read as one. */
const COLUMNS_PER_TICK = 9;
/** Chosen: peaks rarer than one sample in 30 are cut off rather than flatten the rest. */
const SHOWN_SHARE = 0.97;
/** Round numbers, each times a power of ten, for the height of a band and between two ticks. */
const HEIGHT_STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8];
const TICK_STEPS = [1, 2, 5];
const GAP_LABEL = ["g", "a", "p"];

interface LineArt {
  readonly axis: string;
  readonly tick: string;
  readonly edge: string;
}

const LINE_ART: Readonly<Record<Charset, LineArt>> = {
  braille: { axis: "─", tick: "┬", edge: "│" },
  ascii: { axis: "-", tick: "+", edge: "|" },
};

/**
 * Draws traces one below the other, each in a band of its own and all to one
 * scale, over a time axis in seconds from the window's start. Where a channel
 * has no samples its band is blank; where none has, so is the axis.
 */
export function plotTraces(traces: readonly Trace[], layout: PlotLayout): string[] {
  const plotColumns = Math.max(1, layout.columns - NAME_COLUMNS - 1);
  const bandLines = Math.max(1, Math.floor((layout.lines - FOOTER_LINES) / traces.length));
  const centers = traces.map(({ samples }) => medianOf(samples));
  const bandHeight = niceCeiling(2 * spreadOf(traces, centers), HEIGHT_STEPS);
  const bands = traces.flatMap((trace, row) => {
    const canvas = new DotCanvas(plotColumns, bandLines, layout.charset);
    drawTrace(canvas, trace.samples, centers[row] ?? 0, bandHeight);
    return labelBand(trace.name, canvas.toLines(), LINE_ART[layout.charset].edge);
  });
  const scale = `every band is ${formatNumber(bandHeight)} ${layout.unit} high`;
  return [
    ...bands,
    ...drawTimeAxis(traces, plotColumns, layout),
    " ".repeat(NAME_COLUMNS + 1) + scale,
  ].map((line) => line.slice(0, layout.columns).trimEnd());
}

function drawTrace(
  canvas: DotCanvas,
  samples: Float32Array,
  center: number,
  bandHeight: number,
): void {
  const lastRow = canvas.dotsHigh - 1;
  const rowOf = (value: number) =>
    Math.min(lastRow, Math.max(0, Math.round((0.5 - (value - center) / bandHeight) * lastRow)));
  let previous: { readonly top: number; readonly bottom: number } | undefined;
  for (let x = 0; x < canvas.dotsWide; x += 1) {
    const extent = extentOf(samples, x, canvas.dotsWide);
    if (extent === undefined) {
      previous = undefined;
      continue;
    }
    const drawn = { top: rowOf(extent.highest), bottom: rowOf(extent.lowest) };
    // Neighbouring columns meet, so that a steep trace stays one line.
    canvas.drawVertical(
      x,
      previous === undefined ? drawn.top : Math.min(drawn.top, previous.bottom),
      previous === undefined ? drawn.bottom : Math.max(drawn.bottom, previous.top),
    );
    previous = drawn;
  }
}

/** Lowest and highest sample of bucket `index` of `nBuckets`; `undefined` when it holds none. */
function extentOf(
  samples: Float32Array,
  index: number,
  nBuckets: number,
): { readonly lowest: number; readonly highest: number } | undefined {
  const first = Math.floor((index * samples.length) / nBuckets);
  const end = Math.max(first + 1, Math.floor(((index + 1) * samples.length) / nBuckets));
  let lowest = Infinity;
  let highest = -Infinity;
  for (const sample of samples.subarray(first, end)) {
    if (sample < lowest) lowest = sample;
    if (sample > highest) highest = sample;
  }
  return lowest <= highest ? { lowest, highest } : undefined;
}

function labelBand(name: string, lines: readonly string[], edge: string): string[] {
  const middle = Math.floor((lines.length - 1) / 2);
  return lines.map((line, index) => {
    const label = index === middle ? name.slice(0, NAME_COLUMNS - 1) : "";
    return label.padEnd(NAME_COLUMNS) + edge + line;
  });
}

function drawTimeAxis(
  traces: readonly Trace[],
  plotColumns: number,
  { durationSeconds, charset }: PlotLayout,
): [string, string] {
  const art = LINE_ART[charset];
  const axis = Array.from({ length: plotColumns }, () => art.axis);
  const labels = Array.from({ length: plotColumns }, () => " ");
  const nTicks = Math.max(1, Math.floor(plotColumns / COLUMNS_PER_TICK));
  const step = niceCeiling(durationSeconds / nTicks, TICK_STEPS);
  for (let tick = 0; tick * step < durationSeconds; tick += 1) {
    const column = Math.floor((tick * step * plotColumns) / durationSeconds);
    axis[column] = art.tick;
    Array.from(`${formatNumber(tick * step)} s`).forEach((character, offset) => {
      if (column + offset < plotColumns) labels[column + offset] = character;
    });
  }
  for (const { first, end } of commonGaps(traces, plotColumns)) {
    axis.fill(" ", first, end);
    const margin = Math.floor((end - first - GAP_LABEL.length) / 2);
    if (margin > 0) axis.splice(first + margin, GAP_LABEL.length, ...GAP_LABEL);
  }
  const indent = " ".repeat(NAME_COLUMNS);
  return [`${indent}${art.edge}${axis.join("")}`, `${indent} ${labels.join("")}`];
}

/** Runs of columns `[first, end)` in which no channel has a sample. */
function commonGaps(
  traces: readonly Trace[],
  columns: number,
): { readonly first: number; readonly end: number }[] {
  const gaps: { first: number; end: number }[] = [];
  for (let column = 0; column < columns; column += 1) {
    if (traces.some(({ samples }) => extentOf(samples, column, columns) !== undefined)) continue;
    const last = gaps.at(-1);
    if (last?.end === column) last.end = column + 1;
    else gaps.push({ first: column, end: column + 1 });
  }
  return gaps;
}

function medianOf(samples: Float32Array): number {
  return quantileOf(finiteOf(samples), 0.5) ?? 0;
}

/** The distance from its centre that a channel's samples keep within, for the widest channel. */
function spreadOf(traces: readonly Trace[], centers: readonly number[]): number {
  const spreads = traces.map(({ samples }, row) => {
    const distances = finiteOf(samples).map((sample) => Math.abs(sample - (centers[row] ?? 0)));
    return quantileOf(distances, SHOWN_SHARE) ?? 0;
  });
  return Math.max(...spreads, 0);
}

function finiteOf(samples: Float32Array): Float32Array {
  return samples.filter((sample) => Number.isFinite(sample));
}

function quantileOf(values: Float32Array, share: number): number | undefined {
  return values.toSorted()[Math.floor(share * Math.max(0, values.length - 1))];
}

/** The smallest of `steps`, times a power of ten, that is not below `value`; 1 for 0. */
function niceCeiling(value: number, steps: readonly number[]): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return (steps.find((step) => step * power >= value) ?? 10) * power;
}

function formatNumber(value: number): string {
  return String(Number(value.toPrecision(6)));
}
