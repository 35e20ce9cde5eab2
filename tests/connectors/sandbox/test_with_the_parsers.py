"""The sandbox and the connectors agree: what one writes, the other reads to the same numbers."""

import json
from decimal import Decimal

import numpy as np
import pytest

from connectors.alphavantage.parsers import SERIES as AV_SERIES
from connectors.alphavantage.requests import Asking
from connectors.parsing import parse
from connectors.sandbox import alphavantage, binance, coingecko, fixer
from connectors.sandbox.simulator import MINUTE_US
from connectors.sandbox.tape import PAIRS
from connectors.sandbox.wire import Answer, World
from market.bars import BAR_US
from market.instruments import CATALOGUE
from market.log import LogRecord, Parsed
from market.prices import decimal_of
from market.sources import Feed, source_of
from market.ticks import QUOTE, TRADE, TickBatch
from tests.connectors.sandbox.conftest import NOW_US, get

MINUTE = NOW_US // MINUTE_US
AV_SYMBOLS = {
    "TIME_SERIES": "AAPL",
    "FX": "USD-JPY",
    "CRYPTO": "PEPE-USD",
    "DIGITAL_CURRENCY": "SHIB-USD",
}
SPAN_MS = 10_000


def read(provider: str, kind: str, payload: bytes, context: object = None) -> Parsed:
    """What the connectors make of an answer; nothing in it may be refused."""
    text = "" if context is None else json.dumps(context)
    source = source_of(provider, Feed.SIMULATED)
    record = LogRecord(f"{provider}-0", 0, source, kind, text, NOW_US, payload)
    parsed = parse(record, CATALOGUE)
    assert parsed.refused == ()
    return parsed


def prices(ticks: TickBatch) -> dict[str, Decimal]:
    """Symbol → exact price."""
    return {
        CATALOGUE.by_id(int(ticks.instrument[row])).symbol: decimal_of(
            int(ticks.price[row]), int(ticks.exponent[row])
        )
        for row in range(len(ticks))
    }


def av(world: World, function: str, **query: str) -> Answer:
    return alphavantage.respond(world, get("", function=function, apikey="k", **query))


def test_global_quotes(premium: World) -> None:
    for symbol in ("AAPL", "XOM"):
        ticks = read(
            "alphavantage",
            "GLOBAL_QUOTE",
            av(premium, "GLOBAL_QUOTE", symbol=symbol, entitlement="realtime").body,
        )
        assert prices(ticks.ticks) == {
            symbol: Decimal(premium.simulator.last(symbol, NOW_US)) / 100
        }


def test_exchange_rates(premium: World) -> None:
    query = {"from_currency": "USD", "to_currency": "JPY"}
    ticks = read(
        "alphavantage",
        "CURRENCY_EXCHANGE_RATE",
        av(premium, "CURRENCY_EXCHANGE_RATE", **query).body,
    ).ticks
    second_us = NOW_US // 1_000_000 * 1_000_000
    quote = premium.simulator.quote("USD-JPY", second_us)
    assert (len(ticks), ticks.kind[0], ticks.time[0]) == (1, QUOTE, second_us)
    assert decimal_of(int(ticks.bid[0]), int(ticks.exponent[0])) == Decimal(quote.bid) / 1_000
    assert decimal_of(int(ticks.ask[0]), int(ticks.exponent[0])) == Decimal(quote.ask) / 1_000


@pytest.mark.parametrize(
    ("function", "symbol", "query"),
    [
        ("FX_INTRADAY", "EUR-GBP", {"from_symbol": "EUR", "to_symbol": "GBP"}),
        ("TIME_SERIES_INTRADAY", "AAPL", {"symbol": "AAPL", "entitlement": "realtime"}),
    ],
)
def test_intraday_bars(premium: World, function: str, symbol: str, query: dict[str, str]) -> None:
    answer = av(premium, function, interval="1min", outputsize="full", **query)
    bars = read("alphavantage", function, answer.body).bars
    ours = premium.simulator.minute_bars(symbol, MINUTE - 1_440, MINUTE)
    assert np.isin(ours.time_us, bars.time).all()
    assert (np.diff(np.sort(bars.time)) == BAR_US).all()
    assert {CATALOGUE.by_id(number).symbol for number in set(bars.instrument.tolist())} == {symbol}


