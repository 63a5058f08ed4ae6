import { createCipheriv, createDecipheriv } from "node:crypto";

/**
 * Encrypts whole 16-byte blocks with AES-128 in ECB mode and no padding, in place.
 *
 * @see docs/mef3-format.md, section 5.3
 */
export function encryptBlocks(plain: Uint8Array, key: Uint8Array): void {
  const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  plain.set(cipher.update(plain));
}

/** AES-128-ECB without padding: how MEF encrypts whole 16-byte blocks. */
export function decryptBlocks(ciphertext: Uint8Array, key: Uint8Array): Uint8Array {
  const decipher = createDecipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}
