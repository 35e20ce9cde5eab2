"""Binance's wire format: stream frames, control messages, klines. No socket in here."""

import json
from dataclasses import dataclass, field

import orjson

from connectors.sandbox.digits import fixed
from connectors.sandbox.minute_sums import minute_sums
from connectors.sandbox.pages import told_ms
from connectors.sandbox.simulator import BLOCK_MINUTES, Int64s
from connectors.sandbox.tape import MINUTE_MS, PAIRS, Pair, Quotes, Trades
from connectors.sandbox.wire import Answer, Request, World, json_answer

PLACES = 8
MAX_STREAMS = 1_024
MAX_MESSAGES_PER_S = 5
DEFAULT_KLINES, MAX_KLINES = 500, 1_000
EVENT_DELAY_MS = 1
"""An event is sent 1 ms after its trade."""

_PAIRS = {pair.venue_symbol: pair for pair in PAIRS}


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of one stream, written once: bare for /ws, wrapped for /stream."""

    stream: str
    event_ms: int
    bare: str

    @property
    def wrapped(self) -> str:
        """The frame of a combined stream."""
        return f'{{"stream":"{self.stream}","data":{self.bare}}}'


def trade_frames(pair: Pair, trades: Trades) -> list[Frame]:
    """A frame for each trade, in order."""
    name, symbol = f"{pair.venue_symbol.lower()}@trade", pair.venue_symbol
    rows = zip(
        trades.time_ms.tolist(),
        trades.ids.tolist(),
        _texts(trades.price, pair.instrument.decimals),
        _texts(trades.size, pair.lot_decimals),
        trades.buyer_is_maker.tolist(),
        strict=True,
    )
    return [
        Frame(
            name,
            time_ms + EVENT_DELAY_MS,
            f'{{"e":"trade","E":{time_ms + EVENT_DELAY_MS},"s":"{symbol}","t":{trade_id},'
            f'"p":"{price}","q":"{size}","T":{time_ms},'
            f'"m":{"true" if maker else "false"},"M":true}}',
        )
        for time_ms, trade_id, price, size, maker in rows
    ]


def quote_frames(pair: Pair, quotes: Quotes) -> list[Frame]:
    """A frame for each best quote, in order; it carries no time."""
    name, symbol = f"{pair.venue_symbol.lower()}@bookTicker", pair.venue_symbol
    decimals = pair.instrument.decimals
    rows = zip(
        quotes.time_ms.tolist(),
        quotes.ids.tolist(),
        _texts(quotes.bid, decimals),
        _texts(quotes.bid_size, pair.lot_decimals),
        _texts(quotes.ask, decimals),
        _texts(quotes.ask_size, pair.lot_decimals),
        strict=True,
    )
    return [
        Frame(
            name,
            time_ms + EVENT_DELAY_MS,
            f'{{"u":{update},"s":"{symbol}","b":"{bid}","B":"{bid_size}",'
            f'"a":"{ask}","A":"{ask_size}"}}',
        )
        for time_ms, update, bid, bid_size, ask, ask_size in rows
    ]


def shutdown_frame(now_us: int) -> Frame:
    """The event that precedes a planned end of the connection."""
    event_ms = now_us // 1_000
    return Frame("!serverShutdown", event_ms, f'{{"e":"serverShutdown","E":{event_ms}}}')


@dataclass(slots=True)
class Control:
    """One connection's subscriptions, and what it answers to control messages."""

    combined: bool
    streams: list[str] = field(default_factory=list)

    def handle(self, message: str) -> str:
        """Apply one control message; the reply. What is no request changes nothing."""
        try:
            request = orjson.loads(message)
        except orjson.JSONDecodeError as error:
            return _refusal(3, f"Invalid JSON: {error}", None)
        if not isinstance(request, dict):
            return _refusal(2, "Invalid request: request must be an object", None)
        identity = request.get("id")
        if isinstance(identity, bool) or not isinstance(identity, int | str | None):
            return _refusal(2, "Invalid request: request ID must be an integer or a string", None)
        problem = self._problem(request)
        if problem is not None:
            return _refusal(2, f"Invalid request: {problem}", identity)
        return _compact({"result": self._apply(request), "id": identity})

    def _problem(self, request: dict[str, object]) -> str | None:
        method, params = request.get("method"), request.get("params")
        if method == "LIST_SUBSCRIPTIONS":
            return None
        if method not in ("SUBSCRIBE", "UNSUBSCRIBE", "SET_PROPERTY", "GET_PROPERTY"):
            return f"unknown variant `{method}`"
        if not isinstance(params, list) or not params:
            return "missing field `params`"
        if method == "SUBSCRIBE" and len({*self.streams, *map(str, params)}) > MAX_STREAMS:
            return f"more than {MAX_STREAMS} streams"
        if method in ("SUBSCRIBE", "UNSUBSCRIBE"):
            strings = all(isinstance(name, str) for name in params)
            return None if strings else "params must be strings"
        if method == "GET_PROPERTY":
            return None if params == ["combined"] else "unknown property"
        valued = params[0] == "combined" and len(params) == 2 and isinstance(params[1], bool)
        return None if valued else "property combined must be a boolean"

    def _apply(self, request: dict[str, object]) -> object:
        method, params = request["method"], request.get("params")
        if method == "LIST_SUBSCRIPTIONS":
            return list(self.streams)
        assert isinstance(params, list)
        if method == "GET_PROPERTY":
            return self.combined
        if method == "SET_PROPERTY":
            self.combined = params[1]
        elif method == "SUBSCRIBE":
            self.streams = list(dict.fromkeys([*self.streams, *params]))
        else:
            self.streams = [name for name in self.streams if name not in params]
        return None


