"""Coinbase's stream as a session: five seconds to subscribe, the last trade again, heartbeats."""

import json
from dataclasses import dataclass, field
from typing import Any

import orjson

from connectors.sandbox.coinbase import (
    LAST_MATCH,
    MATCH,
    PRODUCTS,
    heartbeat_message,
    match_message,
    ticker_message,
)
from connectors.sandbox.days import Day
from connectors.sandbox.kraken import Best
from connectors.sandbox.pages import last_quote, told_ms
from connectors.sandbox.sessions import Cut, Session
from connectors.sandbox.tape import COINBASE, Pair, Quotes, Tape, Trades
from connectors.sandbox.wire import Request, World

TICKER, MATCHES, HEARTBEAT = "ticker", "matches", "heartbeat"
CHANNELS = (TICKER, MATCHES, HEARTBEAT)
DEADLINE_US = 5_000_000
HEARTBEAT_US = 1_000_000
BEHIND_US = 1_000_000
"""A heartbeat names the newest trade of so long ago, which every client has been told by now."""
DAY_TRADES = 10_000
POLICY = 1008

Wanted = dict[str, list[str]]
"""Products by channel."""


@dataclass(slots=True)
class _Product:
    day: Day
    best: Best


@dataclass(slots=True)
class CoinbaseSession:
    """One client's subscriptions."""

    tape: Tape
    _channels: dict[str, dict[Pair, None]] = field(
        default_factory=lambda: {channel: {} for channel in CHANNELS}
    )
    _products: dict[Pair, _Product] = field(default_factory=dict)
    _opened_us: int = 0
    _subscribed: bool = False
    _beat_us: int = 0

    def opened(self, now_us: int) -> list[str]:
        """No greeting."""
        self._opened_us = now_us
        return []

    def received(self, message: str, now_us: int) -> list[str]:
        """The subscriptions as they stand now and what they replay, or an error."""
        try:
            request = orjson.loads(message)
        except orjson.JSONDecodeError:
            return [_error("Malformed JSON", "")]
        kind = request.get("type") if isinstance(request, dict) else None
        if kind not in ("subscribe", "unsubscribe"):
            return [_error("Type has to be either subscribe or unsubscribe", "")]
        wanted, problem = _wanted(request)
        if problem:
            return [_error(f"Failed to {kind}", problem)]
        if kind == "unsubscribe":
            self._unsubscribe(wanted)
            return [self._subscriptions()]
        return self._subscribe(wanted, now_us)

    def traded(self, pair: Pair, trades: Trades, now_us: int) -> list[str]:
        """A match and a ticker for each trade."""
        product = self._products.get(pair)
        if product is None:
            return []
        frames = []
        for row in range(len(trades.ids)):
            product.day.add(trades, row)
            if pair in self._channels[MATCHES]:
                frames.append(match_message(pair, product.day, MATCH))
            if pair in self._channels[TICKER]:
                frames.append(ticker_message(pair, product.best, product.day))
        return frames

    def quoted(self, pair: Pair, quotes: Quotes, now_us: int) -> list[str]:
        """Nothing: a new best quote comes with the next trade's ticker."""
        if pair in self._products and len(quotes.ids):
            self._products[pair].best = Best.of(quotes, -1)
        return []

    def passed(self, now_us: int) -> list[str]:
        """A heartbeat a second for each product; an end to who has not subscribed in time."""
        if not self._subscribed and now_us - self._opened_us > DEADLINE_US:
            raise Cut(POLICY)
        if now_us - self._beat_us < HEARTBEAT_US:
            return []
        self._beat_us = now_us
        return [self._heartbeat(pair, now_us) for pair in self._channels[HEARTBEAT]]

    def ending(self, now_us: int) -> list[str]:
        """Nothing: the exchange just goes."""
        return []

    def _subscribe(self, wanted: Wanted, now_us: int) -> list[str]:
        self._subscribed = True
        replays = []
        for channel, names in wanted.items():
            for name in names:
                pair = PRODUCTS[name]
                if pair in self._channels[channel]:
                    continue
                self._channels[channel][pair] = None
                replays += self._replay(channel, pair, now_us)
        return [self._subscriptions(), *replays]

    def _replay(self, channel: str, pair: Pair, now_us: int) -> list[str]:
        """The last trade once more, however long ago it was."""
        if pair not in self._products:
            day = Day.of(self.tape.last_trades(pair, told_ms(now_us), DAY_TRADES))
            best = Best.of(last_quote(self.tape, pair, now_us), 0)
            self._products[pair] = _Product(day, best)
        product = self._products[pair]
        if channel == MATCHES:
            return [match_message(pair, product.day, LAST_MATCH)]
        return [ticker_message(pair, product.best, product.day)] if channel == TICKER else []

    def _unsubscribe(self, wanted: Wanted) -> None:
        for channel, names in wanted.items():
            for name in names:
                self._channels[channel].pop(PRODUCTS[name], None)

    def _subscriptions(self) -> str:
        channels = [
            {"name": channel, "product_ids": [pair.instrument.symbol for pair in pairs]}
            for channel, pairs in self._channels.items()
            if pairs
        ]
        return json.dumps({"type": "subscriptions", "channels": channels}, separators=(",", ":"))

    def _heartbeat(self, pair: Pair, now_us: int) -> str:
        told = self.tape.last_trades(pair, told_ms(now_us - BEHIND_US), 1)
        return heartbeat_message(pair, int(told.ids[-1]), now_us)


def session(world: World, request: Request) -> Session:
    """The session of a connection."""
    return CoinbaseSession(world.tapes[COINBASE])


def _wanted(request: dict[str, Any]) -> tuple[Wanted, str]:
    """The products of each channel that a request names, or what is wrong with it."""
    common, channels = request.get("product_ids", []), request.get("channels")
    if not isinstance(channels, list) or not channels:
        return {}, "No channels provided"
    wanted: Wanted = {}
    for channel in channels:
        entry = channel if isinstance(channel, dict) else {"name": channel}
        name, names = entry.get("name"), entry.get("product_ids", common)
        if name not in CHANNELS:
            return {}, f"{name} is not a valid channel"
        if not isinstance(names, list) or not names:
            return {}, f"You need to specify at least one product ID for channel {name}"
        unknown = [each for each in names if not isinstance(each, str) or each not in PRODUCTS]
        if unknown:
            return {}, f"{unknown[0]} is not a valid product"
        wanted[name] = [*wanted.get(name, []), *names]
    return wanted, ""


def _error(message: str, reason: str) -> str:
    return json.dumps(
        {"type": "error", "message": message, "reason": reason}, separators=(",", ":")
    )
