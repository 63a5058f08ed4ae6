import path from "node:path";
import { z } from "zod";
import { commonConfigFields } from "@mef3-cluster/runtime/common-config";
import {
  loadConfig,
  type ConfigSources,
  type LoadedConfig,
  type ObsoleteNames,
} from "@mef3-cluster/runtime/config";
import { decimal, integer, oneOf, port, text } from "@mef3-cluster/runtime/config-fields";

const MIB = 1024 * 1024;

const cacheFields = {
  TILE_DURATION_S: decimal({ min: 0.001 })
    .default(60)
    .describe(
      "Length of a tile in seconds, where that is between 4096 and TILE_MAX_SAMPLES samples.",
    ),
  TILE_MAX_SAMPLES: integer({ min: 4096, max: 2 ** 24 })
    .default(32768)
    .describe("Most samples of a tile, so that tiles of fast channels stay short."),
  TILE_CACHE_MB: decimal({ min: 0 })
    .default(512)
    .describe("Memory for decoded tiles, in MiB. It holds decoded patient signal."),
  CACHE_TTL_S: decimal({ min: 0 })
    .default(1800)
    .describe(
      "Seconds without use after which a decoded tile is dropped and a client's opened " +
        "recording counts as closed; 0 means never.",
    ),
  CATALOGUE_FRESH_S: decimal({ min: 0 })
    .default(5)
    .describe("Seconds for which the description of a recording is trusted before it is checked."),
  PREFETCH_AHEAD_WINDOWS: integer({ min: 0, max: 64 })
    .default(1)
    .describe("Windows after the one that was read that are decoded ahead of time."),
  PREFETCH_BEHIND_WINDOWS: integer({ min: 0, max: 64 })
    .default(1)
    .describe("Windows before the one that was read that are decoded ahead of time."),
  N_PREFETCH: integer({ min: 0, max: 64 })
    .default(3)
    .describe("Numbered segments on both sides of the one that was read that are decoded ahead."),
  READER_PROCESSES: integer({ min: 1, max: 1024 })
    .optional()
    .meta({ defaultText: "all but one core, at least 1" })
    .describe("Threads that decode for reads."),
  PREFETCH_PROCESSES: integer({ min: 0, max: 1024 })
    .optional()
    .meta({ defaultText: "half of READER_PROCESSES, at least 1" })
    .describe(
      "Threads that decode ahead of time, besides those; they step aside while reads need the " +
        "processor. 0 turns prefetch off.",
    ),
};

const limitFields = {
  MAX_WINDOW_SAMPLES: integer({ min: 1 })
    .default(2 ** 32)
    .describe("Most samples of one answer, channels times columns; gaps count."),
  MAX_CHANNELS_PER_REQUEST: integer({ min: 1 })
    .default(4096)
    .describe("Most channels of one answer."),
  MAX_OPEN_FILES: integer({ min: 1 })
    .default(10_000)
    .describe("Most recordings open at once, counted for each client that has one open."),
  MAX_CONCURRENT_READS: integer({ min: 1 })
    .default(256)
    .describe("Most signal reads answered at once; one more is refused."),
  INDEX_CACHE_MB: decimal({ min: 1 })
    .default(512)
    .describe("Memory for the block indexes of open recordings, in MiB; 32 bytes per block."),
  MAX_IDLE_DATA_FILES: integer({ min: 0 })
    .default(2048)
    .describe("Data files kept open between reads; the process's limit of open files bounds it."),
  WINDOW_MEMORY_MB: decimal({ min: 16 })
    .default(128)
    .describe("Memory for the pieces of windows that are being put together, in MiB."),
  MESSAGE_BYTES: integer({ min: 64 * 1024, max: 3.5 * MIB })
    .default(2.5 * MIB)
    .describe("Sample data of one streamed message, in bytes; clients take 4 MiB in all."),
  MESSAGE_POOL_MB: decimal({ min: 0 })
    .default(64)
    .describe("Buffers of sent messages that are kept for reuse, in MiB."),
  STREAM_STALL_S: decimal({ min: 1, max: 86_400 })
    .default(600)
    .describe("Seconds a client may take to accept one message before its read is ended."),
  DRAIN_SECONDS: decimal({ min: 0, max: 3600 })
    .default(30)
    .describe("Seconds that running calls get to finish when the process is told to stop."),
};

