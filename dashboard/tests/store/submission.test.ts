import { describe, expect, it } from "vitest";
import { ApiError } from "../../src/api/client";
import { DismissedError } from "../../src/store/session";
import { Submission } from "../../src/store/submission";

const refuse = (error: unknown) => () => Promise.reject(error);

describe("Submission", () => {
  it("is busy until it is done, and runs once at a time", async () => {
    const submission = new Submission();
    let finish = (): void => undefined;
    const first = submission.run(() => new Promise<void>((resolve) => (finish = resolve)));
    expect(submission.busy.value).toBe(true);
    expect(await submission.run(() => Promise.resolve())).toBe(false);
    finish();
    expect(await first).toBe(true);
    expect(submission.busy.value).toBe(false);
  });

  it("tells a fault at its field", async () => {
    const submission = new Submission();
    const fields = [{ field: "email", message: "value is not an address" }];
    await submission.run(refuse(new ApiError(422, "VALIDATION_ERROR", "No.", { fields })));
    expect(submission.problem.value).toEqual({
      message: "",
      fields: { email: "Value is not an address" },
      untilMs: null,
    });
  });

  it("tells a code at the field that the form names for it", async () => {
    const submission = new Submission({ WEAK_PASSWORD: ["password"] });
    await submission.run(refuse(new ApiError(422, "WEAK_PASSWORD", "It is too common.")));
    expect(submission.problem.value?.fields).toEqual({ password: "It is too common." });
  });

  it("waits as long as the server says before it sends again", async () => {
    let nowMs = 0;
    let sent = 0;
    const submission = new Submission({}, () => nowMs);
    await submission.run(refuse(new ApiError(429, "TOO_MANY_ATTEMPTS", "No.", {}, 60)));
    expect(submission.problem.value?.untilMs).toBe(60_000);
    const again = () => submission.run(async () => void (sent += 1));
    expect(await again()).toBe(false);
    nowMs = 60_000;
    expect(await again()).toBe(true);
    expect([sent, submission.problem.value]).toEqual([1, null]);
  });

  it("finds nothing wrong with an act that the person left", async () => {
    const submission = new Submission();
    expect(await submission.run(refuse(new DismissedError()))).toBe(false);
    expect(submission.problem.value).toBeNull();
  });
});
