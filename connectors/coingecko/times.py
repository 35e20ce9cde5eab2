"""CoinGecko's times: seconds or milliseconds since 1970, whole or not, as JSON writes them."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from connectors.coingecko.coins import PROVIDER
from connectors.errors import MalformedError
from connectors.numerals import text_of
from market.clock import microseconds

US_PER_S = 1_000_000
US_PER_MS = 1_000
MAX_TIME_US = 10**17
"""Later than any time there will be (the year 5138)."""

_NUMBER = re.compile(r"[0-9]{1,17}(?:\.[0-9]{1,20})?", re.ASCII)
_EXCERPT_CHARS = 40
_Aware = Annotated[datetime, msgspec.Meta(tz=True)]


def time_us(raw: msgspec.Raw, unit_us: int) -> int:
    """The µs of a time in units of `unit_us`; what is finer is dropped.

    MalformedError: null, a boolean, zero, negative, or nowhere near our time.
    """
    text = text_of(raw)
    value = int(Decimal(text) * unit_us) if _NUMBER.fullmatch(text) else 0
    if not 0 < value < MAX_TIME_US:
        raise MalformedError(PROVIDER, f"not a time: {text[:_EXCERPT_CHARS]}")
    return value


def iso_us(text: str) -> int:
    """The µs of `2026-05-18T12:49:21.599Z`.

    MalformedError: no time with a zone, or nowhere near our time.
    """
    try:
        value = microseconds(msgspec.convert(text, _Aware))
    except msgspec.MsgspecError:
        value = 0
    if not 0 < value < MAX_TIME_US:
        raise MalformedError(PROVIDER, f"not a time: {text[:_EXCERPT_CHARS]}")
    return value
