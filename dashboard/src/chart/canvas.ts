/** The candlestick chart: the one place that knows the charting library. */

import {
  CandlestickSeries,
  ColorType,
  createChart,
  CrosshairMode,
  HistogramSeries,
  LineStyle,
  TickMarkType,
  type DeepPartial,
  type IChartApi,
  type ISeriesApi,
  type MouseEventParams,
  type Time,
  type TimeChartOptions,
  type UTCTimestamp,
} from "lightweight-charts";
import type { Candle, Interval } from "../lib/candles";
import { formatPrice } from "../lib/numbers";
import { localDay, localDayAndClock, localMinutes, utcDay } from "../lib/times";
import type { ChartColours } from "./colours";

const FONT_SIZE_PX = 12;
const BAR_SPACING_PX = 7;
/** Empty bars at the right, so that the running candle does not stick to the axis. */
const ROOM_BARS = 4;
/** Fewer bars than this to the left of what is in sight, and more history is asked for. */
const NEAR_START_BARS = 30;
const VOLUME_SHARE = 0.15;

export interface ChartEvents {
  /** The candle under the cross-hair, or undefined when the pointer left. */
  onHover(time: number | undefined): void;
  onNearStart(): void;
}

export class CandleCanvas {
  private readonly chart: IChartApi;
  private readonly prices: ISeriesApi<"Candlestick">;
  private readonly volumes: ISeriesApi<"Histogram">;
  private colours: ChartColours;

  constructor(element: HTMLElement, colours: ChartColours, events: ChartEvents) {
    this.colours = colours;
    this.chart = createChart(element, { autoSize: true, ...layout(colours) });
    this.volumes = this.chart.addSeries(HistogramSeries, {
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.volumes.priceScale().applyOptions({ scaleMargins: { top: 1 - VOLUME_SHARE, bottom: 0 } });
    this.prices = this.chart.addSeries(CandlestickSeries, candleColours(colours));
    this.prices.priceScale().applyOptions({ scaleMargins: { top: 0.12, bottom: VOLUME_SHARE + 0.04 } });
    this.chart.subscribeCrosshairMove((moved) => events.onHover(hoveredTime(moved)));
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range && range.from < NEAR_START_BARS) events.onNearStart();
    });
  }

  /** Sets how numbers and times are written; `decimals` is the instrument's. */
  describe(decimals: number, interval: Interval): void {
    this.prices.applyOptions({
      priceFormat: { type: "price", precision: decimals, minMove: 10 ** -decimals },
    });
    this.chart.applyOptions({
      localization: {
        priceFormatter: (price: number) => formatPrice(price, decimals),
        timeFormatter: (time: Time) =>
          interval === "1d" ? utcDay(milliseconds(time)) : localDayAndClock(milliseconds(time)),
      },
      timeScale: { tickMarkFormatter: markFormatter(interval) },
    });
  }

  draw(candles: readonly Candle[]): void {
    this.prices.setData(candles.map(bar));
    this.volumes.setData(candles.flatMap((candle) => this.volumeBars(candle)));
  }

  /** Draws the last candle anew, or the next one after it. */
  grow(candle: Candle): void {
    this.prices.update(bar(candle));
    for (const volume of this.volumeBars(candle)) this.volumes.update(volume);
  }

  /** Back to the newest candle at the first scale. */
  reset(): void {
    this.chart.timeScale().resetTimeScale();
    this.chart.priceScale("right").applyOptions({ autoScale: true });
    this.chart.timeScale().scrollToRealTime();
  }

  recolour(colours: ChartColours, candles: readonly Candle[]): void {
    this.colours = colours;
    this.chart.applyOptions(layout(colours));
    this.prices.applyOptions(candleColours(colours));
    this.volumes.setData(candles.flatMap((candle) => this.volumeBars(candle)));
  }

  remove(): void {
    this.chart.remove();
  }

  private volumeBars({ time, open, close, volume }: Candle) {
    if (volume === null) return [];
    const color = close >= open ? this.colours.upVolume : this.colours.downVolume;
    return [{ time: time as UTCTimestamp, value: volume, color }];
  }
}

function bar({ time, open, high, low, close }: Candle) {
  return { time: time as UTCTimestamp, open, high, low, close };
}

function hoveredTime({ time, point }: MouseEventParams): number | undefined {
  return point && typeof time === "number" ? time : undefined;
}

function layout(colours: ChartColours): DeepPartial<TimeChartOptions> {
  const label = { labelBackgroundColor: colours.label };
  const line = { color: colours.crosshair, style: LineStyle.Dashed, width: 1 as const, ...label };
  return {
    layout: {
      background: { type: ColorType.Solid, color: "transparent" },
      textColor: colours.text,
      fontSize: FONT_SIZE_PX,
      fontFamily: colours.font,
      attributionLogo: true,
    },
    grid: { vertLines: { color: colours.grid }, horzLines: { color: colours.grid } },
    crosshair: { mode: CrosshairMode.Normal, vertLine: line, horzLine: line },
    rightPriceScale: { borderVisible: false, entireTextOnly: true },
    timeScale: {
      borderColor: colours.grid,
      timeVisible: true,
      secondsVisible: false,
      barSpacing: BAR_SPACING_PX,
      rightOffset: ROOM_BARS,
    },
  };
}

function candleColours({ up, down }: ChartColours) {
  return {
    upColor: up,
    downColor: down,
    borderUpColor: up,
    borderDownColor: down,
    wickUpColor: up,
    wickDownColor: down,
    priceLineWidth: 1 as const,
    priceLineStyle: LineStyle.Dotted,
  };
}

/** Marks of an intraday axis are local; a candle of a day begins at midnight UTC and says that date. */
function markFormatter(interval: Interval) {
  return (time: Time, type: TickMarkType): string => {
    const ms = milliseconds(time);
    if (interval === "1d") return utcDay(ms).replace(/,? \d{4}$/, "");
    return type <= TickMarkType.DayOfMonth ? localDay(ms) : localMinutes(ms);
  };
}

function milliseconds(time: Time): number {
  return (time as UTCTimestamp) * 1000;
}
