import { MessageBufferPool } from "./message-buffer-pool";

describe("MessageBufferPool", () => {
  it("hands a buffer that was given back to the next message it fits", () => {
    const pool = new MessageBufferPool(10e6);
    const buffer = pool.take(100_000);
    pool.giveBack(buffer);
    expect(pool.take(120_000)).toBe(buffer);
  });

  it("never hands out one buffer twice at a time", () => {
    const pool = new MessageBufferPool(10e6);
    pool.giveBack(pool.take(1000));
    expect(pool.take(1000)).not.toBe(pool.take(1000));
  });

  it.each([1, 64 * 1024, 64 * 1024 + 1, 2.5 * 1024 * 1024 + 300])(
    "takes at least %d bytes, aligned for float64",
    (nBytes) => {
      const buffer = new MessageBufferPool(0).take(nBytes);
      expect(buffer.length).toBeGreaterThanOrEqual(nBytes);
      expect(buffer.byteOffset % 8).toBe(0);
    },
  );

  it("keeps no more bytes than allowed", () => {
    const pool = new MessageBufferPool(200 * 1024);
    const buffers = Array.from({ length: 5 }, () => pool.take(1000));
    for (const buffer of buffers) pool.giveBack(buffer);
    expect(pool.idleBytes).toBe(3 * 64 * 1024);
  });

  it("refuses a buffer that was given back before", () => {
    const pool = new MessageBufferPool(10e6);
    const buffer = pool.take(1000);
    pool.giveBack(buffer);
    expect(() => {
      pool.giveBack(buffer);
    }).toThrow(expect.objectContaining({ code: "INTERNAL" }) as Error);
  });
});
