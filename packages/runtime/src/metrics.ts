import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

export interface BuildInfo {
  /** Name of the process, e.g. `gateway`. */
  readonly name: string;
  readonly version: string;
  /** Revision the build was made from; `unknown` where that is not known. */
  readonly commit: string;
}

/**
 * Makes a process's registry of metrics, with what every process reports: CPU,
 * memory, open files, garbage collection, event loop lag
 * (`nodejs_eventloop_lag_*_seconds`) and `mef3_build_info`.
 *
 * One per process, made in `main.ts` and passed down.
 */
export function createRegistry(build: BuildInfo): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const buildInfo = new Gauge({
    name: "mef3_build_info",
    help: "Always 1; the labels say what is running.",
    labelNames: ["name", "version", "commit"] as const,
    registers: [registry],
  });
  buildInfo.set({ name: build.name, version: build.version, commit: build.commit }, 1);
  return registry;
}

/** A metric split by one label whose values are a closed list. */
export interface LabelledMetric<L extends string, V extends string> {
  /** Counters end in `_total`; a unit, if any, is a base unit and part of the name. */
  readonly name: string;
  readonly help: string;
  readonly label: L;
  readonly values: readonly V[];
}

/**
 * Registers a counter and hands out one handle per label value, so that a value
 * outside the list does not compile and every series exists, at 0, from the start:
 * `tileRequests.hit.inc()`.
 */
export function counterBy<const V extends string>(
  registry: Registry,
  metric: LabelledMetric<string, V>,
): Readonly<Record<V, Counter.Internal>> {
  const counter = new Counter({
    name: metric.name,
    help: metric.help,
    labelNames: [metric.label],
    registers: [registry],
  });
  return handles(metric.values, (value) => {
    const handle = counter.labels(value);
    handle.inc(0);
    return handle;
  });
}

/** Like `counterBy`, for a histogram; `buckets` are upper bounds in the metric's unit. */
export function histogramBy<const V extends string>(
  registry: Registry,
  metric: LabelledMetric<string, V> & { readonly buckets: readonly number[] },
): Readonly<Record<V, Histogram.Internal<string>>> {
  const histogram = new Histogram({
    name: metric.name,
    help: metric.help,
    labelNames: [metric.label],
    buckets: [...metric.buckets],
    registers: [registry],
  });
  return handles(metric.values, (value) => {
    histogram.zero({ [metric.label]: value });
    return histogram.labels(value);
  });
}

function handles<V extends string, H>(
  values: readonly V[],
  handleOf: (value: V) => H,
): Readonly<Record<V, H>> {
  return Object.fromEntries(values.map((value) => [value, handleOf(value)])) as Record<V, H>;
}
