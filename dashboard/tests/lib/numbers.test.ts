import { describe, expect, it } from "vitest";
import {
  directionOf,
  formatPercent,
  formatPrice,
  formatSigned,
  formatVolume,
  spreadOf,
} from "../../src/lib/numbers";

describe("formatPrice", () => {
  it("shows as many decimals as the instrument has, and thousands", () => {
    expect(formatPrice(67123.4, 2)).toBe("67,123.40");
    expect(formatPrice(0.0000201123, 10)).toBe("0.0000201123");
    expect(formatPrice(1765, 0)).toBe("1,765");
  });

  it("shows a dash where there is no number", () => {
    expect(formatPrice(null, 2)).toBe("–");
    expect(formatPrice(undefined, 2)).toBe("–");
    expect(formatPrice(Number.NaN, 2)).toBe("–");
  });
});

describe("signed numbers", () => {
  it("always have their sign, with a true minus, and none at zero", () => {
    expect(formatSigned(0.00123, 5)).toBe("+0.00123");
    expect(formatSigned(-12, 2)).toBe("−12.00");
    expect(formatSigned(-0.001, 2)).toBe("0.00");
    expect(formatPercent(-0.8123)).toBe("−0.81\u202f%");
    expect(formatPercent(null)).toBe("–");
  });

  it("point where their rounded value points", () => {
    expect(directionOf(0.004, 2)).toBe(0);
    expect(directionOf(0.005001, 2)).toBe(1);
    expect(directionOf(-1, 2)).toBe(-1);
    expect(directionOf(null, 2)).toBe(0);
  });
});

describe("formatVolume", () => {
  it("keeps four figures", () => {
    expect(formatVolume(1234567)).toBe("1.235M");
    expect(formatVolume(0.012345)).toBe("0.01235");
    expect(formatVolume(null)).toBe("–");
  });
});

describe("spreadOf", () => {
  it("is ask less bid, and nothing without both", () => {
    expect(spreadOf(1.5, 1.75)).toBe(0.25);
    expect(spreadOf(null, 1.75)).toBeNull();
    expect(spreadOf(1.5, undefined)).toBeNull();
  });
});
