/** Draws a series: the charting library is loaded when the first chart is, not before. */

import { effect, useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Instrument } from "../api/types";
import type { Candle } from "../lib/candles";
import { useStore } from "../store/context";
import type { CandleSeries } from "../store/series";
import type { CandleCanvas } from "./canvas";
import { chartColours } from "./colours";

interface DrawingProps {
  instrument: Instrument;
  series: CandleSeries;
  hovered: Signal<number | undefined>;
}

export function Drawing({ instrument, series, hovered }: DrawingProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useSignal<CandleCanvas | undefined>(undefined);
  const current = useRef(series);
  current.current = series;

  useEffect(() => {
    let made: CandleCanvas | undefined;
    let isGone = false;
    void import("./canvas").then(({ CandleCanvas }) => {
      if (isGone || !box.current) return;
      made = new CandleCanvas(box.current, chartColours(box.current), {
        onHover: (time) => (hovered.value = time),
        onNearStart: () => void current.current.loadOlder(),
      });
      canvas.value = made;
    });
    return () => {
      isGone = true;
      made?.remove();
    };
  }, []);

  const drawn = canvas.value;
  useEffect(
    () => (drawn ? draw(drawn, series, instrument.decimals) : undefined),
    [drawn, series, instrument],
  );
  useRecolour(box, canvas, current);

  const label = `Candlestick chart of ${instrument.symbol}, ${series.interval}`;
  return <div ref={box} class="candles__canvas" role="figure" aria-label={label} />;
}

/** Keeps the canvas in step with the series; returns the way out. */
function draw(canvas: CandleCanvas, series: CandleSeries, decimals: number): () => void {
  let isFirst = true;
  const stops = [
    effect(() => {
      const history = series.history.value;
      if (series.fetched.value.status !== "ready") return;
      if (isFirst) canvas.describe(decimals, series.interval);
      canvas.draw(withRunning(history, series));
      if (isFirst) canvas.reset();
      isFirst = false;
    }),
    effect(() => {
      const running = series.running.value;
      if (running && !isFirst) canvas.grow(running);
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

function useRecolour(
  box: { current: HTMLElement | null },
  canvas: Signal<CandleCanvas | undefined>,
  series: { current: CandleSeries },
): void {
  const { theme } = useStore().preferences;
  const system = useSignal(0);
  useEffect(() => {
    const list = matchMedia("(prefers-color-scheme: dark)");
    const changed = (): void => void (system.value += 1);
    list.addEventListener("change", changed);
    return () => list.removeEventListener("change", changed);
  }, []);
  useSignalEffect(() => {
    void theme.value;
    void system.value;
    const drawn = canvas.value;
    // The theme switch's own effect sets the attribute; the tokens are read after it.
    const frame = requestAnimationFrame(() => {
      if (!drawn || !box.current) return;
      const { history } = series.current;
      drawn.recolour(chartColours(box.current), withRunning(history.peek(), series.current));
    });
    return () => cancelAnimationFrame(frame);
  });
}

function withRunning(history: readonly Candle[], series: CandleSeries): Candle[] {
  const running = series.running.peek();
  return running ? [...history, running] : [...history];
}
