/** Requests to the API: its envelope opened, its failures told in words. */

import type { Meta } from "./types";

const TIMEOUT_MS = 10_000;

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
  error?: { code: string; message: string };
}

/** A request that brought no data. `status` is 0 where no answer came at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
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
    signal ? AbortSignal.any([signal, timeout]) : timeout,
    signal,
  );
  const receivedMs = Date.now();
  const envelope = await opened<T>(response);
  return { data: envelope.data as T, meta: envelope.meta ?? { timestamp: "" }, sentMs, receivedMs };
}

async function request(url: string, limit: AbortSignal, caller?: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { signal: limit, headers: { accept: "application/json" } });
  } catch (error) {
    if (caller?.aborted) throw error;
    throw new ApiError(0, "unreachable", "The server does not answer.");
  }
}

async function opened<T>(response: Response): Promise<Envelope<T>> {
  let envelope: Envelope<T> | undefined;
  try {
    envelope = (await response.json()) as Envelope<T>;
  } catch {
    envelope = undefined;
  }
  if (response.ok && envelope?.success) return envelope;
  const { code = "unknown", message = `The server answered ${response.status}.` } =
    envelope?.error ?? {};
  throw new ApiError(response.status, code, message);
}

function queryString(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return text && `?${text}`;
}
