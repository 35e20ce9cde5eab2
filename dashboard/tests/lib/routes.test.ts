import { describe, expect, it } from "vitest";
import { DOORS, instrumentPath, routeOf } from "../../src/lib/routes";

describe("routeOf", () => {
  it("knows the markets by both addresses", () => {
    expect(routeOf("/")).toEqual({ page: "markets" });
    expect(routeOf("/markets")).toEqual({ page: "markets" });
  });

  it("reads the symbol out of an instrument's address", () => {
    expect(routeOf("/instruments/BTC-USDT")).toEqual({ page: "instrument", symbol: "BTC-USDT" });
    expect(routeOf(instrumentPath("A/B"))).toEqual({ page: "instrument", symbol: "A/B" });
  });

  it("knows the account and every door", () => {
    expect(routeOf("/account")).toEqual({ page: "account" });
    expect(DOORS.map((door) => routeOf(`/${door}`))).toEqual(DOORS.map((door) => ({ page: "door", door })));
  });

  it("says when it knows no such page", () => {
    expect(routeOf("/instruments/")).toEqual({ page: "unknown" });
    expect(routeOf("/instruments/%E0%A4%A")).toEqual({ page: "unknown" });
    expect(routeOf("/wallet")).toEqual({ page: "unknown" });
  });
});
