"""Kraken over REST: trades since an instant, and minutes; errors are a list under HTTP 200.

A pair has more than one name (XBTUSD, XXBTZUSD, BTCUSD), and the answer uses the one with X and Z.
"""

import numpy as np

from connectors.sandbox.digits import fixed
from connectors.sandbox.kraken import PLACES, SUBMILLISECOND_US, time_ns
from connectors.sandbox.minute_sums import minute_sums
from connectors.sandbox.pages import minutes_of, told_ms, trades_from_ms
from connectors.sandbox.tape import KRAKEN, MINUTE_MS, VENUE_PAIRS, Pair, Trades
from connectors.sandbox.wire import Answer, Request, World, json_answer

MAX_TRADES = 1_000
MAX_MINUTES = 720
NS_PER_MS = 1_000_000
NS_PER_US = 1_000

_OWN_NAMES = {"BTC": "XBT"}
_LONG = {"BTC", "ETH", "XMR", "XLM"}
"""Coins of the first years: their names begin with an X, the dollar's with a Z."""


def _names(pair: Pair) -> tuple[str, str, str]:
    base, quote = pair.instrument.base, pair.instrument.quote
    own = _OWN_NAMES.get(base, base)
    result = f"X{own}Z{quote}" if base in _LONG else own + quote
    return base + quote, own + quote, result


_PAIRS = {name: pair for pair in VENUE_PAIRS[KRAKEN] for name in _names(pair)}
_RESULT_KEYS = {pair: _names(pair)[2] for pair in VENUE_PAIRS[KRAKEN]}


def respond(world: World, request: Request) -> Answer:
    """The answer to a path below the provider's prefix."""
    endpoints = {"0/public/Trades": trades, "0/public/OHLC": ohlc}
    endpoint = endpoints.get(request.path)
    return _refusal("EGeneral:Unknown method") if endpoint is None else endpoint(world, request)


def trades(world: World, request: Request) -> Answer:
    """Trades after an instant in nanoseconds, at most a thousand, oldest first; or the newest."""
    pair = _PAIRS.get(request.query.get("pair", ""))
    if pair is None:
        return _refusal("EQuery:Unknown asset pair")
    since = request.query.get("since", "")
    count = request.query.get("count", str(MAX_TRADES))
    if (since and not since.isdigit()) or not count.isdigit():
        return _refusal("EGeneral:Invalid arguments")
    limit = max(1, min(int(count), MAX_TRADES))
    tape = world.tapes[KRAKEN]
    if since:
        page = trades_from_ms(tape, pair, int(since) // NS_PER_MS, 2 * MAX_TRADES, request.now_us)
        times = time_ns(page)
        first = int(np.searchsorted(times, int(since), side="right"))
    else:
        page = tape.last_trades(pair, told_ms(request.now_us), 2 * MAX_TRADES)
        times = time_ns(page)
        first = max(0, len(times) - limit)
    rows = slice(first, first + limit)
    last = str(times[rows][-1]) if len(times[rows]) else (since or "0")
    key = _RESULT_KEYS[pair]
    return json_answer({"error": [], "result": {key: _rows(pair, page.rows(rows)), "last": last}})


def ohlc(world: World, request: Request) -> Answer:
    """One-minute bars, the newest 720 since an instant in seconds; the last one still runs."""
    query = request.query
    pair = _PAIRS.get(query.get("pair", ""))
    if pair is None:
        return _refusal("EQuery:Unknown asset pair")
    since = query.get("since", "0")
    if query.get("interval", "1") != "1" or not since.isdigit():
        return _refusal("EGeneral:Invalid arguments")
    end_ms = told_ms(request.now_us)
    oldest_ms = (end_ms // MINUTE_MS - MAX_MINUTES + 1) * MINUTE_MS
    start_ms = max(oldest_ms, -(-(int(since) + 1) * 1_000 // MINUTE_MS) * MINUTE_MS)
    rows: list[list[object]] = []
    for block in minutes_of(world.tapes[KRAKEN], pair, start_ms, end_ms):
        rows += _minutes(pair, block)
    last = int(str(rows[-2][0])) if len(rows) > 1 else int(since)
    return json_answer({"error": [], "result": {_RESULT_KEYS[pair]: rows, "last": last}})


def _rows(pair: Pair, page: Trades) -> list[list[object]]:
    decimals, lots = pair.instrument.decimals, pair.lot_decimals
    columns = zip(
        page.price.tolist(),
        page.size.tolist(),
        page.time_ms.tolist(),
        page.buyer_is_maker.tolist(),
        page.ids.tolist(),
        strict=True,
    )
    return [
        [
            fixed(price, decimals, decimals),
            fixed(size, lots, PLACES),
            (time_ms * 1_000 + SUBMILLISECOND_US) / 1_000_000,
            "s" if maker else "b",
            "l" if trade_id % 3 else "m",
            "",
            trade_id,
        ]
        for price, size, time_ms, maker, trade_id in columns
    ]


def _minutes(pair: Pair, block: Trades) -> list[list[object]]:
    decimals, lots = pair.instrument.decimals, pair.lot_decimals
    sums = minute_sums(block)
    rows: list[list[object]] = []
    for row in range(len(sums.count)):
        columns = (sums.open, sums.high, sums.low, sums.close)
        prices = [fixed(int(column[row]), decimals, decimals) for column in columns]
        average = fixed(int(sums.money[row] // sums.size[row]), decimals, decimals)
        volume = fixed(int(sums.size[row]), lots, PLACES)
        opening_s = int(sums.opening_ms[row]) // 1_000
        rows.append([opening_s, *prices, average, volume, int(sums.count[row])])
    return rows


def _refusal(words: str) -> Answer:
    return json_answer({"error": [words]})
