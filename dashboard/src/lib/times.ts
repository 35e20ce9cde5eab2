/** Times as a person reads them: local, with UTC at hand, and ages in words. */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const clockMinutes = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dayAndClock = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const dayOf = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayOfUtc = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});

/** An age in few letters: "now", "12 s", "3 min", "5 h", "2 d". */
export function shortAge(ms: number): string {
  if (ms < 1.5 * SECOND_MS) return "now";
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} d`;
}

/** An age in words: "just now", "12 seconds ago", "3 minutes ago". */
export function ageInWords(ms: number): string {
  if (ms < 1.5 * SECOND_MS) return "just now";
  if (ms < MINUTE_MS) return counted(ms / SECOND_MS, "second");
  if (ms < HOUR_MS) return counted(ms / MINUTE_MS, "minute");
  if (ms < DAY_MS) return counted(ms / HOUR_MS, "hour");
  return counted(ms / DAY_MS, "day");
}

export function localClock(ms: number): string {
  return clock.format(ms);
}

/** Local hours and minutes, the label of a mark on a time axis. */
export function localMinutes(ms: number): string {
  return clockMinutes.format(ms);
}

export function localDay(ms: number): string {
  return dayOf.format(ms);
}

export function localDayAndClock(ms: number): string {
  return dayAndClock.format(ms);
}

/** The UTC date of a candle of a day, which begins at midnight UTC. */
export function utcDay(ms: number): string {
  return dayOfUtc.format(ms);
}

/** "2026-11-24 04:29:00 UTC". */
export function utcTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function counted(value: number, unit: string): string {
  const whole = Math.floor(value);
  return `${whole} ${unit}${whole === 1 ? "" : "s"} ago`;
}
