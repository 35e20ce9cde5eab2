"""CoinGecko's WebSocket: an ActionCable channel of coin prices, about every ten seconds, without replay.

Greeting → we subscribe to the channel → confirmation → we name the coins → one acknowledgement a coin.
What is inside `identifier` and `data` is JSON in a JSON string.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from connectors.answers import decode_or_none
from connectors.coingecko.checks import message_of
from connectors.coingecko.coins import CURRENCY, PROVIDER
from connectors.connector import KEEP, SKIP, Heard
from connectors.errors import BadKeyError, PremiumError, UnknownAtProviderError
from connectors.numerals import text_of

SHARD = "stream"
MAX_COINS = 100
"""Coins that one connection may name."""
SILENCE_S = 25.0
"""Two prices missed, and a while."""
QUIET_S = 60
"""The venue's pings alone do not show that our coins are still subscribed to."""
KEY_HEADER = "x-cg-pro-api-key"
PONG = '{"type":"pong"}'
NEEDS = "the stream is for plans from Analyst on; polling goes on without it"

_IDENTIFIER = json.dumps({"channel": "CGSimplePrice"}, separators=(",", ":"))
_FINE = ("", "2000", "3000")
"""Codes of a subscription and of the greeting; most frames have none."""

_NOTHING = msgspec.Raw(b"")


class _Frame(msgspec.Struct):
    """What tells control frames from prices; a price has none of these."""

    type: msgspec.Raw = _NOTHING
    code: msgspec.Raw = _NOTHING
    message: msgspec.Raw = _NOTHING
    reason: msgspec.Raw = _NOTHING


_NO_CONTROL = _Frame()


@dataclass(slots=True)
class CoinGeckoDialect:
    """One connection, subscribed to at most `MAX_COINS` coins in dollars."""

    address: str
    coins: Sequence[str]
    headers: Mapping[str, str] = field(repr=False)
    provider: str = PROVIDER
    shard: str = SHARD
    silence_s: float = SILENCE_S
    max_age_s: float | None = None
    ping_s: float | None = None
    _quiet_since_s: int | None = None

    def opening(self) -> Sequence[str]:
        """Nothing: it is for the venue to greet."""
        return ()

    def ping(self) -> str:
        """Never sent: the venue pings, below the frames."""
        raise NotImplementedError

    def hear(self, frame: bytes) -> Heard:
        """Answer the steps of the subscription; keep whatever may be a price."""
        heard = decode_or_none(frame, _Frame)
        if heard is None or heard == _NO_CONTROL:
            self._quiet_since_s = None
            return KEEP
        said = f"{message_of(heard.message)} {message_of(heard.reason)}"
        if "unauthorized" in said.lower():
            advice = "the stream wants the key of a paid plan, Analyst or above"
            return Heard(error=BadKeyError(PROVIDER, advice))
        if text_of(heard.code) not in _FINE:
            advice = f'it says "{said.strip()}", polling goes on without it'
            return Heard(error=UnknownAtProviderError(PROVIDER, "a part of the stream", advice))
        if text_of(heard.type) == "ping":
            return Heard(replies=(PONG,), leave=self._is_quiet(text_of(heard.message)))
        return self._answer(text_of(heard.type))

    def _is_quiet(self, time_s: str) -> bool:
        """Whether pings, which carry the venue's time, went on for long without a price."""
        if not (time_s.isascii() and time_s.isdigit()):
            return False
        now_s = int(time_s[:12])
        if self._quiet_since_s is None:
            self._quiet_since_s = now_s
        return now_s - self._quiet_since_s >= QUIET_S

    def _answer(self, step: str) -> Heard:
        if step == "welcome":
            return Heard(replies=(_command("subscribe"),))
        if step == "confirm_subscription":
            data = {"coin_id": list(self.coins[:MAX_COINS]), "vs_currencies": [CURRENCY]}
            return Heard(replies=(_command("message", {**data, "action": "set_tokens"}),))
        if step == "reject_subscription":
            return Heard(error=PremiumError(PROVIDER, "the channel CGSimplePrice", NEEDS))
        return Heard(leave=True) if step == "disconnect" else SKIP


def _command(command: str, data: Mapping[str, object] | None = None) -> str:
    message = {"command": command, "identifier": _IDENTIFIER}
    if data is not None:
        message["data"] = json.dumps(data, separators=(",", ":"))
    return json.dumps(message, separators=(",", ":"))
