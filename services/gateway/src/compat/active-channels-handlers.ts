import type { SessionDescription } from "@mef3-cluster/contracts/session-description";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import type { CallContext } from "../calls/call-context";
import { answering } from "./answering";
import type { CompatParts } from "./compat-parts";
import { errorText, fileNotOpen, noValidChannels, someChannelsUnknown } from "./error-texts";
import type { ActiveChannelsResponse, FileRequest, SetActiveChannelsRequest } from "./messages";

type ChannelParts = Pick<CompatParts, "catalogue" | "openFiles" | "limits">;

/**
 * Chooses the rows of this client's numbered segments, in the order given; none
 * means all. Unknown ones are left out and named; if no other remains, the
 * previous choice stays.
 */
export async function setActiveChannels(
  parts: ChannelParts,
  { file_path: path, channel_names: names }: SetActiveChannelsRequest,
  call: CallContext,
): Promise<ActiveChannelsResponse> {
  const set = async (): Promise<ActiveChannelsResponse> => {
    const { session, active } = await currentChannels(parts, path, call);
    if (names.length > parts.limits.maxChannels) throw tooManyNames(parts.limits.maxChannels);
    const known = new Set(allNames(session));
    const valid = names.filter((name) => known.has(name));
    const invalid = names.filter((name) => !known.has(name));
    if (valid.length === 0 && invalid.length > 0) {
      const error = noValidChannels(invalid);
      call.answeredWithError(error);
      return channels(path, active, errorText(error, call.requestId));
    }
    const chosen = valid.length > 0 ? valid : undefined;
    await parts.openFiles.change(call.client, path, { activeChannels: chosen });
    const remark = invalid.length > 0 ? someChannelsUnknown(invalid) : "";
    return channels(path, chosen ?? allNames(session), remark);
  };
  return answering(call, set, (text) => channels(path, [], text));
}

export async function getActiveChannels(
  parts: ChannelParts,
  { file_path: path }: FileRequest,
  call: CallContext,
): Promise<ActiveChannelsResponse> {
  const get = async (): Promise<ActiveChannelsResponse> => {
    const { active } = await currentChannels(parts, path, call);
    return channels(path, active, "");
  };
  return answering(call, get, (text) => channels(path, [], text));
}

async function currentChannels(
  { openFiles, catalogue }: ChannelParts,
  path: string,
  call: CallContext,
): Promise<{ readonly session: SessionDescription; readonly active: readonly string[] }> {
  const use = await openFiles.use(call.client, path);
  if (use === undefined) throw fileNotOpen(path);
  try {
    const session = await catalogue.describe(path, call.signal);
    return { session, active: use.settings.activeChannels ?? allNames(session) };
  } finally {
    use.done();
  }
}

function allNames(session: SessionDescription): readonly string[] {
  return session.channels.map(({ name }) => name);
}

function tooManyNames(limit: number): SignalError {
  return new SignalError("LIMIT_EXCEEDED", `more than ${limit} channels are asked for`);
}

function channels(
  path: string,
  names: readonly string[],
  errorMessage: string,
): ActiveChannelsResponse {
  return { file_path: path, active_channels: names, error_message: errorMessage };
}
