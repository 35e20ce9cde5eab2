import { expect, it } from "vitest";
import { cookieOf } from "../../src/lib/cookies";

it.each([
  ["tradewind_csrf=abc", "abc"],
  ["other=1; __Host-tradewind_csrf=a%3D", "a="],
  ["__Secure-tradewind_csrf=x=y; tradewind_csrf=old", "x=y"],
  ["", null],
  ["my_tradewind_csrf=abc", null],
  ["tradewind_csrf=", null],
])("finds the token in %j: %s", (cookies, value) => {
  expect(cookieOf(cookies, "tradewind_csrf")).toBe(value);
});
