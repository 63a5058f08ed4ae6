import { redactSecrets } from "./redact-secrets";

describe("redactSecrets", () => {
  it.each<[string, unknown, unknown]>([
    ["at the top", { password: "x", n: 1 }, { password: "[redacted]", n: 1 }],
    ["in any case", { Authorization: "x" }, { Authorization: "[redacted]" }],
    [
      "far down",
      { a: { b: { c: { d: { token: "x" } } } } },
      { a: { b: { c: { d: { token: "[redacted]" } } } } },
    ],
    ["in a list", { calls: [1, { secret: "x" }] }, { calls: [1, { secret: "[redacted]" }] }],
    ["that is an object", { cookie: { a: "x" } }, { cookie: "[redacted]" }],
  ])("hides a secret %s", (_where, value, expected) => {
    expect(redactSecrets(value)).toEqual(expected);
  });

  it("changes nothing of what it is given", () => {
    const value = { inner: { password: "x" } };
    redactSecrets(value);
    expect(value).toEqual({ inner: { password: "x" } });
  });

  it("returns what holds no secret as it is", () => {
    const value = { n: 1, inner: { list: [1, 2] }, when: new Date(0), error: new Error("x") };
    expect(redactSecrets(value)).toBe(value);
  });

  it("ends on a cycle without telling what lies beyond", () => {
    const value: Record<string, unknown> = { token: "x" };
    value["self"] = value;
    expect(JSON.stringify(redactSecrets(value))).not.toContain('"x"');
  });
});
