import type { SessionDescription } from "@mef3-cluster/contracts/session-description";
import { isSignalError } from "@mef3-cluster/contracts/signal-error";
import type { CallContext } from "../calls/call-context";
import { answering } from "./answering";
import type { CompatParts } from "./compat-parts";
import { fileAlreadyOpen, fileDoesNotExist } from "./error-texts";
import type { FileInfoResponse, FileRequest, ListOpenFilesResponse } from "./messages";

type FileParts = Pick<CompatParts, "catalogue" | "openFiles">;

export async function openFile(
  { catalogue, openFiles }: FileParts,
  { file_path: path }: FileRequest,
  call: CallContext,
): Promise<FileInfoResponse> {
  const open = async (): Promise<FileInfoResponse> => {
    const session = await catalogue.describe(path, call.signal);
    const outcome = await openFiles.open(call.client, path, session);
    return describeFile(path, session, outcome === "already-open" ? fileAlreadyOpen(path) : "");
  };
  return answering(call, open, (text, error) => {
    const unknown = isSignalError(error) && error.code === "SESSION_NOT_FOUND";
    return notOpen(path, unknown ? fileDoesNotExist(path) : text);
  });
}

/** Ends this client's own use; other clients go on. Always answers that it is not open. */
export async function closeFile(
  { openFiles }: FileParts,
  { file_path: path }: FileRequest,
  call: CallContext,
): Promise<FileInfoResponse> {
  const close = async (): Promise<FileInfoResponse> => {
    await openFiles.close(call.client, path);
    return notOpen(path, "");
  };
  return answering(call, close, (text) => notOpen(path, text));
}

export async function fileInfo(
  { catalogue, openFiles }: FileParts,
  { file_path: path }: FileRequest,
  call: CallContext,
): Promise<FileInfoResponse> {
  const describe = async (): Promise<FileInfoResponse> => {
    const use = await openFiles.use(call.client, path);
    if (use === undefined) return notOpen(path, "");
    try {
      return describeFile(path, await catalogue.describe(path, call.signal), "");
    } finally {
      use.done();
    }
  };
  return answering(call, describe, (text) => notOpen(path, text));
}

export async function listOpenFiles(
  { openFiles }: FileParts,
  call: CallContext,
): Promise<ListOpenFilesResponse> {
  const list = async (): Promise<ListOpenFilesResponse> => {
    return { file_paths: await openFiles.list(call.client), error_message: "" };
  };
  return answering(call, list, (text) => ({ file_paths: [], error_message: text }));
}

function notOpen(path: string, errorMessage: string): FileInfoResponse {
  return { file_path: path, file_opened: false, error_message: errorMessage };
}

function describeFile(
  path: string,
  session: SessionDescription,
  errorMessage: string,
): FileInfoResponse {
  const { channels, startUutc, endUutc } = session;
  return {
    file_path: path,
    file_opened: true,
    number_of_channels: channels.length,
    channel_names: channels.map(({ name }) => name),
    channel_sampling_rates: channels.map(({ samplingRate }) => samplingRate),
    start_uutc: startUutc,
    end_uutc: endUutc,
    duration_s: (endUutc - startUutc) / 1e6,
    channel_start_uutc: channels.map((channel) => channel.startUutc),
    channel_end_uutc: channels.map((channel) => channel.endUutc),
    error_message: errorMessage,
  };
}
