import { describe, expect, it } from "vitest";
import { ApiError, type Method } from "../../src/api/client";
import type { Account } from "../../src/api/types";
import { DismissedError, Session, type SessionParts, type Word } from "../../src/store/session";

const ADA = { id: "1", email: "ada@example.org", name: "Ada" } as Account;
const EXPIRED = new ApiError(401, "UNAUTHENTICATED", "Expired.");
const STEP_UP = new ApiError(403, "STEP_UP_REQUIRED", "Prove it is you.");

interface Sent {
  method: Method;
  path: string;
  body: unknown;
  headers: Record<string, string>;
}

/** A browser of one tab, or of several that share it: what they send is answered by the test. */
class FakeBrowser {
  cookie: string | null = "token";
  nowMs = 1000;
  keptMs = 0;
  readonly sent: Sent[] = [];
  private readonly answers = new Map<string, unknown[]>();
  private readonly listeners: { tab: number; listener: (word: Word) => void }[] = [];
  private lock = Promise.resolve();
  private tabs = 0;

  /** What `path` answers, call by call; the last one for ever. */
  answer(path: string, ...answers: unknown[]): this {
    this.answers.set(path, answers);
    return this;
  }

  tab(): Session {
    const tab = (this.tabs += 1);
    const parts: SessionParts = {
      send: async <T>(method: Method, path: string, body?: unknown, headers = {}) => {
        this.sent.push({ method, path, body, headers });
        this.nowMs += 1;
        const answers = this.answers.get(path) ?? [];
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        if (answer instanceof Error) throw answer;
        return answer as T;
      },
      csrf: () => this.cookie,
      dropCsrf: () => (this.cookie = null),
      now: () => this.nowMs,
      exclusively: (run) => (this.lock = this.lock.catch(() => undefined).then(run)),
      refreshedMs: () => this.keptMs,
      noteRefresh: (nowMs) => (this.keptMs = nowMs),
      tell: (word) => {
        for (const heard of this.listeners) if (heard.tab !== tab) heard.listener(word);
      },
      hear: (listener) => this.listeners.push({ tab, listener }),
    };
    return new Session(parts);
  }

  times(path: string): number {
    return this.sent.filter((one) => one.path === path).length;
  }
}

describe("Session", () => {
  it("is nobody's without a cookie, and asks nothing", async () => {
    const browser = new FakeBrowser();
    browser.cookie = null;
    const session = browser.tab();
    await session.start();
    expect(session.who.value).toEqual({ status: "out" });
    expect(browser.sent).toEqual([]);
  });

  it("knows the person whose cookie is there", async () => {
    const session = new FakeBrowser().answer("/api/auth/me", ADA).tab();
    await session.start();
    expect(session.who.value).toEqual({ status: "in", account: ADA });
  });

  it("says when it could not find out, and can be asked again", async () => {
    const browser = new FakeBrowser().answer("/api/auth/me", new ApiError(0, "unreachable", "Gone."), ADA);
    const session = browser.tab();
    await session.start();
    expect(session.who.value).toEqual({ status: "failed", message: "Gone." });
    await session.load();
    expect(session.who.value.status).toBe("in");
  });

  it("sends the CSRF token with what writes, and with nothing that reads", async () => {
    const browser = new FakeBrowser();
    const session = browser.tab();
    await session.ask("GET", "/a");
    await session.ask("DELETE", "/b");
    expect(browser.sent.map(({ headers }) => headers)).toEqual([{}, { "x-csrf-token": "token" }]);
  });
});

