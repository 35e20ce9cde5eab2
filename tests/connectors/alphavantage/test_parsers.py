"""Whatever an answer holds, it raises typed errors alone, and only prices become ticks or bars."""

import contextlib
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.alphavantage.checks import check
from connectors.alphavantage.parsers import PARSERS, SERIES, parse_any_series
from connectors.alphavantage.quotes import same_quote
from connectors.answers import Answer
from connectors.errors import ConnectorError
from market.errors import MarketError
from market.log import Parsed
from tests.connectors.alphavantage.samples import OWN, SAMPLES, av, recorded
from tests.connectors.alphavantage.test_checks import ERRORS
from tests.connectors.alphavantage.test_quotes import CSV
from tests.connectors.support import NOW_US

TABLES = {
    "TIME_SERIES_INTRADAY": recorded("time_series_intraday.csv")[:500],
    "GLOBAL_QUOTE": CSV.encode(),
}
TABLE_CONTEXT = '{"symbol":"IBM","interval":"5min"}'
BODIES = [
    *SAMPLES.items(),
    *TABLES.items(),
    *(("GLOBAL_QUOTE", json.dumps(body).encode()) for body, *_ in ERRORS),
]
PIECES = [
    b"", b"null", b"true", b"-1", b"0", b'"0"', b"NaN", b'"NaN"', b'"inf"', b"1e999", b'"1e-999"',
    b'"', b"{", b"}", b"[]", b"\xff", b"\x00", b"9" * 30, b'"\\ud800"', b"\r\n", b",", b"None",
    b'"Information":"x",', b"Meta Data", b"9999-12-31", b"0001-01-01", b"(1min)", b"(Monthly)",
]  # fmt: skip


def assert_prices(parsed: Parsed) -> None:
    """Every accepted price is finite and above zero."""
    for marks in (parsed.ticks.marks(), parsed.bars.prices / 10.0**parsed.bars.exponents):
        assert np.isfinite(marks).all()
        assert (marks > 0).all()
    assert (parsed.bars.volume_units >= 0).all()


@pytest.mark.parametrize("kind", PARSERS)
def test_a_sample_of_each_kind_gives_prices(kind: str) -> None:
    parsed = PARSERS[kind](av(kind, SAMPLES[kind]), OWN)
    assert len(parsed.ticks) + len(parsed.bars) > 0
    assert parsed.refused == ()
    assert_prices(parsed)


def test_a_series_is_read_in_either_format() -> None:
    assert set(SERIES) < set(PARSERS)
    table = av("TIME_SERIES_INTRADAY", TABLES["TIME_SERIES_INTRADAY"], context=TABLE_CONTEXT)
    assert len(parse_any_series(table, OWN).bars) > 5
    assert len(parse_any_series(av("FX_DAILY", SAMPLES["FX_DAILY"]), OWN).bars) == 2


@settings(deadline=None, max_examples=1_500)
@given(
    st.sampled_from(BODIES),
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(PIECES)),
        min_size=1,
        max_size=3,
    ),
)
def test_a_mutated_answer_raises_typed_errors_alone(
    sample: tuple[str, bytes], edits: list[tuple[float, int, bytes]]
) -> None:
    kind, payload = sample
    before = payload
    for place, length, piece in edits:
        at = int(place * len(payload))
        payload = payload[:at] + piece + payload[at + length :]
    same_quote(before, payload)
    with contextlib.suppress(ConnectorError, MarketError):
        check(Answer(200, payload, NOW_US), kind)
    with contextlib.suppress(ConnectorError, MarketError):
        assert_prices(PARSERS[kind](av(kind, payload, context=TABLE_CONTEXT), OWN))


@settings(max_examples=300)
@given(st.one_of(st.floats(), st.integers(), st.text(max_size=12), st.booleans(), st.none()))
def test_only_a_finite_number_above_zero_is_a_price(value: object) -> None:
    body = {"Global Quote": {"01. symbol": "V", "05. price": value, "06. volume": "1"}}
    try:
        (tick,) = PARSERS["GLOBAL_QUOTE"](av("GLOBAL_QUOTE", body), OWN).ticks.rows()
    except (ConnectorError, MarketError):
        return
    assert not isinstance(value, bool)
    assert isinstance(value, float | int | str)
    assert math.isfinite(float(value))
    assert float(value) > 0
    assert tick.price is not None
    assert float(tick.price) == pytest.approx(float(value))
