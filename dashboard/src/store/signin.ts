/**
 * The way in: a password, then a second factor where the account has one; or a passkey alone.
 *
 * The token between the two steps is held here and nowhere else, and lives as long as the page does.
 */

import { signal, type ReadonlySignal } from "@preact/signals";
import { ApiError, type Method } from "../api/client";
import type { Ceremony, Factor, JsonObject, SecondFactorNeeded } from "../api/types";

export type Step = { at: "password" } | { at: "second"; methods: readonly Factor[] };

export interface SignInParts {
  send<T>(method: Method, path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
  /** Signs with a passkey by the server's options. */
  usePasskey(options: JsonObject): Promise<JsonObject>;
  /** The cookies are set. */
  signedIn(): Promise<void>;
}

const TRANSPORT = { transport: "cookie" };

export class SignIn {
  private readonly at = signal<Step>({ at: "password" });
  private token = "";

  constructor(private readonly parts: SignInParts) {}

  get step(): ReadonlySignal<Step> {
    return this.at;
  }

  async password(email: string, password: string): Promise<void> {
    const answer = await this.parts.send<SecondFactorNeeded | { two_factor_required?: false }>(
      "POST",
      "/api/auth/login",
      { email, password, ...TRANSPORT },
    );
    if (!answer.two_factor_required) return this.done();
    this.token = answer.pre_2fa_token;
    this.at.value = { at: "second", methods: answer.methods };
  }

  async code(code: string): Promise<void> {
    await this.second({ code: code.replace(/\s/g, "") });
  }

  async backupCode(code: string): Promise<void> {
    await this.second({ backup_code: code.trim() });
  }

  /** A passkey, as the second factor where the password was given, and alone where it was not. */
  async passkey(): Promise<void> {
    await this.orBeginAgain(async () => {
      const headers = this.headers();
      const path = this.token ? "/api/auth/verify-2fa/passkey" : "/api/auth/biometric/verify";
      const begun = await this.parts.send<Ceremony>("POST", `${path}/begin`, {}, headers);
      const credential = await this.parts.usePasskey(begun.options);
      const body = { ceremony_id: begun.ceremony_id, credential };
      await this.parts.send("POST", `${path}/finish`, this.token ? body : { ...body, ...TRANSPORT }, headers);
    });
    await this.done();
  }

  beginAgain(): void {
    this.token = "";
    this.at.value = { at: "password" };
  }

  private async second(body: JsonObject): Promise<void> {
    await this.orBeginAgain(() => this.parts.send("POST", "/api/auth/verify-2fa", body, this.headers()));
    await this.done();
  }

  private async done(): Promise<void> {
    await this.parts.signedIn();
    this.beginAgain();
  }

  /** The time for the second step is short: when it is over the password is asked for again. */
  private async orBeginAgain(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "UNAUTHENTICATED" || !this.token) throw error;
      this.beginAgain();
      throw new Error("That took too long. Give your password again.");
    }
  }

  private headers(): Record<string, string> {
    return this.token ? { authorization: `Bearer ${this.token}` } : {};
  }
}
