import type { Metadata } from "@grpc/grpc-js";

/** By whom state that belongs to one client is kept. */
export interface ClientIdentity {
  /** The address the client connects from, without its port. */
  readonly host: string;
  /** What the client calls itself, to tell jobs on one host apart; empty if it does not. */
  readonly id: string;
}

/** Metadata key of the predecessors' clients; a name tag, not authentication. */
const CLIENT_ID_KEY = "x-mef3io-client-id";
const PRINTABLE_ID = /^[\x20-\x7e]{1,128}$/;

/**
 * @param peer  address and port as the transport gives them
 *
 * An id that is too long or not printable counts as none.
 */
export function identifyClient(peer: string, metadata: Metadata): ClientIdentity {
  const id = metadata.get(CLIENT_ID_KEY)[0];
  const valid = typeof id === "string" && PRINTABLE_ID.test(id);
  return { host: hostOf(peer), id: valid ? id : "" };
}

/** One host has one name, whether it came over IPv4 or IPv4 mapped into IPv6. */
function hostOf(peer: string): string {
  return peer
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/^::ffff:/i, "");
}
