import { createCipheriv } from "node:crypto";
import {
  accessForWriting,
  deriveAccessKeys,
  passwordBytes,
  type PasswordForm,
  validationDigest,
} from "./password";

const NONE = new Uint8Array(16);

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString("hex");
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text, "hex");
}

describe("passwordBytes and validationDigest", () => {
  it.each<[string, PasswordForm, string, string]>([
    ["pass1", "utf8", "70617373310000000000000000000000", "aadfc167f7cf7b53c13df4871730af3b"],
    ["pass2", "utf8", "70617373320000000000000000000000", "a6e6ec89d200c161dffa84d3c88f2a76"],
    ["é1", "utf8", "a9310000000000000000000000000000", "5a5a33c0aecd881fe6b5ac6cc997ab6f"],
    ["é1", "code-point", "e9310000000000000000000000000000", "7bef89430285ce221d0cb8375a5553c3"],
  ])("gives the bytes and digest of %s in %s form", (password, form, expected, digest) => {
    expect(hex(passwordBytes(password, form))).toBe(expected);
    expect(hex(validationDigest(passwordBytes(password, form)))).toBe(digest);
  });

  it("takes a character beyond 16 bits as one", () => {
    expect(hex(passwordBytes("😀a", "utf8"))?.slice(0, 6)).toBe("806100");
    expect(hex(passwordBytes("😀a", "code-point"))?.slice(0, 6)).toBe("006100");
  });
});

describe("accessForWriting", () => {
  it("derives both validation fields", () => {
    const { keys, validation } = accessForWriting("pass1", "pass2");
    expect(hex(validation.level1)).toBe("aadfc167f7cf7b53c13df4871730af3b");
    expect(hex(validation.level2)).toBe("d6879ffae300c161dffa84d3c88f2a76");
    expect(keys).toEqual({
      level1: passwordBytes("pass1", "utf8"),
      level2: passwordBytes("pass2", "utf8"),
    });
  });

  it("gives keys that AES-128 takes as they are", () => {
    const { keys } = accessForWriting("pass1");
    const cipher = createCipheriv("aes-128-ecb", keys.level1!, null);
    expect(hex(cipher.update(NONE))).toBe("369195d0e88711eb8ed32220363303cb");
  });

  it("leaves the fields zero without passwords", () => {
    const { keys, validation } = accessForWriting();
    expect(keys).toEqual({});
    expect([hex(validation.level1), hex(validation.level2)]).toEqual([hex(NONE), hex(NONE)]);
  });

  it.each([
    ["an empty password", "", undefined],
    ["16 characters", "0123456789abcdef", undefined],
    ["a character beyond ASCII", "é1", undefined],
    ["a level-2 password alone", undefined, "pass2"],
  ])("refuses %s", (_name, password1, password2) => {
    expect(() => accessForWriting(password1, password2)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }) as Error,
    );
  });
});

describe("deriveAccessKeys", () => {
  const { validation } = accessForWriting("pass1", "pass2");
  const level1 = passwordBytes("pass1", "utf8");
  const level2 = passwordBytes("pass2", "utf8");

  it.each([
    ["the level-1 password", ["pass1"], { level1 }],
    ["the level-2 password", ["pass2"], { level1, level2 }],
    ["both, whatever their order", ["pass1", "wrong", "pass2"], { level1, level2 }],
    ["a wrong one", ["pass3"], {}],
    ["a prefix", ["pass"], {}],
    ["none", [], {}],
    ["an empty and a very long one", ["", "pass1".repeat(10)], {}],
  ])("opens with %s what it opens", (_name, passwords, expected) => {
    const keys = deriveAccessKeys(validation.level1, validation.level2, passwords);
    expect([hex(keys.level1), hex(keys.level2)]).toEqual([
      hex("level1" in expected ? expected.level1 : undefined),
      hex("level2" in expected ? expected.level2 : undefined),
    ]);
  });

  it("opens nothing at level 2 when the session has a level-1 password only", () => {
    const only = accessForWriting("pass1").validation;
    expect(deriveAccessKeys(only.level1, only.level2, ["pass2"])).toEqual({});
  });

  it("has no keys for a session without passwords", () => {
    expect(deriveAccessKeys(NONE, NONE, ["pass1"])).toEqual({});
  });

  it.each([
    ["UTF-8", "5a5a33c0aecd881fe6b5ac6cc997ab6f", "a931"],
    ["code-point", "7bef89430285ce221d0cb8375a5553c3", "e931"],
  ])("tries the %s form of a password beyond ASCII", (_form, digest, start) => {
    const keys = deriveAccessKeys(bytes(digest), NONE, ["é1"]);
    expect(hex(keys.level1)).toBe(start.padEnd(32, "0"));
  });

  it("accepts 16 characters, which some writers use whole", () => {
    const long = passwordBytes("0123456789abcdef", "utf8");
    const keys = deriveAccessKeys(validationDigest(long), NONE, ["0123456789abcdef"]);
    expect(hex(keys.level1)).toBe(hex(long));
  });
});
