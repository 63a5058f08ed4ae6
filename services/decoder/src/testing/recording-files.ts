import { createCipheriv, createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { crc32, encodeRedBlock } from "../native";
import {
  type BlockSpec,
  type ChannelSpec,
  endOf,
  type PasswordSpec,
  type SegmentSpec,
  startOf,
  type TimeForm,
} from "./recording-spec";

/** The three files of a segment, to be damaged before they are written. */
export interface SegmentBytes {
  tmet: Buffer;
  tidx: Buffer;
  tdat: Buffer;
}

const HEADER_BYTES = 1024;
const ENTRY_BYTES = 56;

/** Changes a segment's files before they are written; undefined leaves a file out. */
export type Tamper = (
  files: SegmentBytes,
  segment: SegmentSpec,
) => { [File in keyof SegmentBytes]?: Buffer | undefined };

/** Folder of a segment within its session. */
export function segmentFolder(channel: string, number: number): string {
  return path.join(`${channel}.timd`, `${stemOf(channel, number)}.segd`);
}

/** A file of a segment within its session. */
export function segmentFile(
  channel: string,
  number: number,
  extension: keyof SegmentBytes,
): string {
  return path.join(segmentFolder(channel, number), `${stemOf(channel, number)}.${extension}`);
}

/** Writes a channel, or writes it again with more blocks, into a session's folder. */
export async function writeChannelFiles(
  root: string,
  channel: ChannelSpec,
  passwords?: PasswordSpec,
  tamper: Tamper = (files) => files,
): Promise<void> {
  for (const segment of channel.segments) {
    const files = tamper(segmentBytes(channel, segment, passwords), segment);
    await mkdir(path.join(root, segmentFolder(channel.name, segment.number)), { recursive: true });
    for (const extension of ["tdat", "tidx", "tmet"] as const) {
      const bytes = files[extension];
      if (bytes === undefined) continue;
      await writeFile(path.join(root, segmentFile(channel.name, segment.number, extension)), bytes);
    }
  }
}

/** Where a block of a `.tdat` made here starts, and how long it is. */
export function blockRange(
  files: SegmentBytes,
  block: number,
): { readonly start: number; readonly end: number } {
  const entry = HEADER_BYTES + block * ENTRY_BYTES;
  const start = Number(files.tidx.readBigInt64LE(entry));
  return { start, end: start + files.tidx.readUInt32LE(entry + 28) };
}

/** Makes the CRCs of a universal header and its body right again. */
export function resealFile(file: Buffer): Buffer {
  file.writeUInt32LE(crc32(file.subarray(HEADER_BYTES)), 4);
  file.writeUInt32LE(crc32(file.subarray(4, HEADER_BYTES)), 0);
  return file;
}

/** Makes the CRC of a block right again. */
export function resealBlock(files: SegmentBytes, block: number): void {
  const { start, end } = blockRange(files, block);
  files.tdat.writeUInt32LE(crc32(files.tdat.subarray(start + 4, end)), start);
}

/** The bytes of a segment's files (docs/mef3-format.md, sections 2, 4, 7 and 8). */
export function segmentBytes(
  channel: ChannelSpec,
  segment: SegmentSpec,
  passwords?: PasswordSpec,
): SegmentBytes {
  const offset = segment.recordingTimeOffset ?? 0;
  const other = segment.otherTimes ?? "offset";
  const times = (form: TimeForm) => ({
    start: stored(startOf(segment), offset, form),
    end: stored(endOf(segment, channel.samplingRate), offset, form),
  });
  const bodies = blocksAndEntries(segment, offset, other, passwords);
  const file = (type: string, body: Buffer, form: TimeForm): Buffer =>
    fileBytes(type, body, times(form), segment, passwords);
  return {
    tmet: file("tmet", metadataBody(channel, segment, passwords), "offset"),
    tidx: file("tidx", bodies.entries, other),
    tdat: file("tdat", bodies.blocks, other),
  };
}

function blocksAndEntries(
  segment: SegmentSpec,
  offset: number,
  other: TimeForm,
  passwords: PasswordSpec | undefined,
): { readonly blocks: Buffer; readonly entries: Buffer } {
  const blocks: Buffer[] = [];
  const entries: Buffer[] = [];
  let fileOffset = HEADER_BYTES;
  let startSample = 0;
  for (const [i, block] of segment.blocks.entries()) {
    // Signs may differ between a block and its entry: both are the same time.
    const forms: readonly TimeForm[] = i % 2 === 0 ? ["offset", other] : [other, "offset"];
    const [inEntry, inBlock] = forms.map((form) => stored(block.startUutc, offset, form));
    const bytes = blockBytes(block, inBlock ?? 0n, i === 0, passwords);
    blocks.push(bytes);
    entries.push(entryBytes(block, bytes, inEntry ?? 0n, { fileOffset, startSample }));
    fileOffset += bytes.length;
    startSample += block.samples.length;
  }
  return { blocks: Buffer.concat(blocks), entries: Buffer.concat(entries) };
}

function blockBytes(
  block: BlockSpec,
  storedStartTime: bigint,
  discontinuity: boolean,
  passwords: PasswordSpec | undefined,
): Buffer {
  const samples = Int32Array.from(block.samples);
  const bytes = Buffer.from(encodeRedBlock(samples, { storedStartTime, discontinuity }));
  const level = passwords?.blockLevel;
  if (level === undefined) return bytes;
  const password = level === 1 ? passwords?.password1 : passwords?.password2;
  bytes.writeUInt8(bytes.readUInt8(4) | (level === 1 ? 2 : 4), 4);
  encrypted(bytes.subarray(48, 64), password ?? "").copy(bytes, 48);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

function entryBytes(
  block: BlockSpec,
  bytes: Buffer,
  startTime: bigint,
  place: { readonly fileOffset: number; readonly startSample: number },
): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry.writeBigInt64LE(BigInt(place.fileOffset), 0);
  entry.writeBigInt64LE(startTime, 8);
  entry.writeBigInt64LE(BigInt(place.startSample), 16);
  entry.writeUInt32LE(block.samples.length, 24);
  entry.writeUInt32LE(bytes.length, 28);
  entry.writeInt32LE(
    block.samples.reduce((a, b) => Math.max(a, b), -2147483648),
    32,
  );
  entry.writeInt32LE(
    block.samples.reduce((a, b) => Math.min(a, b), 2147483647),
    36,
  );
  entry.writeUInt8(bytes.readUInt8(4), 44);
  return entry;
}

function metadataBody(
  channel: ChannelSpec,
  segment: SegmentSpec,
  passwords: PasswordSpec | undefined,
): Buffer {
  // At the offsets of the file, of which the body is all but the header.
  const file = Buffer.alloc(16384);
  const isPlain = passwords === undefined || passwords.plainMetadata === true;
  const password2 = passwords?.password2;
  file.writeInt8(isPlain ? -1 : 1, 1024);
  file.writeInt8(isPlain || password2 === undefined ? -2 : 2, 1025);
  file.writeDoubleLE(segment.samplingRate ?? channel.samplingRate, 8720);
  for (const offset of [8728, 8736, 8744, 8752]) file.writeDoubleLE(-1, offset);
  file.writeDoubleLE(segment.factor, 8760);
  file.write("uV", 8768);
  const nSamples = segment.blocks.reduce((n, block) => n + block.samples.length, 0);
  file.writeBigInt64LE(BigInt(segment.nSamples ?? nSamples), 8920);
  file.writeBigInt64LE(BigInt(segment.blocks.length), 8928);
  file.writeBigInt64LE(BigInt(segment.recordingTimeOffset ?? 0), 13312);
  if (!isPlain) {
    encrypted(file.subarray(2560, 13312), passwords.password1).copy(file, 2560);
    if (password2 !== undefined) encrypted(file.subarray(13312), password2).copy(file, 13312);
  }
  return file.subarray(HEADER_BYTES);
}

function fileBytes(
  type: string,
  body: Buffer,
  times: { readonly start: bigint; readonly end: bigint },
  segment: SegmentSpec,
  passwords: PasswordSpec | undefined,
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(type, 8);
  header.set([3, 0, 1], 13);
  header.writeBigInt64LE(times.start, 16);
  header.writeBigInt64LE(times.end, 24);
  header.writeInt32LE(segment.number, 48);
  header.write("a stale name", 52);
  header.write("another stale name", 308);
  if (passwords !== undefined) {
    const first = passwordBytes(passwords.password1);
    validation(first).copy(header, 868);
    if (passwords.password2 !== undefined) {
      const second = validation(passwordBytes(passwords.password2));
      Buffer.from(second.map((byte, i) => byte ^ first.readUInt8(i))).copy(header, 884);
    }
  }
  return resealFile(Buffer.concat([header, body]));
}

function stemOf(channel: string, number: number): string {
  return `${channel}-${String(number).padStart(6, "0")}`;
}

function stored(uutc: number, offset: number, form: TimeForm): bigint {
  return form === "positive" ? BigInt(uutc) : BigInt(offset - uutc);
}

function passwordBytes(password: string): Buffer {
  return Buffer.concat([Buffer.from(password, "ascii"), Buffer.alloc(16)]).subarray(0, 16);
}

function validation(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest().subarray(0, 16);
}

function encrypted(plain: Uint8Array, password: string): Buffer {
  const cipher = createCipheriv("aes-128-ecb", passwordBytes(password), null);
  return cipher.setAutoPadding(false).update(plain);
}
