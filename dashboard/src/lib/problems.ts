/** What went wrong with what a person sent, in words, and at which field. */

import { ApiError } from "../api/client";

export interface Problem {
  /** What is told for all of the form; empty where the fields say it all. */
  message: string;
  fields: Readonly<Record<string, string>>;
  /** From when on it may be tried again; null: at once. */
  untilMs: number | null;
}

const WORDS: Record<string, string> = {
  ACCOUNT_LOCKED: "This account is locked. Set a new password by mail, or write to support, to open it again.",
  CSRF_FAILED: "This page is out of date. Reload it and try again.",
  FORBIDDEN: "Your account may not do this.",
  INVALID_CODE: "This code is not right, or was used already. Take the next one.",
  INVALID_CREDENTIALS: "The e-mail address or the password is not right.",
  INVALID_PASSKEY: "This passkey was not accepted. Try again, or come in another way.",
  INVALID_TOKEN: "This link is not valid any more: it was used, or it is too old.",
  NOT_FOUND: "This is not there any more.",
  RATE_LIMITED: "That was too often.",
  SERVICE_UNAVAILABLE: "The service is not available right now. Nothing was changed; try again.",
  TOO_MANY_ATTEMPTS: "Those were too many attempts.",
  UNAUTHENTICATED: "You are signed out. Sign in again.",
  unreachable: "The server does not answer. Nothing was sent; try again.",
};

/** The field that an error code belongs to, where the API names none, and what is told there. */
export type Places = Readonly<Record<string, readonly [field: string, message?: string]>>;

export function problemOf(error: unknown, nowMs: number, places: Places = {}): Problem {
  if (!(error instanceof ApiError)) {
    return { message: error instanceof Error ? error.message : String(error), fields: {}, untilMs: null };
  }
  const untilMs = error.retryAfterS === null ? null : nowMs + error.retryAfterS * 1000;
  const [field, words] = places[error.code] ?? [];
  const message = words ?? WORDS[error.code] ?? error.message;
  if (field !== undefined) return { message: "", fields: { [field]: message }, untilMs };
  const fields = fieldsOf(error);
  const told = Object.keys(fields).length > 0;
  return { message: told ? "" : message, fields, untilMs };
}

/** "Try again in 14 minutes"; empty when the time has come. */
export function waitInWords(ms: number): string {
  if (ms <= 0) return "";
  const seconds = Math.ceil(ms / 1000);
  const text = seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
  return `Try again in ${text}`;
}

function fieldsOf(error: ApiError): Record<string, string> {
  const faults = error.details.fields ?? [];
  return Object.fromEntries(faults.map(({ field, message }) => [field, sentence(message)]));
}

/** The API's own words, without the mark of its validator. */
function sentence(text: string): string {
  const plain = text.replace(/^Value error, /, "");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
