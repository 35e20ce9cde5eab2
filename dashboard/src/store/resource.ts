/** Something that is fetched: loading, ready or failed, and how to try again. */

import { signal, type ReadonlySignal } from "@preact/signals";
import { ApiError } from "../api/client";

export type Fetched<T> =
  | { status: "loading" }
  | { status: "ready"; value: T }
  | { status: "failed"; message: string; missing: boolean };

export class Resource<T> {
  private readonly state = signal<Fetched<T>>({ status: "loading" });
  private pending: AbortController | undefined;

  constructor(private readonly fetch: (signal: AbortSignal) => Promise<T>) {}

  get fetched(): ReadonlySignal<Fetched<T>> {
    return this.state;
  }

  /** Fetches anew; what was ready stays until the answer came, and also when none came. */
  async load(): Promise<void> {
    this.pending?.abort();
    const pending = new AbortController();
    this.pending = pending;
    if (this.state.peek().status === "failed") this.state.value = { status: "loading" };
    try {
      const value = await this.fetch(pending.signal);
      if (this.pending === pending) this.state.value = { status: "ready", value };
    } catch (error) {
      if (this.pending === pending && this.state.peek().status !== "ready") {
        this.state.value = failure(error);
      }
    }
  }

  stop(): void {
    this.pending?.abort();
    this.pending = undefined;
  }
}

export function failure(error: unknown): { status: "failed"; message: string; missing: boolean } {
  const message = error instanceof Error ? error.message : String(error);
  return { status: "failed", message, missing: error instanceof ApiError && error.status === 404 };
}
