import { describe, expect, it } from "vitest";
import { ApiError } from "../../src/api/client";
import { SignIn, type SignInParts } from "../../src/store/signin";

const SECOND = { two_factor_required: true, methods: ["totp", "passkey"], pre_2fa_token: "between" };

function setUp(answers: Record<string, unknown>) {
  const sent: { path: string; body: unknown; headers: unknown }[] = [];
  let signedIn = 0;
  const parts: SignInParts = {
    send: async <T>(_: string, path: string, body?: unknown, headers: unknown = {}) => {
      sent.push({ path: path.replace("/api/auth/", ""), body, headers });
      const answer = answers[path.replace("/api/auth/", "")];
      if (answer instanceof Error) throw answer;
      return answer as T;
    },
    usePasskey: async (options) => ({ signed: options["challenge"] }),
    signedIn: async () => void (signedIn += 1),
  };
  return { signIn: new SignIn(parts), sent, signedIn: () => signedIn };
}

const BETWEEN = { authorization: "Bearer between" };

describe("SignIn", () => {
  it("is done by a password where that does", async () => {
    const { signIn, sent, signedIn } = setUp({ login: { access_token: null } });
    await signIn.password("ada@example.org", "secret");
    expect(signedIn()).toBe(1);
    expect(sent[0]?.body).toEqual({ email: "ada@example.org", password: "secret", transport: "cookie" });
    expect(signIn.step.value).toEqual({ at: "password" });
  });

  it("asks for the second factor with the token of the first", async () => {
    const { signIn, sent, signedIn } = setUp({ login: SECOND });
    await signIn.password("ada@example.org", "secret");
    expect([signedIn(), signIn.step.value]).toEqual([0, { at: "second", methods: ["totp", "passkey"] }]);
    await signIn.code("123 456");
    expect(sent[1]).toEqual({ path: "verify-2fa", body: { code: "123456" }, headers: BETWEEN });
    expect(signedIn()).toBe(1);
  });

  it("takes a backup code in the place of a code", async () => {
    const { signIn, sent } = setUp({ login: SECOND });
    await signIn.password("ada@example.org", "secret");
    await signIn.backupCode(" abcde-fghij ");
    expect(sent[1]?.body).toEqual({ backup_code: "abcde-fghij" });
  });

  it("stays at the second step after a wrong code, and goes back when its time is over", async () => {
    const answers: Record<string, unknown> = { login: SECOND };
    const { signIn } = setUp(answers);
    await signIn.password("ada@example.org", "secret");
    answers["verify-2fa"] = new ApiError(401, "INVALID_CODE", "No.");
    await expect(signIn.code("000000")).rejects.toThrow("No.");
    expect(signIn.step.value.at).toBe("second");
    answers["verify-2fa"] = new ApiError(401, "UNAUTHENTICATED", "Expired.");
    await expect(signIn.code("000000")).rejects.toThrow("That took too long.");
    expect(signIn.step.value.at).toBe("password");
  });

  const begun = { ceremony_id: "7", options: { challenge: "c" } };
  const signed = { ceremony_id: "7", credential: { signed: "c" } };

  it("takes a passkey alone", async () => {
    const { signIn, sent, signedIn } = setUp({ "biometric/verify/begin": begun });
    await signIn.passkey();
    const body = { ...signed, transport: "cookie" };
    expect(sent.at(-1)).toEqual({ path: "biometric/verify/finish", body, headers: {} });
    expect(signedIn()).toBe(1);
  });

  it("takes a passkey as the second factor", async () => {
    const { signIn, sent, signedIn } = setUp({ login: SECOND, "verify-2fa/passkey/begin": begun });
    await signIn.password("ada@example.org", "secret");
    await signIn.passkey();
    expect(sent.at(-1)).toEqual({ path: "verify-2fa/passkey/finish", body: signed, headers: BETWEEN });
    expect(signedIn()).toBe(1);
  });
});
