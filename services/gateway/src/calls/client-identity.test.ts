import { Metadata } from "@grpc/grpc-js";
import { identifyClient } from "./client-identity";

function withId(id: string): Metadata {
  const metadata = new Metadata();
  metadata.set("x-mef3io-client-id", id);
  return metadata;
}

describe("identifyClient", () => {
  it.each([
    ["IPv4", "10.1.2.3:50123", "10.1.2.3"],
    ["IPv6", "fe80::1:50123", "fe80::1"],
    ["IPv6 in brackets", "[fe80::1]:50123", "fe80::1"],
    ["IPv4 mapped into IPv6", "::ffff:10.1.2.3:50123", "10.1.2.3"],
    ["a transport without addresses", "unknown", "unknown"],
  ])("takes the address without the port: %s", (_name, peer, host) => {
    expect(identifyClient(peer, new Metadata())).toEqual({ host, id: "" });
  });

  it.each([
    ["a short printable id", "job 7", "job 7"],
    ["the longest id", "x".repeat(128), "x".repeat(128)],
    ["an id that is too long", "x".repeat(129), ""],
  ])("tells clients of one host apart by %s", (_name, given, id) => {
    expect(identifyClient("10.1.2.3:1", withId(given)).id).toBe(id);
  });
});
