import type { AccessKeys } from "../mef3/password";
import { crc32, encodeRedBlock } from "../native";
import { encryptBlocks } from "../mef3/aes-ecb";

const FLAGS_OFFSET = 4;
const STATISTICS_OFFSET = 48;
/** Only these of the 256 statistics bytes are encrypted. */
const ENCRYPTED_BYTES = 16;
const LEVEL_FLAGS = { 1: 0x02, 2: 0x04 } as const;

/** Which level's key the statistics of RED blocks are encrypted with. */
export type BlockEncryption = keyof typeof LEVEL_FLAGS;

export interface RedBlockFields {
  /** Stored form. */
  readonly startTime: bigint;
  readonly discontinuity: boolean;
}

/**
 * Encodes counts as one RED block; with `key`, its statistics are encrypted at
 * that level.
 *
 * @see docs/mef3-format.md, sections 5.3 and 8
 */
export function redBlock(
  samples: Int32Array,
  { startTime, discontinuity }: RedBlockFields,
  encryption?: { readonly level: BlockEncryption; readonly key: Uint8Array },
): Buffer {
  const encoded = encodeRedBlock(samples, { storedStartTime: startTime, discontinuity });
  const block = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (encryption !== undefined) {
    block.writeUInt8(block.readUInt8(FLAGS_OFFSET) | LEVEL_FLAGS[encryption.level], FLAGS_OFFSET);
    const statistics = block.subarray(STATISTICS_OFFSET, STATISTICS_OFFSET + ENCRYPTED_BYTES);
    encryptBlocks(statistics, encryption.key);
    block.writeUInt32LE(crc32(block.subarray(4)), 0);
  }
  return block;
}

/** The key a level's blocks are encrypted with. */
export function blockKey(keys: AccessKeys, level: BlockEncryption): Uint8Array | undefined {
  return level === 1 ? keys.level1 : keys.level2;
}

export function redBlockFlags(block: Buffer): number {
  return block.readUInt8(FLAGS_OFFSET);
}

export function differenceBytes(block: Buffer): number {
  return block.readUInt32LE(28);
}
