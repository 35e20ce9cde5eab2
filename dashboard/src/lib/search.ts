/** Finding an instrument by a few letters of its symbol or name. */

import type { Instrument } from "../api/types";

/** The best `limit` of `instruments` for `text`, best first; ties keep the given order. */
export function found(instruments: readonly Instrument[], text: string, limit: number): Instrument[] {
  const wanted = plain(text);
  return instruments
    .map((instrument) => ({ instrument, score: scoreOf(instrument, wanted) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ instrument }) => instrument);
}

function scoreOf(instrument: Instrument, wanted: string): number {
  const symbol = plain(instrument.symbol);
  if (wanted === "") return 1;
  if (symbol === wanted) return 6;
  if (symbol.startsWith(wanted)) return 5;
  if (plain(instrument.quote).startsWith(wanted)) return 3;
  if (words(instrument.name).some((word) => word.startsWith(wanted))) return 4;
  return symbol.includes(wanted) || plain(instrument.name).includes(wanted) ? 2 : 0;
}

function words(name: string): string[] {
  return name.split(/[^\p{L}\p{N}]+/u).map(plain);
}

/** Letters and digits alone: "btcusdt", "BTC/USDT" and "btc usdt" all mean BTC-USDT. */
function plain(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}