describe("a request with an expired token", () => {
  it("is repeated after a refresh", async () => {
    const browser = new FakeBrowser().answer("/a", EXPIRED, 7);
    expect(await browser.tab().ask("GET", "/a")).toBe(7);
    expect(browser.sent.map(({ path }) => path)).toEqual(["/a", "/api/auth/refresh-token", "/a"]);
  });

  it("shares one refresh with those beside it, in all tabs", async () => {
    const browser = new FakeBrowser().answer("/a", EXPIRED, EXPIRED, EXPIRED, 7);
    const [one, other] = [browser.tab(), browser.tab()];
    const answers = await Promise.all([one.ask("GET", "/a"), one.ask("GET", "/a"), other.ask("GET", "/a")]);
    expect(answers).toEqual([7, 7, 7]);
    expect(browser.times("/api/auth/refresh-token")).toBe(1);
  });

  it("signs all tabs out where the refresh is refused", async () => {
    const browser = new FakeBrowser().answer("/api/auth/me", ADA).answer("/a", EXPIRED);
    const [one, other] = [browser.tab(), browser.tab()];
    await Promise.all([one.start(), other.start()]);
    browser.answer("/api/auth/refresh-token", EXPIRED);
    await expect(one.ask("GET", "/a")).rejects.toBe(EXPIRED);
    expect([one.who.value.status, other.who.value.status]).toEqual(["out", "out"]);
    expect([browser.times("/a"), browser.cookie]).toEqual([1, null]);
  });

  it("leaves the person signed in where the server is not there to refresh", async () => {
    const browser = new FakeBrowser().answer("/api/auth/me", ADA).answer("/a", EXPIRED);
    const session = browser.tab();
    await session.start();
    browser.answer("/api/auth/refresh-token", new ApiError(0, "unreachable", "Gone."));
    await expect(session.ask("GET", "/a")).rejects.toThrow("Gone.");
    expect(session.who.value.status).toBe("in");
  });

  it("is not repeated for a refusal of another kind", async () => {
    const wrong = new ApiError(401, "INVALID_CREDENTIALS", "No.");
    const browser = new FakeBrowser().answer("/a", wrong);
    await expect(browser.tab().ask("POST", "/a", {})).rejects.toBe(wrong);
    expect(browser.times("/api/auth/refresh-token")).toBe(0);
  });
});

describe("a request that needs fresh proof", () => {
  it("waits for it and is repeated", async () => {
    const browser = new FakeBrowser().answer("/a", STEP_UP, 7);
    const session = browser.tab();
    const answer = session.ask("POST", "/a", { x: 1 });
    await expect.poll(() => session.proof.value).not.toBeNull();
    session.proof.value?.proved();
    expect(await answer).toBe(7);
    expect(browser.sent.map(({ body }) => body)).toEqual([{ x: 1 }, { x: 1 }]);
    expect(session.proof.value).toBeNull();
  });

  it("is left undone where the person leaves the question", async () => {
    const browser = new FakeBrowser().answer("/a", STEP_UP);
    const session = browser.tab();
    const answer = session.ask("POST", "/a");
    await expect.poll(() => session.proof.value).not.toBeNull();
    session.proof.value?.dismissed();
    await expect(answer).rejects.toBeInstanceOf(DismissedError);
    expect(browser.times("/a")).toBe(1);
    expect(session.proof.value).toBeNull();
  });

  it("is left undone where the person signs out in another tab", async () => {
    const browser = new FakeBrowser().answer("/a", STEP_UP);
    const [one, other] = [browser.tab(), browser.tab()];
    await Promise.all([one.start(), other.start()]);
    const answer = one.ask("POST", "/a");
    await expect.poll(() => one.proof.value).not.toBeNull();
    other.forget();
    await expect(answer).rejects.toBeInstanceOf(DismissedError);
  });

  it("asks once for two that need it at once", async () => {
    const browser = new FakeBrowser().answer("/a", STEP_UP, STEP_UP, 7);
    const session = browser.tab();
    const answers = Promise.all([session.ask("POST", "/a"), session.ask("POST", "/a")]);
    await expect.poll(() => browser.times("/a")).toBe(2);
    await expect.poll(() => session.proof.value).not.toBeNull();
    session.proof.value?.proved();
    expect(await answers).toEqual([7, 7]);
  });
});

describe("signing in and out", () => {
  it("is followed by the other tabs", async () => {
    const browser = new FakeBrowser().answer("/api/auth/me", ADA);
    browser.cookie = null;
    const [one, other] = [browser.tab(), browser.tab()];
    await Promise.all([one.start(), other.start()]);
    browser.cookie = "token";
    await one.signedIn();
    await expect.poll(() => other.who.value.status).toBe("in");
    await other.signOut();
    expect([one.who.value.status, other.who.value.status]).toEqual(["out", "out"]);
  });

  it("signs out also where the session has ended already", async () => {
    const browser = new FakeBrowser().answer("/api/auth/logout", EXPIRED).answer("/api/auth/refresh-token", EXPIRED);
    const session = browser.tab();
    await session.signOut();
    expect(session.who.value).toEqual({ status: "out" });
  });

  it("stays signed in, and says so, where the server was not reached", async () => {
    const browser = new FakeBrowser().answer("/api/auth/me", ADA);
    const session = browser.tab();
    await session.start();
    browser.answer("/api/auth/logout", new ApiError(0, "unreachable", "Gone."));
    await expect(session.signOut()).rejects.toThrow("Gone.");
    expect(session.who.value.status).toBe("in");
  });
});