@pytest.mark.parametrize("kind", AV_SERIES)
@pytest.mark.parametrize("form", ["json", "csv"])
def test_every_series(premium: World, kind: str, form: str) -> None:
    asking = Asking("", "realtime", csv=form == "csv")
    symbol = next(symbol for start, symbol in AV_SYMBOLS.items() if kind.startswith(start))
    instrument = CATALOGUE.by_symbol(symbol)
    if kind.endswith("INTRADAY"):
        request = asking.intraday(instrument, interval="5min")
    elif "DAILY" in kind:
        request = asking.daily(instrument, adjusted="ADJUSTED" in kind)
    else:
        request = asking.longer(instrument, kind.rpartition("_")[2])
    assert request.kind == kind
    answer = alphavantage.respond(premium, get("query", apikey="k", **request.params))
    context = json.loads(request.context)
    bars = read("alphavantage", kind, answer.body, context).bars
    assert len(bars) > 5
    assert set(bars.instrument.tolist()) == {instrument.id}


def test_bulk_quotes(premium: World) -> None:
    stocks = [CATALOGUE.by_symbol(symbol) for symbol in ("AAPL", "XOM")]
    request = Asking("", "realtime").bulk_quotes(stocks)
    answer = alphavantage.respond(premium, get("query", apikey="k", **request.params))
    ticks = read("alphavantage", request.kind, answer.body).ticks
    assert set(ticks.time.tolist()) == {NOW_US}
    assert prices(ticks) == {
        each.symbol: Decimal(premium.simulator.last(each.symbol, NOW_US)) / 100 for each in stocks
    }


def test_fixer_rates(premium: World) -> None:
    ticks = read(
        "fixer", "latest", fixer.respond(premium, get("latest", access_key="k")).body
    ).ticks
    parsed = prices(ticks)
    second_us = NOW_US // 2_000_000 * 2_000_000
    assert set(ticks.time.tolist()) == {second_us}
    for symbol in ("EUR-SEK", "EUR-NOK", "EUR-PLN", "EUR-TRY", "EUR-NGN"):
        assert float(parsed[symbol]) == round(premium.simulator.mid(symbol, second_us), 6)


def test_simple_prices(premium: World) -> None:
    query = {"vs_currencies": "usd", "precision": "full", "include_last_updated_at": "true"}
    request = get("api/v3/simple/price", ids="bitcoin,pepe,shiba-inu", **query)
    parsed = prices(
        read("coingecko", "simple/price", coingecko.respond(premium, request).body).ticks
    )
    second_us = NOW_US // 2_000_000 * 2_000_000
    assert set(parsed) == {"BTC-USD", "PEPE-USD", "SHIB-USD"}
    for symbol, price in parsed.items():
        assert float(price) == premium.simulator.mid(symbol, second_us)


def test_market_charts(premium: World) -> None:
    request = get("api/v3/coins/pepe/market_chart", vs_currency="usd", days="1")
    answer = coingecko.respond(premium, request)
    ticks = read("coingecko", "market_chart", answer.body, {"id": "pepe", "vs": "usd"}).ticks
    assert len(ticks) == len(json.loads(answer.body)["prices"])
    assert set(prices(ticks)) == {"PEPE-USD"}


def test_klines(premium: World) -> None:
    request = get("klines", symbol="DOGEUSDT", interval="1m", limit="100")
    answer = binance.klines(premium, request)
    bars = read("binance", "klines", answer.body, {"symbol": "DOGEUSDT"}).bars
    assert 99 <= len(bars) <= 100


def test_frames(premium: World) -> None:
    start_ms = MINUTE * 60_000
    lines: list[str] = []
    for pair in PAIRS:
        trades = premium.tape.trades(pair, MINUTE).between(start_ms, start_ms + SPAN_MS)
        quotes = premium.tape.quotes(pair, MINUTE).between(start_ms, start_ms + SPAN_MS)
        frames = (*binance.trade_frames(pair, trades), *binance.quote_frames(pair, quotes))
        lines += [f"{frame.event_ms * 1_000_000} {frame.wrapped}\n" for frame in frames]
    ticks = read("binance", "frames", "".join(lines).encode()).ticks
    assert len(ticks) == len(lines) > 1_000
    assert {int(kind) for kind in ticks.kind} == {QUOTE, TRADE}
    trades_alone = ticks.kind == TRADE
    for pair in PAIRS:
        ours = premium.tape.trades(pair, MINUTE).between(0, start_ms + SPAN_MS)
        rows = trades_alone & (ticks.instrument == pair.instrument.id)
        assert np.array_equal(ticks.seq[rows], ours.ids)
        assert np.array_equal(ticks.time[rows], ours.time_ms * 1_000)
        assert np.allclose(
            ticks.price[rows] / 10.0 ** ticks.exponent[rows],
            ours.price / 10.0**pair.instrument.decimals,
        )
