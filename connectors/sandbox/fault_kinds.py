"""The kinds of faults: what each strikes, the options it takes, and what can't be meant."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MAX_SECONDS = 86_400.0
MAX_TIMES = 1_000_000_000
MAX_BODY_BYTES = 1_000_000_000
MAX_TEXT = 10_000


class FaultError(Exception):
    """A fault that can't be set; `missing`: there is no such provider."""

    def __init__(self, text: str, *, missing: bool = False) -> None:
        super().__init__(text)
        self.missing = missing


class Place(StrEnum):
    """What a fault strikes."""

    ANSWER = "answer"
    HANDSHAKE = "handshake"
    CONNECTION = "connection"
    TRADE = "trade"
    FRAME = "frame"


_STREAM = frozenset({Place.HANDSHAKE, Place.CONNECTION, Place.FRAME})
_EVERYTHING = frozenset(Place)
PROVIDERS: Mapping[str, frozenset[Place]] = {
    "alphavantage": frozenset({Place.ANSWER}),
    "binance": _EVERYTHING,
    "coinbase": _EVERYTHING,
    "coingecko": _STREAM | {Place.ANSWER},
    "ecb": frozenset({Place.ANSWER}),
    "fixer": frozenset({Place.ANSWER}),
    "kraken": _EVERYTHING,
    "openexchangerates": frozenset({Place.ANSWER}),
}
"""What each provider has to be struck: only a venue trades."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and its options, of which each kind takes its own; `path`: only paths that contain it."""

    name: str
    path: str = ""
    retry_after: int | None = None
    bytes_per_s: int = 20
    content_type: str = "text/html; charset=utf-8"
    body: str | None = None
    size_bytes: int = 100_000_000
    status: int = 503
    pongs: bool = True
    frames: int = 50
    symbol: str = ""

    @property
    def place(self) -> Place:
        """What it strikes."""
        return KINDS[self.name][0]

    def options(self) -> dict[str, object]:
        """The options of its kind."""
        return {name: getattr(self, name) for name in KINDS[self.name][1]}


KINDS: Mapping[str, tuple[Place, tuple[str, ...]]] = {
    "http_429": (Place.ANSWER, ("path", "retry_after")),
    "http_500": (Place.ANSWER, ("path",)),
    "http_503": (Place.ANSWER, ("path",)),
    "drip": (Place.ANSWER, ("path", "bytes_per_s")),
    "truncated": (Place.ANSWER, ("path",)),
    "content_type": (Place.ANSWER, ("path", "content_type")),
    "error_body": (Place.ANSWER, ("path", "body")),
    "nan": (Place.ANSWER, ("path",)),
    "overflow": (Place.ANSWER, ("path",)),
    "huge_body": (Place.ANSWER, ("path", "size_bytes")),
    "reset": (Place.ANSWER, ("path",)),
    "hangup": (Place.ANSWER, ("path",)),
    "ws_refused": (Place.HANDSHAKE, ("status",)),
    "ws_silent": (Place.CONNECTION, ("pongs",)),
    "ws_shutdown": (Place.CONNECTION, ()),
    "ws_reset": (Place.CONNECTION, ()),
    "ws_garbage": (Place.CONNECTION, ()),
    "ws_replay": (Place.CONNECTION, ("frames",)),
    "ws_skip": (Place.TRADE, ("symbol",)),
    "ws_repeat": (Place.TRADE, ("symbol",)),
    "ws_nan": (Place.FRAME, ()),
    "ws_overflow": (Place.FRAME, ()),
}
"""Name → what it strikes, and the options that it takes."""


def require_provider(provider: str) -> None:
    """FaultError where there is no such provider."""
    if provider not in PROVIDERS:
        raise FaultError(
            f"no provider {provider!r}; there are {', '.join(PROVIDERS)}", missing=True
        )


def build(provider: str, name: str, options: Mapping[str, object]) -> Fault:
    """The fault of that name; FaultError says which option can't be meant."""
    require_provider(provider)
    kind = KINDS.get(name)
    if kind is None:
        raise FaultError(f"no fault {name!r:.50}; there are {', '.join(KINDS)}")
    if kind[0] not in PROVIDERS[provider]:
        raise FaultError(f"{provider} has no {kind[0]} that {name} could strike")
    unknown = sorted(set(options) - set(kind[1]))
    if unknown:
        known = ", ".join(("times", "seconds", *kind[1]))
        raise FaultError(f"{name} takes {known}, not {', '.join(unknown):.50}")
    checked: dict[str, Any] = {
        option: _CHECKS[option](option, value) for option, value in options.items()
    }
    return dataclasses.replace(Fault(name), **checked)


def times_of(value: object) -> int | None:
    """How often, as given; None: without end. FaultError."""
    return None if value is None else _whole("times", value, 1, MAX_TIMES)


def seconds_of(value: object) -> float | None:
    """How long, as given; None: without end. FaultError."""
    return None if value is None else _seconds(value)


def _whole(name: str, value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise FaultError(f"{name} is a whole number from {low} to {high}, not {value!r:.50}")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FaultError(f"seconds is a number, not {value!r:.50}")
    if not 0.0 < value <= MAX_SECONDS:
        raise FaultError(f"seconds is above 0 and at most {MAX_SECONDS:.0f}, not {value!r:.50}")
    return float(value)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise FaultError(f"{name} is a text of at most {MAX_TEXT} characters")
    return value


def _header(name: str, value: object) -> str:
    text = _text(name, value)
    if not text.isascii() or not text.isprintable():
        raise FaultError(f"{name} is printable ASCII")
    return text


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise FaultError(f"{name} is true or false, not {value!r:.50}")
    return value


def _retry_after(name: str, value: object) -> int | None:
    return None if value is None else _whole(name, value, 0, int(MAX_SECONDS))


_CHECKS: Mapping[str, Callable[[str, object], object]] = {
    "path": _text,
    "retry_after": _retry_after,
    "bytes_per_s": lambda name, value: _whole(name, value, 1, MAX_BODY_BYTES),
    "content_type": _header,
    "body": _text,
    "size_bytes": lambda name, value: _whole(name, value, 1, MAX_BODY_BYTES),
    "status": lambda name, value: _whole(name, value, 400, 599),
    "pongs": _flag,
    "frames": lambda name, value: _whole(name, value, 1, 1_000),
    "symbol": _text,
}