def klines(world: World, request: Request) -> Answer:
    """The answer of `GET /api/v3/klines`, one-minute bars, oldest first, the running one last."""
    query = request.query
    for name in ("symbol", "interval"):
        if not query.get(name):
            text = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
            return json_answer({"code": -1102, "msg": text}, status=400)
    pair = _PAIRS.get(query["symbol"])
    if pair is None:
        return json_answer({"code": -1121, "msg": "Invalid symbol."}, status=400)
    if query["interval"] != "1m":
        return json_answer({"code": -1120, "msg": "Invalid interval."}, status=400)
    numbers = {name: query[name] for name in ("startTime", "endTime", "limit") if name in query}
    for name, text in numbers.items():
        if not text.isdigit():
            problem = f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]*$'."
            return json_answer({"code": -1100, "msg": problem}, status=400)
    now_ms = request.now_us // 1_000
    minutes = _kline_minutes({name: int(text) for name, text in numbers.items()}, now_ms)
    blocks = range(minutes.start // BLOCK_MINUTES, -(-minutes.stop // BLOCK_MINUTES))
    end_ms = min(told_ms(request.now_us), minutes.stop * MINUTE_MS)
    rows = []
    for block in blocks:
        trades = world.tape.block(pair, block)
        rows += _klines(pair, trades.between(minutes.start * MINUTE_MS, end_ms))
    return json_answer(rows, headers={"x-mbx-used-weight-1m": "2"})


def _kline_minutes(numbers: dict[str, int], now_ms: int) -> range:
    """The minutes whose opening lies in [startTime, endTime], at most `limit`."""
    limit = max(1, min(numbers.get("limit", DEFAULT_KLINES), MAX_KLINES))
    end = min(numbers.get("endTime", now_ms), now_ms) // MINUTE_MS + 1
    if "startTime" not in numbers:
        return range(max(0, end - limit), end)
    start = -(-numbers["startTime"] // MINUTE_MS)
    return range(start, min(end, start + limit))


def _klines(pair: Pair, trades: Trades) -> list[list[int | str]]:
    """The rows of the minutes that these trades lie in."""
    sums = minute_sums(trades)
    decimals, lots = pair.instrument.decimals, pair.lot_decimals
    columns = (
        sums.opening_ms.tolist(),
        _texts(sums.open, decimals),
        _texts(sums.high, decimals),
        _texts(sums.low, decimals),
        _texts(sums.close, decimals),
        _texts(sums.size, lots),
        (sums.opening_ms + MINUTE_MS - 1).tolist(),
        _texts(sums.money, decimals + lots),
        sums.count.tolist(),
        _texts(sums.taker_size, lots),
        _texts(sums.taker_money, decimals + lots),
    )
    return [[*row, "0"] for row in zip(*columns, strict=True)]


def _texts(units: Int64s, decimals: int) -> list[str]:
    return [fixed(value, decimals, PLACES) for value in units.tolist()]


def _refusal(code: int, text: str, identity: object) -> str:
    body: dict[str, object] = {"code": code, "msg": text}
    if identity is not None:
        body["id"] = identity
    return _compact(body)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
