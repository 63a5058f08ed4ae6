import { Readiness } from "./readiness";

describe("Readiness", () => {
  it("goes from starting to ready to draining", () => {
    const readiness = new Readiness();
    expect(readiness.phase).toBe("starting");
    readiness.markReady();
    expect(readiness.phase).toBe("ready");
    readiness.markDraining();
    expect(readiness.phase).toBe("draining");
  });

  it("never comes back from draining", () => {
    const readiness = new Readiness();
    readiness.markDraining();
    readiness.markReady();
    expect(readiness.phase).toBe("draining");
  });
});
