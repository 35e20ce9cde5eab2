import { describe, expect, it } from "vitest";
import { keptPreferences, toggled } from "../../src/store/preferences";

class FakeStorage {
  readonly kept = new Map<string, string>();

  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.kept.set(key, value);
  }
}

describe("keptPreferences", () => {
  it("begins with the defaults and writes nothing unasked", () => {
    const storage = new FakeStorage();
    const { theme, interval, favourites, sort } = keptPreferences(storage);
    expect([theme.value, interval.value, favourites.value, sort.value]).toEqual(["system", "1m", [], null]);
    expect(storage.kept.size).toBe(0);
  });

  it("keeps a choice for the next visit", () => {
    const storage = new FakeStorage();
    const first = keptPreferences(storage);
    first.interval.value = "15m";
    first.favourites.value = ["BTC-USDT"];
    first.sort.value = { key: "change_percent", descending: true };
    const second = keptPreferences(storage);
    expect(second.interval.value).toBe("15m");
    expect(second.favourites.value).toEqual(["BTC-USDT"]);
    expect(second.sort.value).toEqual({ key: "change_percent", descending: true });
  });

  it.each(["not json", '"2m"', "7", "null"])("ignores a kept interval that is none: %s", (kept) => {
    const storage = new FakeStorage();
    storage.setItem("tradewind.interval", kept);
    expect(keptPreferences(storage).interval.value).toBe("1m");
  });

  it("works where storage is forbidden", () => {
    const refuse = (): never => {
      throw new Error("denied");
    };
    const { theme } = keptPreferences({ getItem: refuse, setItem: refuse });
    theme.value = "dark";
    expect(theme.value).toBe("dark");
  });
});

describe("toggled", () => {
  it("adds what is missing and takes what is there", () => {
    expect(toggled(["a"], "b")).toEqual(["a", "b"]);
    expect(toggled(["a", "b"], "a")).toEqual(["b"]);
  });
});
