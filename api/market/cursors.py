"""Cursors: where the next page begins, opaque to the client and checked when it comes back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import TypeVar

import msgspec

from api.errors import InvalidParameterError
from market.clock import datetime_of, microseconds
from storage.history.ticks import TickKey

_T = TypeVar("_T")
_INT64 = 2**63
_LAST_US = 250_000_000_000_000_000
"""In the year 9892: no later time is a datetime in every zone."""


def tick_cursor(key: TickKey) -> str:
    """The cursor of what follows a tick."""
    return _encode((microseconds(key.time), key.source_id, key.kind, key.seq))


def tick_key(cursor: str) -> TickKey:
    """The tick that the next page follows. InvalidParameterError where it is no such cursor."""
    time_us, source_id, kind, seq = _decode(cursor, tuple[int, int, str, int])
    if kind not in ("q", "t", "r") or not 0 <= source_id < 2**15 or not -_INT64 <= seq < _INT64:
        raise InvalidParameterError("cursor", "is none of this address")
    return TickKey(_moment(time_us), source_id, kind, seq)


def candle_cursor(start: datetime) -> str:
    """The cursor of the candles from `start` on."""
    return _encode((microseconds(start),))


def candle_start(cursor: str) -> datetime:
    """The opening of the next page's first candle; raises as `tick_key`."""
    (time_us,) = _decode(cursor, tuple[int])
    return _moment(time_us)


def _encode(value: tuple[object, ...]) -> str:
    return urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode()


def _decode(cursor: str, shape: type[_T]) -> _T:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        return msgspec.json.decode(urlsafe_b64decode(padded), type=shape)
    except (ValueError, msgspec.MsgspecError):
        raise InvalidParameterError("cursor", "is none of this address") from None


def _moment(time_us: int) -> datetime:
    if not 0 <= time_us <= _LAST_US:
        raise InvalidParameterError("cursor", "is none of this address")
    return datetime_of(time_us)