/** Settings of the gateway, by their environment names. */
export const gatewayConfigSchema = z
  .object({
    ...commonConfigFields,
    PORT: port().default(50051).describe("Port of the gRPC server; 0 takes a free one."),
    DATA_ROOTS: directories()
      .optional()
      .meta({ defaultText: "HOST_ROOT, else required" })
      .describe("Folders that recordings are served from; absolute, separated by colons."),
    HOST_ROOT: directory()
      .optional()
      .describe(
        "Folder that is put before the paths clients name, for a container that sees the " +
          "host's files there: `/host_root` makes `/data/x.mefd` `/host_root/data/x.mefd`.",
      ),
    COMPAT_DAMAGE: oneOf(["error", "nan"])
      .default("error")
      .describe(
        "What clients of the predecessors' service get for damaged samples: `error` fails the " +
          "read and names the damage, `nan` answers NaN.",
      ),
    BUILD_COMMIT: text()
      .default("unknown")
      .describe("Revision that is shown in `mef3_build_info`."),
    CACHE_REDIS_URLS: clusterOnly().describe("Reserved for cluster mode; leave it unset."),
    QUEUE_REDIS_URL: clusterOnly().describe("Reserved for cluster mode; leave it unset."),
    ...cacheFields,
    ...limitFields,
  })
  .refine((config) => config.DATA_ROOTS !== undefined || config.HOST_ROOT !== undefined, {
    path: ["DATA_ROOTS"],
    message: "must be set, or HOST_ROOT must be",
  });

/** Names the predecessors' users may have set. */
export const OBSOLETE_GATEWAY_NAMES: ObsoleteNames = {
  MIN_PARALLEL_TILES: "tiles are always decoded in parallel; set READER_PROCESSES for how many",
  USE_PROCESS_POOL: "decoding always runs in threads; set READER_PROCESSES for how many",
  MAX_WORKERS: "set READER_PROCESSES and PREFETCH_PROCESSES instead",
  N_PROCESS_WORKERS: "set READER_PROCESSES instead",
  CACHE_CAPACITY_MULTIPLIER: "set TILE_CACHE_MB instead",
  SESSION_TTL_S: "set CACHE_TTL_S instead",
  MAX_SESSIONS: "set MAX_OPEN_FILES instead",
  RESPECT_MEF_BLOCKS: "set TILE_DURATION_S to a multiple of the block length instead",
};

/** Native threads that decode. */
export interface DecodeThreads {
  /** For reads; at least 1. */
  readonly foreground: number;
  /** For decoding ahead of time, besides those for reads; 0 turns that off. */
  readonly prefetch: number;
}

/** The settings, and what follows from several of them. */
export interface GatewayConfig extends z.output<typeof gatewayConfigSchema> {
  /** DATA_ROOTS, or HOST_ROOT in its place; never empty. */
  readonly dataRoots: readonly string[];
  readonly decodeThreads: DecodeThreads;
}

/**
 * Reads the gateway's configuration.
 *
 * @param cores  processors this process may use
 * @throws SignalError INVALID_ARGUMENT that lists all problems
 */
export function loadGatewayConfig(
  sources: Omit<ConfigSources, "obsolete">,
  cores: number,
): LoadedConfig<GatewayConfig> {
  const obsolete = OBSOLETE_GATEWAY_NAMES;
  const { config, warnings } = loadConfig(gatewayConfigSchema, { ...sources, obsolete });
  const hostRoots = config.HOST_ROOT === undefined ? [] : [config.HOST_ROOT];
  const complete: GatewayConfig = {
    ...config,
    dataRoots: Object.freeze(config.DATA_ROOTS ?? hostRoots),
    decodeThreads: Object.freeze(sizeThreads(config, cores)),
  };
  return { config: Object.freeze(complete), warnings };
}

function sizeThreads(
  config: Pick<GatewayConfig, "READER_PROCESSES" | "PREFETCH_PROCESSES">,
  cores: number,
): DecodeThreads {
  const total = config.READER_PROCESSES ?? Math.max(1, cores - 1);
  const prefetch = config.PREFETCH_PROCESSES ?? Math.max(1, Math.floor(total / 2));
  return { foreground: total, prefetch };
}

function directory() {
  return z
    .string()
    .refine((given) => path.isAbsolute(given), "must be an absolute path")
    .transform((given) => path.normalize(given));
}

function directories() {
  return z.string().transform((given, context): readonly string[] => {
    const folders = given.split(":").filter((folder) => folder !== "");
    if (folders.length > 0 && folders.every((folder) => path.isAbsolute(folder))) {
      return folders.map((folder) => path.normalize(folder));
    }
    context.addIssue("must be absolute paths separated by colons");
    return z.NEVER;
  });
}

function clusterOnly() {
  return z
    .string()
    .refine(() => false, "cluster mode is not available yet; unset it to run embedded")
    .optional();
}
