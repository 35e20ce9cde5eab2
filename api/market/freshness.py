"""Whether a price is live, stale, or of a market that is closed."""

from enum import StrEnum

from market.sources import Feed

_S = 1_000_000
_HOUR = 3_600 * _S

STALE_AFTER_US = {
    "binance": 30 * _S,
    "kraken": 30 * _S,
    "coinbase": 30 * _S,
    "oanda": 60 * _S,
    "coingecko": 5 * 60 * _S,
    "alphavantage": 15 * 60 * _S,
    "fixer": 2 * _HOUR,
    "openexchangerates": 2 * _HOUR,
    "ecb": 26 * _HOUR,
}
"""By provider: what it sends at its slowest plan, and a little patience.

Fixer's and Open Exchange Rates' free plans are hourly, the ECB fixes its rates once a working day.
"""
OTHERS_STALE_AFTER_US = 60 * _S
SIMULATED_STALE_AFTER_US = 3 * 60 * _S
"""The simulated providers are all on their fastest plan."""


class State(StrEnum):
    """What a price is worth right now."""

    LIVE = "live"
    STALE = "stale"
    CLOSED = "closed"


def state_of(feed: Feed, provider: str, age_us: int, *, is_open: bool) -> State:
    """The state of a price of that age, in a market that is open or not.

    A simulated market may move while the real one is closed: there a fresh price is live at any hour.
    """
    if not is_open and feed is not Feed.SIMULATED:
        return State.CLOSED
    if age_us <= stale_after_us(feed, provider):
        return State.LIVE
    return State.STALE if is_open else State.CLOSED


def stale_after_us(feed: Feed, provider: str) -> int:
    """The age beyond which a price of that provider is an old one."""
    limit = STALE_AFTER_US.get(provider, OTHERS_STALE_AFTER_US)
    return min(limit, SIMULATED_STALE_AFTER_US) if feed is Feed.SIMULATED else limit
