"""Cursors: what comes back is what was given, and nothing else is taken."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import InvalidParameterError
from api.market.cursors import candle_cursor, candle_start, tick_cursor, tick_key
from storage.history.ticks import TickKey

TIMES = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))


@settings(deadline=None)
@given(
    time=TIMES,
    source_id=st.integers(0, 2**15 - 1),
    kind=st.sampled_from("qtr"),
    seq=st.integers(-(2**63), 2**63 - 1),
)
def test_a_cursor_brings_back_its_place(
    time: datetime, source_id: int, kind: str, seq: int
) -> None:
    key = TickKey(time, source_id, kind, seq)
    assert tick_key(tick_cursor(key)) == key
    assert candle_start(candle_cursor(time)) == time


@settings(deadline=None)
@given(st.text(max_size=200))
def test_anything_else_is_refused(text: str) -> None:
    for read in (tick_key, candle_start):
        with pytest.raises(InvalidParameterError):
            read(text)


def test_a_cursor_is_good_for_its_own_address_only() -> None:
    with pytest.raises(InvalidParameterError):
        tick_key(candle_cursor(datetime(2026, 1, 1, tzinfo=UTC)))
    with pytest.raises(InvalidParameterError):
        candle_start(tick_cursor(TickKey(datetime(2026, 1, 1, tzinfo=UTC), 1, "q", 1)))
