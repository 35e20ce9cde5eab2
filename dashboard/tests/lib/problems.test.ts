import { describe, expect, it } from "vitest";
import { ApiError } from "../../src/api/client";
import { problemOf, waitInWords } from "../../src/lib/problems";

describe("problemOf", () => {
  it("says what is known in words of its own", () => {
    const problem = problemOf(new ApiError(401, "INVALID_CREDENTIALS", "no"), 0);
    expect(problem.message).toBe("The e-mail address or the password is not right.");
  });

  it("says what is not known as the server says it", () => {
    expect(problemOf(new ApiError(418, "TEAPOT", "Short and stout."), 0).message).toBe("Short and stout.");
  });

  it("names every field that is not acceptable, without the validator's mark", () => {
    const fields = [
      { field: "name", message: "Value error, it is empty" },
      { field: "phone", message: "it is too long" },
    ];
    const problem = problemOf(new ApiError(422, "VALIDATION_ERROR", "no", { fields }), 0);
    expect(problem.fields).toEqual({ name: "It is empty", phone: "It is too long" });
  });

  it("takes what is no answer at all by its own words", () => {
    expect(problemOf(new Error("The passkey was left."), 0).message).toBe("The passkey was left.");
  });
});

describe("waitInWords", () => {
  it.each([
    [0, ""],
    [1, "Try again in 1 s"],
    [59_001, "Try again in 60 s"],
    [14.2 * 60_000, "Try again in 15 min"],
  ])("%d ms: %s", (ms, text) => {
    expect(waitInWords(ms)).toBe(text);
  });
});
