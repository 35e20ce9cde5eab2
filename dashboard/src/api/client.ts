/** Requests to the API: its envelope opened, its failures told in words. */

import type { ErrorDetails, Meta } from "./types";

const TIMEOUT_MS = 10_000;
/** What makes or checks a password waits its turn on a busy server. */
const SEND_TIMEOUT_MS = 30_000;

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

export interface Answer<T> {
  data: T;
  meta: Meta;
  /** Local clock, before and after: what the server's clock is measured against. */
  sentMs: number;
  receivedMs: number;
}

interface Envelope<T> {
  success: boolean;
  data?: T;
  meta?: Meta;
  error?: { code: string; message: string; details?: ErrorDetails };
}

/** A request that brought no data. `status` is 0 where no answer came at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: ErrorDetails = {},
    /** When to try again at the earliest, where the server said so. */
    readonly retryAfterS: number | null = null,
  ) {
    super(message);
  }
}

export type Query = Record<string, string | number | undefined>;

/** GETs `path` and opens the envelope; throws ApiError, or AbortError when `signal` says so. */
export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Answer<T>> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const sentMs = Date.now();
  const response = await request(
    path + queryString(query),
    { signal: signal ? AbortSignal.any([signal, timeout]) : timeout },
    signal,
  );
  const receivedMs = Date.now();
  const envelope = await opened<T>(response);
  return { data: envelope.data as T, meta: envelope.meta ?? { timestamp: "" }, sentMs, receivedMs };
}

/** Sends `body` as JSON and returns the data of the answer; throws ApiError. */
export async function send<T>(
  method: Method,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const init: RequestInit = { method, headers, signal: AbortSignal.timeout(SEND_TIMEOUT_MS), cache: "no-store" };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...headers, "content-type": "application/json" };
  }
  return (await opened<T>(await request(path, init))).data as T;
}

async function request(url: string, init: RequestInit, caller?: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { ...init, headers: { accept: "application/json", ...init.headers } });
  } catch (error) {
    if (caller?.aborted) throw error;
    throw new ApiError(0, "unreachable", "The server does not answer.");
  }
}

async function opened<T>(response: Response): Promise<Envelope<T>> {
  if (response.status === 204) return { success: true };
  let envelope: Envelope<T> | undefined;
  try {
    envelope = (await response.json()) as Envelope<T>;
  } catch {
    envelope = undefined;
  }
  if (response.ok && envelope?.success) return envelope;
  const { code = "unknown", message = `The server answered ${response.status}.`, details = {} } =
    envelope?.error ?? {};
  throw new ApiError(response.status, code, message, details, secondsOf(response));
}

function secondsOf(response: Response): number | null {
  const text = response.headers.get("retry-after");
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

function queryString(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return text && `?${text}`;
}
