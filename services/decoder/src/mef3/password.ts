import { createHash, timingSafeEqual } from "node:crypto";
import { SignalError } from "@mef3-cluster/contracts/signal-error";

const KEY_BYTES = 16;
/** Writers keep to 15 characters; some readers use a 16th, so it is accepted on reading. */
const MAX_WRITTEN_CHARACTERS = 15;
const MAX_READ_CHARACTERS = 16;

/** How a character becomes a byte. The same for ASCII, different for everything else. */
export type PasswordForm =
  /** Last byte of the character's UTF-8 form: the specification. */
  | "utf8"
  /** Low 8 bits of its code point: what meflib and pymef do. */
  | "code-point";

/** AES-128 keys of the levels a password opens; the keys are the password bytes themselves. */
export interface AccessKeys {
  readonly level1?: Uint8Array;
  readonly level2?: Uint8Array;
}

/** The two fields of a universal header that passwords are checked against. */
export interface ValidationFields {
  readonly level1: Uint8Array;
  readonly level2: Uint8Array;
}

/** The 16 bytes of a password, zero-filled; longer ones are cut. */
export function passwordBytes(password: string, form: PasswordForm): Uint8Array {
  const bytes = Buffer.alloc(KEY_BYTES);
  Array.from(password)
    .slice(0, KEY_BYTES)
    .forEach((character, i) => {
      bytes[i] =
        form === "utf8"
          ? (Buffer.from(character, "utf8").at(-1) ?? 0)
          : (character.codePointAt(0) ?? 0) & 0xff;
    });
  return bytes;
}

/** First 16 bytes of SHA-256 over 16 password bytes. */
export function validationDigest(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest().subarray(0, KEY_BYTES);
}

/**
 * Keys and validation fields for writing a session; without passwords no keys
 * and fields of zeros.
 *
 * @throws SignalError INVALID_ARGUMENT if a password is not 1 to 15 ASCII
 *   characters, or there is a level-2 password without a level-1 one
 * @see docs/mef3-format.md, section 5
 */
export function accessForWriting(
  password1?: string,
  password2?: string,
): { readonly keys: AccessKeys; readonly validation: ValidationFields } {
  const none = Buffer.alloc(KEY_BYTES);
  if (password1 === undefined) {
    if (password2 === undefined) return { keys: {}, validation: { level1: none, level2: none } };
    throw new SignalError("INVALID_ARGUMENT", "a level-2 password needs a level-1 password");
  }
  const level1 = writtenBytes(password1);
  const validation1 = validationDigest(level1);
  if (password2 === undefined) {
    return { keys: { level1 }, validation: { level1: validation1, level2: none } };
  }
  const level2 = writtenBytes(password2);
  const validation = { level1: validation1, level2: exclusiveOr(validationDigest(level2), level1) };
  return { keys: { level1, level2 }, validation };
}

/**
 * The keys that the given passwords open; a level-2 password wins over a level-1
 * one, else the first that opens anything does. Empty if none does, which is
 * also the answer for a session that has no password.
 *
 * Each password is tried in its UTF-8 form, then, if it is not pure ASCII, in
 * its code-point form. One that no writer can have used (empty, or longer than
 * 16 characters) opens nothing.
 *
 * @see docs/mef3-format.md, section 5.2
 */
export function deriveAccessKeys(
  level1Validation: Uint8Array,
  level2Validation: Uint8Array,
  passwords: readonly string[],
): AccessKeys {
  if (isZero(level1Validation)) return {};
  let keys: AccessKeys = {};
  for (const bytes of passwords.flatMap(readForms)) {
    const digest = validationDigest(bytes);
    if (timingSafeEqual(digest, level1Validation)) {
      if (keys.level1 === undefined) keys = { level1: bytes };
    } else if (!isZero(level2Validation)) {
      const level1 = exclusiveOr(digest, level2Validation);
      if (timingSafeEqual(validationDigest(level1), level1Validation)) {
        return { level1, level2: bytes };
      }
    }
  }
  return keys;
}

function readForms(password: string): Uint8Array[] {
  const nCharacters = Array.from(password).length;
  if (nCharacters < 1 || nCharacters > MAX_READ_CHARACTERS) return [];
  const utf8 = passwordBytes(password, "utf8");
  return isAscii(password) ? [utf8] : [utf8, passwordBytes(password, "code-point")];
}

function writtenBytes(password: string): Uint8Array {
  if (password === "" || password.length > MAX_WRITTEN_CHARACTERS || !isAscii(password)) {
    const message = `a password has 1 to ${MAX_WRITTEN_CHARACTERS} ASCII characters`;
    throw new SignalError("INVALID_ARGUMENT", message);
  }
  return passwordBytes(password, "utf8");
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text, "utf8") === text.length;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function exclusiveOr(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] ?? 0));
}
