import { describe, expect, it } from "vitest";
import { splitChanged } from "../../src/lib/digits";

describe("splitChanged", () => {
  it("flashes from the first digit that differs", () => {
    expect(splitChanged("1.08452", "1.08461")).toEqual(["1.084", "61"]);
  });

  it("flashes nothing of a first price and of an equal one", () => {
    expect(splitChanged("", "1.08452")).toEqual(["1.08452", ""]);
    expect(splitChanged("1.08452", "1.08452")).toEqual(["1.08452", ""]);
  });

  it("flashes everything where a digit was won or lost", () => {
    expect(splitChanged("999.98", "1,000.02")).toEqual(["", "1,000.02"]);
  });
});
