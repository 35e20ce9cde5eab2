import { expect, it } from "vitest";
import { mailToken, takeMailToken } from "../../src/store/mailtoken";

it("takes the token out of the address, and leaves other addresses alone", () => {
  const replaced: unknown[] = [];
  const history = { replaceState: (_: unknown, __: string, url?: string | URL | null) => void replaced.push(url) };
  takeMailToken({ hash: "", pathname: "/verify" }, history);
  takeMailToken({ hash: "#main", pathname: "/" }, history);
  expect([mailToken.value, replaced]).toEqual([null, []]);
  takeMailToken({ hash: "#token=twm_a-_b", pathname: "/verify" }, history);
  expect([mailToken.value, replaced]).toEqual(["twm_a-_b", ["/verify"]]);
});
