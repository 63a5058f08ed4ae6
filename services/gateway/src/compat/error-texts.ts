import { isSignalError, SignalError } from "@mef3-cluster/contracts/signal-error";

/*
 * Every text that the predecessors' clients know, in one place. Their users
 * match on these words: they are part of the wire contract.
 */

export function fileDoesNotExist(path: string): string {
  return `File does not exist: ${path}`;
}

export function fileAlreadyOpen(path: string): string {
  return `File already open: ${path}`;
}

export function fileNotOpen(path: string): SignalError {
  return new SignalError("INVALID_ARGUMENT", `File not open: ${path}`);
}

export function unknownChannels(names: readonly string[]): SignalError {
  return new SignalError("CHANNEL_NOT_FOUND", `Unknown channels: ${listNames(names)}`);
}

export function emptyWindow(): SignalError {
  return new SignalError("INVALID_WINDOW", "end_uutc must be greater than start_uutc");
}

export function windowWithoutSample(): SignalError {
  return new SignalError("INVALID_WINDOW", "Requested window is shorter than one sample");
}

/** @param rates  the different rates, Hz */
export function mixedSamplingRates(rates: readonly number[]): SignalError {
  return new SignalError(
    "MIXED_SAMPLING_RATES",
    `Requested channels do not share a sampling rate: ${rates.join(", ")} Hz`,
  );
}

export function noSegmentSize(path: string): SignalError {
  return new SignalError(
    "INVALID_ARGUMENT",
    `No chunks available for file: ${path}. Set a segment size to init chunks.`,
  );
}

export function noSuchSegment(index: number, path: string): SignalError {
  return new SignalError("INVALID_ARGUMENT", `Invalid chunk request: ${index} for ${path}`);
}

export function segmentSizeNotPositive(): SignalError {
  return new SignalError("INVALID_ARGUMENT", "Segment size must be at least one second");
}

export function someChannelsUnknown(names: readonly string[]): string {
  return `Some channels do not exist: ${listNames(names)}`;
}

export function noValidChannels(names: readonly string[]): SignalError {
  return new SignalError(
    "CHANNEL_NOT_FOUND",
    `No valid channels in request. Invalid: ${listNames(names)}`,
  );
}

/**
 * What a client may read about an error. Defects of ours keep their details for
 * the log; the request id leads there.
 */
export function errorText(error: unknown, requestId: string): string {
  if (isSignalError(error) && error.code !== "INTERNAL") return error.message;
  return `internal error (request ${requestId})`;
}

/** Names as Python prints a list of strings, which is what these texts always showed. */
function listNames(names: readonly string[]): string {
  return `[${names.map(quote).join(", ")}]`;
}

function quote(name: string): string {
  const mark = name.includes("'") && !name.includes('"') ? '"' : "'";
  return mark + name.replaceAll("\\", "\\\\").replaceAll(mark, `\\${mark}`) + mark;
}
