"""Kraken's v2 stream as a session: a status first, an answer for each symbol, heartbeats when idle."""

import json
from dataclasses import dataclass, field
from typing import Any

import orjson

from connectors.sandbox.days import Day
from connectors.sandbox.digits import stamp
from connectors.sandbox.kraken import (
    PAIRS,
    SNAPSHOT,
    TICKER,
    TRADE,
    UPDATE,
    Best,
    ticker_message,
    trade_message,
)
from connectors.sandbox.pages import last_quote, told_ms
from connectors.sandbox.sessions import Cut, Session
from connectors.sandbox.tape import KRAKEN, Pair, Quotes, Tape, Trades
from connectors.sandbox.wire import Request, World

STATUS = (
    '{"channel":"status","type":"update","data":[{"system":"online","api_version":"v2",'
    '"connection_id":13834774380200032777,"version":"2.0.0"}]}'
)
HEARTBEAT = '{"channel":"heartbeat"}'
REPLAYED_TRADES = 50
DAY_TRADES = 10_000
"""Of so many trades before a subscription a ticker's figures are made."""
HEARTBEAT_US = 1_000_000
IDLE_US = 60_000_000
"""A connection without a subscription ends after so long."""
GOING_AWAY = 1001
BBO, TRADES = "bbo", "trades"
"""What makes a new ticker: a change of the best quote, or a trade."""


@dataclass(slots=True)
class _Ticker:
    trigger: str
    best: Best
    day: Day


