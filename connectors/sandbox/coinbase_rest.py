"""Coinbase over REST: a product's trades by cursor, newest first, and its minutes."""

from datetime import UTC, datetime

from connectors.sandbox.coinbase import BUY, PLACES, PRODUCTS, SELL, time_us_of
from connectors.sandbox.digits import fixed, stamp
from connectors.sandbox.minute_sums import minute_sums
from connectors.sandbox.pages import minutes_of, told_ms, trades_before_id, trades_from_id
from connectors.sandbox.tape import COINBASE, MINUTE_MS, Pair, Trades
from connectors.sandbox.wire import Answer, Request, World, json_answer
from market.clock import microseconds

MAX_TRADES = 1_000
MAX_CANDLES = 300


def respond(world: World, request: Request) -> Answer:
    """The answer to a path below the provider's prefix."""
    parts = request.path.split("/")
    if len(parts) != 3 or parts[0] != "products" or parts[2] not in ("trades", "candles"):
        return _refusal(404, "NotFound")
    pair = PRODUCTS.get(parts[1])
    if pair is None:
        return _refusal(404, "NotFound")
    endpoint = trades if parts[2] == "trades" else candles
    return endpoint(world, pair, request)


def trades(world: World, pair: Pair, request: Request) -> Answer:
    """Trades newest first: the newest, those older than `after`, or those newer than `before`."""
    numbers = {name: request.query.get(name, "") for name in ("limit", "after", "before")}
    for name, text in numbers.items():
        if text and not text.isdigit():
            return _refusal(400, f"Invalid {name} cursor" if name != "limit" else "Invalid limit")
    limit = max(1, min(int(numbers["limit"] or MAX_TRADES), MAX_TRADES))
    tape, now_us = world.tapes[COINBASE], request.now_us
    if numbers["before"]:
        newer = trades_from_id(tape, pair, int(numbers["before"]) + 1, limit, now_us)
        return _page(pair, newer)
    newest_id = int(tape.last_trades(pair, told_ms(now_us), 1).ids[-1])
    end_id = min(int(numbers["after"] or newest_id + 1), newest_id + 1)
    return _page(pair, trades_before_id(tape, pair, end_id, limit, now_us))


def candles(world: World, pair: Pair, request: Request) -> Answer:
    """One-minute bars from `start` to `end`, both included, newest first; at most 300."""
    query = request.query
    if query.get("granularity", "60") != "60":
        return _refusal(400, "Unsupported granularity")
    end_ms = told_ms(request.now_us)
    start_ms = (end_ms // MINUTE_MS - MAX_CANDLES + 1) * MINUTE_MS
    if "start" in query and "end" in query:
        given = [_milliseconds(query[name]) for name in ("start", "end")]
        if given[0] is None or given[1] is None:
            return _refusal(400, "Invalid time")
        start_ms = -(-given[0] // MINUTE_MS) * MINUTE_MS
        end_ms = min(end_ms, (given[1] // MINUTE_MS + 1) * MINUTE_MS)
    if end_ms - start_ms > MAX_CANDLES * MINUTE_MS:
        words = "granularity too small for the requested time range. Count of aggregations"
        return _refusal(400, f"{words} requested exceeds {MAX_CANDLES}")
    rows: list[str] = []
    for block in minutes_of(world.tapes[COINBASE], pair, start_ms, end_ms):
        rows += _minutes(pair, block)
    return Answer(f"[{','.join(reversed(rows))}]".encode())


def _page(pair: Pair, page: Trades) -> Answer:
    decimals, lots = pair.instrument.decimals, pair.lot_decimals
    columns = zip(
        page.time_ms.tolist(),
        page.ids.tolist(),
        page.price.tolist(),
        page.size.tolist(),
        page.buyer_is_maker.tolist(),
        strict=True,
    )
    rows = [
        {
            "time": stamp(time_us_of(time_ms)),
            "trade_id": trade_id,
            "price": fixed(price, decimals, max(decimals, PLACES)),
            "size": fixed(size, lots, PLACES),
            "side": BUY if maker else SELL,
        }
        for time_ms, trade_id, price, size, maker in columns
    ]
    rows.reverse()
    headers = {}
    if rows:
        headers = {"cb-before": str(rows[0]["trade_id"]), "cb-after": str(rows[-1]["trade_id"])}
    return json_answer(rows, headers=headers)


def _minutes(pair: Pair, block: Trades) -> list[str]:
    """Rows of JSON: numbers as the exchange writes them, low and high first."""
    decimals, lots = pair.instrument.decimals, pair.lot_decimals
    sums = minute_sums(block)
    rows = []
    for row in range(len(sums.count)):
        columns = (sums.low, sums.high, sums.open, sums.close)
        prices = [fixed(int(column[row]), decimals, decimals) for column in columns]
        volume = fixed(int(sums.size[row]), lots, PLACES)
        rows.append(f"[{int(sums.opening_ms[row]) // 1_000},{','.join(prices)},{volume}]")
    return rows


def _milliseconds(text: str) -> int | None:
    """Of ISO 8601 or of seconds since 1970."""
    if text.isdigit():
        return int(text) * 1_000
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC)) // 1_000


def _refusal(status: int, message: str) -> Answer:
    return json_answer({"message": message}, status=status)
