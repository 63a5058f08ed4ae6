import type { Metadata } from "@grpc/grpc-js";

/** Names a call in answers and logs; sent back as initial metadata. */
export const REQUEST_ID_KEY = "x-request-id";

/** Anything else could forge log lines or fill them. */
const ACCEPTED_ID = /^[A-Za-z0-9._:/+=-]{1,128}$/;

/** The caller's request id if it is fit for a log, else a new one. */
export function requestIdOf(metadata: Metadata, newId: () => string): string {
  const given = metadata.get(REQUEST_ID_KEY)[0];
  return typeof given === "string" && ACCEPTED_ID.test(given) ? given : newId();
}