@dataclass(slots=True)
class KrakenSession:
    """One client's subscriptions."""

    tape: Tape
    _tickers: dict[Pair, _Ticker] = field(default_factory=dict)
    _trades: set[Pair] = field(default_factory=set)
    _said_us: int = 0
    _heard_us: int = 0

    def opened(self, now_us: int) -> list[str]:
        """The system's status."""
        self._heard_us = now_us
        return self._said([STATUS], now_us)

    def received(self, message: str, now_us: int) -> list[str]:
        """Answers, one for each symbol, and the snapshots that were asked for."""
        self._heard_us = now_us
        try:
            request = orjson.loads(message)
        except orjson.JSONDecodeError:
            request = None
        if not isinstance(request, dict):
            return self._said([_answer({}, now_us, error="Malformed request")], now_us)
        method = request.get("method")
        if method == "ping":
            return self._said([_answer(request, now_us, pong=True)], now_us)
        if method not in ("subscribe", "unsubscribe"):
            return self._said([_answer(request, now_us, error="Unsupported method")], now_us)
        return self._said(self._changed(request, now_us), now_us)

    def traded(self, pair: Pair, trades: Trades, now_us: int) -> list[str]:
        """One message of all these trades, and a ticker where trades make one."""
        frames = []
        if pair in self._trades and len(trades.ids):
            frames.append(trade_message(pair, trades, UPDATE))
        ticker = self._tickers.get(pair)
        if ticker is not None:
            for row in range(len(trades.ids)):
                ticker.day.add(trades, row)
            if ticker.trigger == TRADES and len(trades.ids):
                frames.append(ticker_message(pair, ticker.best, ticker.day, UPDATE))
        return self._said(frames, now_us)

    def quoted(self, pair: Pair, quotes: Quotes, now_us: int) -> list[str]:
        """A ticker for each change of the best quote, where that makes one."""
        ticker = self._tickers.get(pair)
        if ticker is None:
            return []
        frames = []
        for row in range(len(quotes.ids)):
            ticker.best = Best.of(quotes, row)
            if ticker.trigger == BBO:
                frames.append(ticker_message(pair, ticker.best, ticker.day, UPDATE))
        return self._said(frames, now_us)

    def passed(self, now_us: int) -> list[str]:
        """A heartbeat after a second without any other message; an end to who wants nothing."""
        if not self._tickers and not self._trades:
            if now_us - self._heard_us > IDLE_US:
                raise Cut(GOING_AWAY)
            return []
        if now_us - self._said_us < HEARTBEAT_US:
            return []
        return self._said([HEARTBEAT], now_us)

    def ending(self, now_us: int) -> list[str]:
        """Nothing: the exchange just goes."""
        return []

    def _changed(self, request: dict[str, Any], now_us: int) -> list[str]:
        params = request.get("params")
        params = params if isinstance(params, dict) else {}
        channel, symbols = params.get("channel"), params.get("symbol")
        if channel not in (TICKER, TRADE):
            return [_answer(request, now_us, error="Channel not supported")]
        if not isinstance(symbols, list) or not symbols:
            return [_answer(request, now_us, error="Symbol(s) missing")]
        frames = []
        for symbol in symbols:
            pair = PAIRS.get(symbol) if isinstance(symbol, str) else None
            if pair is None:
                words = f"Currency pair not supported {symbol}"
                frames.append(_answer(request, now_us, symbol=str(symbol), error=words))
            elif request["method"] == "subscribe":
                frames += self._subscribed(request, params, pair, symbol, now_us)
            else:
                frames += self._unsubscribed(request, channel, pair, symbol, now_us)
        return frames

    def _subscribed(
        self, request: dict[str, Any], params: dict[str, Any], pair: Pair, symbol: str, now_us: int
    ) -> list[str]:
        channel = params["channel"]
        if pair in (self._tickers if channel == TICKER else self._trades):
            words = f"Already subscribed to one {channel} subscription on this symbol"
            return [_answer(request, now_us, symbol=symbol, error=words)]
        snapshot = params.get("snapshot", channel == TICKER) is True
        result: dict[str, object] = {"channel": channel, "symbol": symbol, "snapshot": snapshot}
        end_ms = told_ms(now_us)
        if channel == TRADE:
            self._trades.add(pair)
            trades = self.tape.last_trades(pair, end_ms, REPLAYED_TRADES)
            replay = trade_message(pair, trades, SNAPSHOT)
        else:
            trigger = BBO if params.get("event_trigger") == BBO else TRADES
            result["event_trigger"] = trigger
            day = Day.of(self.tape.last_trades(pair, end_ms, DAY_TRADES))
            best = Best.of(last_quote(self.tape, pair, now_us), 0)
            self._tickers[pair] = _Ticker(trigger, best, day)
            replay = ticker_message(pair, best, day, SNAPSHOT)
        return [_answer(request, now_us, result=result), *([replay] if snapshot else [])]

    def _unsubscribed(
        self, request: dict[str, Any], channel: str, pair: Pair, symbol: str, now_us: int
    ) -> list[str]:
        known = pair in (self._tickers if channel == TICKER else self._trades)
        if not known:
            return [_answer(request, now_us, symbol=symbol, error="Subscription not found")]
        if channel == TICKER:
            del self._tickers[pair]
        else:
            self._trades.discard(pair)
        return [_answer(request, now_us, result={"channel": channel, "symbol": symbol})]

    def _said(self, frames: list[str], now_us: int) -> list[str]:
        if frames:
            self._said_us = now_us
        return frames


def session(world: World, request: Request) -> Session:
    """The session of a connection."""
    return KrakenSession(world.tapes[KRAKEN])


def _answer(
    request: dict[str, Any],
    now_us: int,
    *,
    result: dict[str, object] | None = None,
    symbol: str = "",
    error: str = "",
    pong: bool = False,
) -> str:
    """An acknowledgement, a refusal, or a pong; it repeats the request's method and `req_id`."""
    body: dict[str, object] = {"method": "pong" if pong else request.get("method", "")}
    if result is not None:
        body["result"] = result
    if error:
        body["error"] = error
    if symbol:
        body["symbol"] = symbol
    if not pong:
        body["success"] = not error
    body |= {"time_in": stamp(now_us), "time_out": stamp(now_us)}
    if isinstance(request.get("req_id"), int):
        body["req_id"] = request["req_id"]
    return json.dumps(body, separators=(",", ":"))
