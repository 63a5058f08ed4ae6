import type { SampleType } from "../read-path/window-reader";
import type { MessageBufferPool } from "./message-buffer-pool";
import { varintLength, writeVarint } from "./protobuf-varint";

/*
 * Field tags of SignalChunk (proto/compat/gRPCMef3Server.proto):
 * number << 3 | wire type, as a varint.
 */
const LENGTH_DELIMITED = 2;
const TAG_FILE_PATH = (1 << 3) | LENGTH_DELIMITED;
const TAG_ARRAY_BYTES = (2 << 3) | LENGTH_DELIMITED;
const TAG_DTYPE = (3 << 3) | LENGTH_DELIMITED;
const TAG_SHAPE = (4 << 3) | LENGTH_DELIMITED;
const TAG_START_UUTC = 5 << 3;
const TAG_END_UUTC = 6 << 3;
const TAG_FS = (7 << 3) | 1;
const TAG_CHANNEL_NAMES = (8 << 3) | LENGTH_DELIMITED;
const TAG_ERROR_MESSAGE = (99 << 3) | LENGTH_DELIMITED;

/** Aligned for either sample type, so that samples can be written through a typed view. */
const PAYLOAD_ALIGNMENT = 8;

/** What all messages of one stream have in common. */
export interface SignalStreamHead {
  readonly filePath: string;
  readonly sampleType: SampleType;
  /** Hz. */
  readonly fs: number;
  readonly channelNames: readonly string[];
}

/** What one message holds: `[channels, nSamples]`, for the time `[startUutc, endUutc)`. */
export interface SignalSlice {
  readonly nSamples: number;
  readonly startUutc: number;
  readonly endUutc: number;
  /** Bytes of sample data. */
  readonly nBytes: number;
  /** Writes exactly `nBytes` at `byteOffset`, which is a multiple of 8. */
  copyInto(target: Uint8Array, byteOffset: number): void;
}

/** A finished message and the pooled buffer it lies in. */
export interface EncodedMessage {
  readonly bytes: Buffer;
  /** Give this back to the pool, once the message has been written. */
  readonly buffer: Buffer;
}

/**
 * Encodes SignalChunk messages by hand: the size is computed first, the buffer
 * comes from a pool, and sample data is copied once, into its place.
 *
 * The bytes are those a protobuf library writes for a message in which every
 * field is set, `error_message` to the empty string.
 */
export class SignalChunkEncoder {
  readonly #pool: MessageBufferPool;
  readonly #nRows: number;
  readonly #filePath: Buffer;
  readonly #dtype: Buffer;
  /** The fields after the times; the same in every message. */
  readonly #tail: Buffer;

  constructor(head: SignalStreamHead, pool: MessageBufferPool) {
    this.#pool = pool;
    this.#nRows = head.channelNames.length;
    this.#filePath = textField(TAG_FILE_PATH, head.filePath);
    this.#dtype = textField(TAG_DTYPE, head.sampleType);
    this.#tail = Buffer.concat([
      doubleField(TAG_FS, head.fs),
      ...head.channelNames.map((name) => textField(TAG_CHANNEL_NAMES, name)),
      textField(TAG_ERROR_MESSAGE, ""),
    ]);
  }

  encode(slice: SignalSlice): EncodedMessage {
    const beforePayload =
      this.#filePath.length + varintLength(TAG_ARRAY_BYTES) + varintLength(slice.nBytes);
    const afterPayload =
      this.#dtype.length + shapeAndTimesLength(this.#nRows, slice) + this.#tail.length;
    // The message starts a few bytes into the buffer, so that the payload is aligned.
    const start = -beforePayload & (PAYLOAD_ALIGNMENT - 1);
    const end = start + beforePayload + slice.nBytes + afterPayload;
    const buffer = this.#pool.take(end);

    let at = start + this.#filePath.copy(buffer, start);
    at = writeVarint(buffer, at, TAG_ARRAY_BYTES);
    at = writeVarint(buffer, at, slice.nBytes);
    slice.copyInto(buffer, at);
    at += slice.nBytes;
    at += this.#dtype.copy(buffer, at);
    at = writeShapeAndTimes(buffer, at, this.#nRows, slice);
    this.#tail.copy(buffer, at);
    return { bytes: buffer.subarray(start, end), buffer };
  }
}

/** The message that ends a failed stream: only the path and the error's text. */
export function encodeErrorChunk(filePath: string, errorMessage: string): Buffer {
  return Buffer.concat([
    textField(TAG_FILE_PATH, filePath),
    textField(TAG_ERROR_MESSAGE, errorMessage),
  ]);
}

function shapeLength(nRows: number, nSamples: number): number {
  return varintLength(nRows) + varintLength(nSamples);
}

function shapeAndTimesLength(nRows: number, slice: SignalSlice): number {
  const shape = shapeLength(nRows, slice.nSamples);
  return (
    varintLength(TAG_SHAPE) +
    varintLength(shape) +
    shape +
    varintLength(TAG_START_UUTC) +
    varintLength(slice.startUutc) +
    varintLength(TAG_END_UUTC) +
    varintLength(slice.endUutc)
  );
}

function writeShapeAndTimes(
  buffer: Buffer,
  offset: number,
  nRows: number,
  slice: SignalSlice,
): number {
  let at = writeVarint(buffer, offset, TAG_SHAPE);
  at = writeVarint(buffer, at, shapeLength(nRows, slice.nSamples));
  at = writeVarint(buffer, at, nRows);
  at = writeVarint(buffer, at, slice.nSamples);
  at = writeVarint(buffer, at, TAG_START_UUTC);
  at = writeVarint(buffer, at, slice.startUutc);
  at = writeVarint(buffer, at, TAG_END_UUTC);
  return writeVarint(buffer, at, slice.endUutc);
}

function textField(tag: number, text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  const field = Buffer.alloc(varintLength(tag) + varintLength(bytes.length) + bytes.length);
  const at = writeVarint(field, writeVarint(field, 0, tag), bytes.length);
  bytes.copy(field, at);
  return field;
}

function doubleField(tag: number, value: number): Buffer {
  const field = Buffer.alloc(varintLength(tag) + 8);
  field.writeDoubleLE(value, writeVarint(field, 0, tag));
  return field;
}
