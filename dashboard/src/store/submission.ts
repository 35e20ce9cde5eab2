/** What becomes of a form that is sent: busy, done, or a problem that is told where it belongs. */

import { signal, type ReadonlySignal } from "@preact/signals";
import { problemOf, type Places, type Problem } from "../lib/problems";
import { DismissedError } from "./session";

export class Submission {
  private readonly running = signal(false);
  private readonly found = signal<Problem | null>(null);

  constructor(
    private readonly places: Places = {},
    private readonly now: () => number = Date.now,
  ) {}

  get busy(): ReadonlySignal<boolean> {
    return this.running;
  }

  get problem(): ReadonlySignal<Problem | null> {
    return this.found;
  }

  /** Does `act`, unless it is being done or must wait yet; whether it was done well. */
  async run(act: () => Promise<unknown>): Promise<boolean> {
    if (this.running.peek() || this.mustWait()) return false;
    this.running.value = true;
    try {
      await act();
      this.found.value = null;
      return true;
    } catch (error) {
      this.found.value = error instanceof DismissedError ? null : problemOf(error, this.now(), this.places);
      return false;
    } finally {
      this.running.value = false;
    }
  }

  /** Says a problem that the page itself has found. */
  refuse(fields: Readonly<Record<string, string>>): void {
    this.found.value = { message: "", fields, untilMs: null };
  }

  private mustWait(): boolean {
    const untilMs = this.found.peek()?.untilMs;
    return untilMs != null && untilMs > this.now();
  }
}
