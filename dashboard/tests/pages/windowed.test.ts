import { describe, expect, it } from "vitest";
import { scrollToShow, topsOf, windowOf } from "../../src/pages/markets/windowed";

const ROW_PX = 32;
const TOPS = topsOf(Array.from({ length: 200 }, () => ROW_PX));

describe("windowOf", () => {
  it("draws a whole short list", () => {
    expect(windowOf(topsOf([36, 32, 32]), 0, 800)).toEqual({
      first: 0,
      end: 3,
      paddingTopPx: 0,
      paddingBottomPx: 0,
    });
  });

  it("draws what is in sight and a little more, and holds the place of the rest", () => {
    const { first, end, paddingTopPx, paddingBottomPx } = windowOf(TOPS, 3200, 640);
    expect(first).toBe(90);
    expect(end).toBe(130);
    expect(paddingTopPx + (end - first) * ROW_PX + paddingBottomPx).toBe(200 * ROW_PX);
  });

  it("stays within a list that has become shorter than the scroll", () => {
    expect(windowOf(topsOf([32, 32]), 5000, 640)).toMatchObject({ first: 2, end: 2, paddingTopPx: 64 });
    expect(windowOf(topsOf([]), 0, 640)).toMatchObject({ first: 0, end: 0, paddingTopPx: 0 });
  });
});

describe("scrollToShow", () => {
  it("scrolls no further than it must", () => {
    expect(scrollToShow(TOPS, 5, 0, 640, 32)).toBeNull();
    expect(scrollToShow(TOPS, 2, 3200, 640, 32)).toBe(64);
    expect(scrollToShow(TOPS, 30, 0, 640, 32)).toBe(31 * ROW_PX - (640 - 32));
  });
});
