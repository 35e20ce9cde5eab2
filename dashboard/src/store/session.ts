/**
 * Who is signed in, in all tabs alike, and requests in that person's name.
 *
 * The tokens are cookies that no script can read; this knows the person alone. A request that finds
 * the access token expired is repeated after one refresh, which the tabs share; one that needs fresh
 * proof of identity asks for it, waits, and is repeated.
 */

import { signal, type ReadonlySignal } from "@preact/signals";
import { ApiError, type Method } from "../api/client";
import type { Account } from "../api/types";

export type Who =
  | { status: "unknown" }
  | { status: "failed"; message: string }
  | { status: "out" }
  | { status: "in"; account: Account };

/** What one tab tells the others. */
export type Word = "signed-in" | "signed-out";

/** A question to the person that is open: prove it is you, or leave it. */
export interface Proof {
  proved(): void;
  dismissed(): void;
}

export interface SessionParts {
  send<T>(method: Method, path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
  /** The token that goes with writing requests; null where nobody is signed in. */
  csrf(): string | null;
  /** Forgets that token, which is of no use without its session. */
  dropCsrf(): void;
  now(): number;
  /** Runs `run` while no other tab runs its own. */
  exclusively(run: () => Promise<void>): Promise<void>;
  /** When any tab has refreshed last. */
  refreshedMs(): number;
  noteRefresh(nowMs: number): void;
  tell(word: Word): void;
  hear(listener: (word: Word) => void): void;
}

/** The person left a question unanswered, so the act was not done; nothing is wrong. */
export class DismissedError extends Error {
  override message = "The act was left.";
}

export class Session {
  private readonly state = signal<Who>({ status: "unknown" });
  private readonly asked = signal<Proof | null>(null);
  private proving: Promise<void> | undefined;
  private refreshing: Promise<void> | undefined;

  constructor(private readonly parts: SessionParts) {}

  get who(): ReadonlySignal<Who> {
    return this.state;
  }

  /** The question that is open, if one is. */
  get proof(): ReadonlySignal<Proof | null> {
    return this.asked;
  }

  /** Finds out who is signed in, and follows the other tabs. */
  async start(): Promise<void> {
    this.parts.hear((word) => {
      if (word === "signed-out") this.leave();
      else void this.load();
    });
    await this.load();
  }

  /** Asks the server who this is. Without the cookie of a session it is nobody, unasked. */
  async load(): Promise<void> {
    if (this.parts.csrf() === null) {
      this.state.value = { status: "out" };
      return;
    }
    try {
      this.know(await this.ask<Account>("GET", "/api/auth/me"));
    } catch (error) {
      if (this.state.peek().status === "in" || isUnauthenticated(error)) return;
      this.state.value = { status: "failed", message: error instanceof Error ? error.message : "" };
    }
  }

  /** Takes in what an answer said of the person who is signed in. */
  know(account: Account): void {
    this.state.value = { status: "in", account };
  }

  /** After a login: the cookies are set, so the person can be asked for; the other tabs follow. */
  async signedIn(): Promise<void> {
    this.parts.noteRefresh(this.parts.now());
    this.know(await this.ask<Account>("GET", "/api/auth/me"));
    this.parts.tell("signed-in");
  }

  /** Ends this session, or all of the person's, and clears the state of all tabs. */
  async signOut(everywhere = false): Promise<void> {
    try {
      await this.ask("POST", "/api/auth/logout", everywhere ? { everywhere } : {});
    } catch (error) {
      if (!isUnauthenticated(error)) throw error;
    }
    this.forget();
  }

  /** Nobody is signed in any more, here and in the other tabs. */
  forget(): void {
    this.parts.dropCsrf();
    this.leave();
    this.parts.tell("signed-out");
  }

  /**
   * A request in the person's name. Throws ApiError, or DismissedError where it needed fresh proof
   * of identity and the person would not give it.
   */
  async ask<T>(method: Method, path: string, body?: unknown): Promise<T> {
    try {
      return await this.refreshed<T>(method, path, body);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "STEP_UP_REQUIRED") throw error;
      await this.prove();
      return this.refreshed<T>(method, path, body);
    }
  }

  private leave(): void {
    this.state.value = { status: "out" };
    this.asked.peek()?.dismissed();
  }

  private async refreshed<T>(method: Method, path: string, body?: unknown): Promise<T> {
    const sentMs = this.parts.now();
    try {
      return await this.sent<T>(method, path, body);
    } catch (error) {
      if (!isUnauthenticated(error)) throw error;
      await this.refresh(sentMs);
      return this.sent<T>(method, path, body);
    }
  }

  private sent<T>(method: Method, path: string, body?: unknown): Promise<T> {
    const csrf = this.parts.csrf();
    const headers = csrf !== null && method !== "GET" ? { "x-csrf-token": csrf } : {};
    return this.parts.send<T>(method, path, body, headers);
  }

  /** One refresh for all that wait, unless some tab has refreshed since `sentMs`. */
  private refresh(sentMs: number): Promise<void> {
    this.refreshing ??= this.parts
      .exclusively(() => this.refreshUnlessDone(sentMs))
      .finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  private async refreshUnlessDone(sentMs: number): Promise<void> {
    if (this.parts.refreshedMs() >= sentMs) return;
    try {
      await this.sent("POST", "/api/auth/refresh-token", {});
      this.parts.noteRefresh(this.parts.now());
    } catch (error) {
      if (error instanceof ApiError && [401, 403].includes(error.status)) this.forget();
      throw error;
    }
  }

  /** Opens the question, or joins the one that is open; settles when it is answered. */
  private prove(): Promise<void> {
    this.proving ??= new Promise<void>((resolve, reject) => {
      this.asked.value = { proved: resolve, dismissed: () => reject(new DismissedError()) };
    }).finally(() => {
      this.asked.value = null;
      this.proving = undefined;
    });
    return this.proving;
  }
}

function isUnauthenticated(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401 && error.code === "UNAUTHENTICATED";
}
