import { SignalError } from "@mef3-cluster/contracts/signal-error";

/**
 * Writes a fixed string field: UTF-8, NUL-terminated, zero-filled. The
 * specification allows a quarter of the field's bytes as characters, less one.
 *
 * @throws SignalError INVALID_ARGUMENT if the text is longer or holds a NUL
 */
export function writeText(target: Buffer, offset: number, fieldBytes: number, text: string): void {
  const capacity = fieldBytes / 4 - 1;
  if (Array.from(text).length > capacity || text.includes("\0")) {
    throw new SignalError(
      "INVALID_ARGUMENT",
      `"${text}" is not a text of up to ${capacity} characters`,
    );
  }
  target.fill(0, offset, offset + fieldBytes);
  target.write(text, offset, "utf8");
}
