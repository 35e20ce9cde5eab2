"""CoinGecko's WebSocket in the sandbox: one client's subscription to the channel of coin prices.

What is inside `identifier` and `data` is JSON in a JSON string. A price comes about every ten seconds a
coin, its keys in random order, a field null now and then, its time whole or not.
"""

import json
import random
from collections.abc import Mapping

from connectors.sandbox.coingecko import credential
from connectors.sandbox.coingecko_coins import COINS, TURNOVER, VS_CURRENCIES, price_of
from connectors.sandbox.sessions import Cut
from connectors.sandbox.tape import Pair, Quotes, Trades
from connectors.sandbox.wire import INVALID_KEY, Request, World

INTERVAL_S = 10.0
PING_S = 10.0
MAX_TOKENS = 100
CHANNEL = "CGSimplePrice"
BASIC_KEY = "basic"
"""A key of a plan below Analyst: its subscription is rejected."""
POLICY = 1008

NULL_SHARE = 0.05
"""How many of the fields beside the price are null."""
NULL_PRICE_SHARE = 0.005
"""How many frames lack the price or its time."""
FLOAT_SHARE = 0.2
"""How many times are not whole seconds."""

Token = tuple[str, str]
"""A coin's id and a currency."""


def session(world: World, request: Request) -> "CoinGeckoSession":
    """A connection to `v1`: brisk where the profile is."""
    interval_s = min(INTERVAL_S, float(world.profile.coingecko_step_s))
    return CoinGeckoSession(world, credential(request, "pro"), interval_s=interval_s)


class CoinGeckoSession:
    """See `sessions.Session`. `interval_s` is how often a coin's price comes."""

    def __init__(self, world: World, key: str, *, interval_s: float = INTERVAL_S) -> None:
        self._world = world
        self._key = key
        self._interval_us = round(interval_s * 1e6)
        self._subscribed = False
        self._told: dict[Token, int] = {}
        self._pinged_us = 0
        self._leaving = False

    def opened(self, now_us: int) -> list[str]:
        """Two greetings, or the refusal of a key."""
        self._pinged_us = now_us
        if self._key in ("", INVALID_KEY):
            self._leaving = True
            return [_text({"type": "disconnect", "reason": "Unauthorized", "reconnect": False})]
        name = f"{random.Random(now_us).getrandbits(64):016x}"
        greeting = {"code": 3000, "message": "Connection established", "uuid": name}
        return [_text(greeting), _text({"type": "welcome", "sid": name})]

    def received(self, message: str, now_us: int) -> list[str]:
        """Replies to the commands; what is none is ignored."""
        command = _object(message)
        identifier = command.get("identifier")
        channel = _object(identifier).get("channel")
        if command.get("command") == "subscribe":
            return self._subscribe(identifier, channel)
        if not self._subscribed or channel != CHANNEL:
            return []
        if command.get("command") == "unsubscribe":
            self._subscribed = False
            self._told.clear()
            return [_done("Unsubscription is successful for all tokens")]
        if command.get("command") == "message":
            return self._change(_object(command.get("data")))
        return []

    def traded(self, pair: Pair, trades: Trades, now_us: int) -> list[str]:
        """Nothing: CoinGecko hears of no single trade."""
        return []

    def quoted(self, pair: Pair, quotes: Quotes, now_us: int) -> list[str]:
        """Nothing, likewise."""
        return []

    def passed(self, now_us: int) -> list[str]:
        """The prices that are due, and a ping in a message of its own."""
        if self._leaving:
            raise Cut(POLICY)
        frames = []
        for token, told_us in self._told.items():
            due_us = self._due_us(token, now_us)
            if due_us > told_us:
                self._told[token] = due_us
                frames.append(self._frame(token, due_us))
        if now_us - self._pinged_us >= PING_S * 1e6:
            self._pinged_us = now_us
            frames.append(_text({"type": "ping", "message": now_us // 1_000_000}))
        return frames

    def ending(self, now_us: int) -> list[str]:
        """The framing's own farewell."""
        return [_text({"type": "disconnect", "reason": "server_restart", "reconnect": True})]

    def _subscribe(self, identifier: object, channel: object) -> list[str]:
        if channel != CHANNEL or self._key == BASIC_KEY:
            return [_text({"type": "reject_subscription", "identifier": identifier})]
        self._subscribed = True
        return [_text({"type": "confirm_subscription", "identifier": identifier})]

    def _change(self, data: Mapping[str, object]) -> list[str]:
        tokens = _tokens(data)
        if data.get("action") == "unset_tokens":
            gone = [token for token in tokens if self._told.pop(token, None) is not None]
            return [_done(f"Unsubscription is successful for {coin_id}") for coin_id, _ in gone]
        if data.get("action") != "set_tokens":
            return []
        replies = []
        for token in tokens:
            if token not in self._told and len(self._told) >= MAX_TOKENS:
                replies.append(_text({"code": 4001, "message": "Too many subscriptions"}))
                break
            self._told.setdefault(token, 0)
            replies.append(_done(f"Subscribed to {token[0]} in {token[1]}"))
        return replies

    def _due_us(self, token: Token, now_us: int) -> int:
        """When the newest price of a coin was made; coins take turns within the interval."""
        offset_us = _dice(token, 0).randrange(self._interval_us)
        return (now_us - offset_us) // self._interval_us * self._interval_us + offset_us

    def _frame(self, token: Token, time_us: int) -> str:
        coin, currency = COINS[token[0]], token[1]
        dice = _dice(token, time_us)
        whole = dice.random() >= FLOAT_SHARE
        if whole:
            time_us -= time_us % 1_000_000
        price = price_of(self._world, coin, currency, time_us)
        before = price_of(self._world, coin, currency, time_us - 86_400_000_000)
        fields: dict[str, object] = {
            "c": "C1",
            "i": coin.id,
            "vs": currency,
            "p": price,
            "pp": 100.0 * (price / before - 1.0),
            "m": price * coin.supply,
            "v": price * coin.supply * TURNOVER,
            "t": time_us // 1_000_000 if whole else time_us / 1e6,
        }
        for name in ("pp", "m", "v"):
            if dice.random() < NULL_SHARE:
                fields[name] = None
        if dice.random() < NULL_PRICE_SHARE:
            fields[dice.choice("pt")] = None
        names = dice.sample(list(fields), len(fields))
        return _text({name: fields[name] for name in names})


def _tokens(data: Mapping[str, object]) -> list[Token]:
    """The known coins in known currencies of a command; others are left out in silence."""
    coins, currencies = data.get("coin_id"), data.get("vs_currencies")
    if not isinstance(coins, list) or not isinstance(currencies, list):
        return []
    return [
        (str(coin_id), str(currency))
        for coin_id in coins
        for currency in currencies
        if str(coin_id) in COINS and str(currency) in VS_CURRENCIES
    ]


def _dice(token: Token, number: int) -> random.Random:
    return random.Random(f"{token} {number}")


def _done(message: str) -> str:
    return _text({"code": 2000, "message": message})


def _object(text: object) -> dict[str, object]:
    """The object in a string of JSON; empty where there is none."""
    if not isinstance(text, str):
        return {}
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
