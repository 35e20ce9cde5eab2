/** Numbers as a person reads them: by locale, sign always shown, a true minus. */

const MINUS = "\u2212";
const formats = new Map<string, Intl.NumberFormat>();

/** What stands where a number is missing. */
export const NOTHING = "–";

export function formatPrice(value: number | null | undefined, decimals: number): string {
  return isNumber(value) ? withMinus(fixed(decimals, "auto").format(value)) : NOTHING;
}

export function formatSigned(value: number | null | undefined, decimals: number): string {
  return isNumber(value) ? withMinus(fixed(decimals, "exceptZero").format(value)) : NOTHING;
}

export function formatPercent(value: number | null | undefined): string {
  return isNumber(value) ? `${formatSigned(value, 2)}\u202f%` : NOTHING;
}

/** A volume in at most four figures: 1,234 → 1.234K, 0.01234 → 0.01234. */
export function formatVolume(value: number | null | undefined): string {
  if (!isNumber(value)) return NOTHING;
  return cached("volume", { notation: "compact", maximumSignificantDigits: 4 }).format(value);
}

/** Ask less bid, or null where one is missing. */
export function spreadOf(bid: number | null | undefined, ask: number | null | undefined): number | null {
  return isNumber(bid) && isNumber(ask) ? ask - bid : null;
}

/** Which way a number points once it is rounded as it is shown: nothing says "+0.00". */
export function directionOf(value: number | null | undefined, decimals: number): -1 | 0 | 1 {
  if (!isNumber(value)) return 0;
  const rounded = Number(value.toFixed(decimals));
  return rounded > 0 ? 1 : rounded < 0 ? -1 : 0;
}

function fixed(decimals: number, signDisplay: "auto" | "exceptZero"): Intl.NumberFormat {
  return cached(`${signDisplay}${decimals}`, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    signDisplay,
  });
}

function cached(key: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(undefined, options);
    formats.set(key, format);
  }
  return format;
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function withMinus(text: string): string {
  return text.startsWith("-") ? MINUS + text.slice(1) : text;
}
