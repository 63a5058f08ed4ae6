import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "../native";
import { UNIVERSAL_HEADER_BYTES } from "./universal-header-writer";

/** Chosen: small against a block of a high-rate channel, large against a system call. */
const BUFFER_BYTES = 1 << 18;

/**
 * A file whose body is appended piece by piece and whose universal header comes
 * last, because it holds the body's CRC and totals. Holds a small buffer of the
 * body, never all of it.
 */
export class BodyFile {
  private readonly buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  private buffered = 0;
  private written = UNIVERSAL_HEADER_BYTES;
  private crc = crc32(new Uint8Array(0));

  private constructor(private readonly handle: FileHandle) {}

  /**
   * Creates a file for as long as `use` runs.
   *
   * @throws Error of the file system, also if the file exists
   */
  static async with<T>(path: string, use: (file: BodyFile) => Promise<T>): Promise<T> {
    const handle = await open(path, "wx");
    try {
      return await use(new BodyFile(handle));
    } finally {
      await handle.close();
    }
  }

  /** Where the next appended byte will be, from the start of the file. */
  get position(): number {
    return this.written + this.buffered;
  }

  /** CRC of what was appended so far. */
  get bodyCrc(): number {
    return this.crc;
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.crc = crc32(bytes, this.crc);
    if (this.buffered + bytes.byteLength > BUFFER_BYTES) await this.flush();
    if (bytes.byteLength > BUFFER_BYTES) {
      await this.writeAt(bytes, this.written);
      this.written += bytes.byteLength;
    } else {
      this.buffer.set(bytes, this.buffered);
      this.buffered += bytes.byteLength;
    }
  }

  async finish(header: Uint8Array): Promise<void> {
    await this.flush();
    await this.writeAt(header, 0);
  }

  private async flush(): Promise<void> {
    await this.writeAt(this.buffer.subarray(0, this.buffered), this.written);
    this.written += this.buffered;
    this.buffered = 0;
  }

  private async writeAt(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.byteLength;) {
      const rest = bytes.subarray(done);
      const { bytesWritten } = await this.handle.write(rest, 0, rest.byteLength, position + done);
      done += bytesWritten;
    }
  }
}
