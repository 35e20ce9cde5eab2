"""Minutes that nobody listened to: from when on an instrument's are missing, and who is asked for them."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from connectors.answers import Request
from market.gaps import Gap
from market.instruments import Instrument

HORIZON_US = 86_400_000_000
"""How far back minutes are asked for."""
TOLERATED_US = 120_000_000
"""What has been uncovered for longer is missing."""

Span = Callable[[Instrument, int, int], Sequence[Request]]
"""The requests that bring an instrument's minutes from one instant to another, in µs."""


def missed_minutes(
    instruments: Iterable[Instrument], covered: Mapping[int, int], now_us: int, span: Span
) -> list[Request]:
    """The requests for every instrument's uncovered minutes up to now, at most `HORIZON_US` back."""
    requests: list[Request] = []
    for instrument in instruments:
        since_us = max(covered.get(instrument.id, 0), now_us - HORIZON_US)
        if now_us - since_us > TOLERATED_US:
            requests += span(instrument, since_us, now_us)
    return requests


def silent_minutes(
    gap: Gap, asked: int, instruments: Sequence[Instrument], span: Span
) -> Request | None:
    """The next request for the minutes of a silence, after so many; None where all were asked for."""
    concerned = [each for each in instruments if gap.instrument in (None, each.id)]
    start_us = max(gap.start_us, gap.end_us - HORIZON_US)
    requests = [each for item in concerned for each in span(item, start_us, gap.end_us)]
    return requests[asked] if asked < len(requests) else None
