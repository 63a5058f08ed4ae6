import { startSweeper } from "./tile-cache-sweeper";

describe("startSweeper", () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it("sweeps once a period until it is stopped", () => {
    let sweeps = 0;
    const stop = startSweeper({ sweep: () => (sweeps += 1) }, 1000);
    jest.advanceTimersByTime(3500);
    expect(sweeps).toBe(3);
    stop();
    jest.advanceTimersByTime(10000);
    expect(sweeps).toBe(3);
    expect(jest.getTimerCount()).toBe(0);
  });
});
