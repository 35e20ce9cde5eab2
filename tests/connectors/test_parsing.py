"""Whatever a payload holds, parsing gives ticks, bars and refusals, and never raises."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.ecb.requests import DOCUMENTS
from connectors.parsing import PARSERS, parse
from connectors.refusals import MAX_EXCERPT_CHARS
from market.instruments import CATALOGUE
from market.log import Parsed
from tests.connectors import bar_samples
from tests.connectors.alphavantage.samples import SAMPLES as ALPHAVANTAGE
from tests.connectors.binance import samples as binance
from tests.connectors.coinbase import samples as coinbase
from tests.connectors.coingecko import samples as coingecko
from tests.connectors.ecb.samples import NINETY
from tests.connectors.fixer import test_tables as fixer
from tests.connectors.kraken import samples as kraken
from tests.connectors.openexchangerates import test_tables as openexchangerates
from tests.connectors.support import record

CONTEXTS = {
    **bar_samples.CONTEXTS,
    **{("binance", kind): text for kind, text in binance.CONTEXTS.items()},
    **{("coinbase", kind): text for kind, text in coinbase.CONTEXTS.items()},
    **{("coingecko", kind): text for kind, text in coingecko.CONTEXTS.items()},
    **{("kraken", kind): text for kind, text in kraken.CONTEXTS.items()},
    ("oanda", "ticks"): '{"symbol":"EUR-USD","date":"2014-05-01","row":0}',
}
SAMPLES = {
    **bar_samples.BODIES,
    **{("alphavantage", kind): payload for kind, payload in ALPHAVANTAGE.items()},
    **{("binance", kind): body.encode() for kind, body in binance.BODIES.items()},
    **{("coinbase", kind): body.encode() for kind, body in coinbase.BODIES.items()},
    **{("coingecko", kind): body for kind, body in coingecko.BODIES.items()},
    **{("ecb", document): NINETY for document in DOCUMENTS},
    **{("kraken", kind): body.encode() for kind, body in kraken.BODIES.items()},
    **{("fixer", kind): body.encode() for kind, body in fixer.BODIES.items()},
    **{
        ("openexchangerates", kind): body.encode()
        for kind, body in openexchangerates.BODIES.items()
    },
    ("oanda", "ticks"): b"292,1.38676,1.38686\r\n920,1.38676,1.38687\r\n",
}
REPLACEMENTS = [
    b"",
    b"null",
    b"true",
    b"-1",
    b"0",
    b"NaN",
    b"1e999",
    b"1e-999",
    b'"',
    b"{",
    b"[]",
    b"\xff",
    b"\x00",
    b"9" * 30,
    b'"\\ud800"',
    b"\n",
]


def outcome_of(key: tuple[str, str], payload: bytes, context: str | None = None) -> Parsed:
    provider, kind = key
    context = CONTEXTS.get(key, "") if context is None else context
    return parse(record(provider, kind, payload, context), CATALOGUE)


def test_every_kind_has_a_sample() -> None:
    assert SAMPLES.keys() == PARSERS.keys()


@pytest.mark.parametrize("key", SAMPLES)
def test_a_sample_gives_rows_and_no_refusal(key: tuple[str, str]) -> None:
    outcome = outcome_of(key, SAMPLES[key])
    assert len(outcome.ticks) + len(outcome.bars) > 0
    assert outcome.refused == ()


@pytest.mark.parametrize("key", SAMPLES)
@pytest.mark.parametrize("payload", [b"\xff\xfe", b"<html>", b"{}", b"[1", b"[" * 50_000])
def test_a_payload_that_is_nothing_is_refused_once(key: tuple[str, str], payload: bytes) -> None:
    if (key, payload) == (("coingecko", "simple/price"), b"{}"):
        return  # no coin is an answer
    outcome = outcome_of(key, payload)
    assert (len(outcome.ticks), len(outcome.bars), len(outcome.refused)) == (0, 0, 1)


def test_a_kind_without_a_parser_is_refused() -> None:
    (refusal,) = outcome_of(("binance", "depth"), b"{}").refused
    assert refusal.reason == "no parser for binance depth"


def test_an_error_body_is_one_refusal_without_its_key() -> None:
    body = b'{"Information":"We have detected your API key as CANARY123, 25 requests per day"}'
    (refusal,) = outcome_of(("alphavantage", "GLOBAL_QUOTE"), body).refused
    assert refusal.reason.startswith("alphavantage: the quota of calls is used up: ")
    assert "CANARY" not in refusal.excerpt


@example(("alphavantage", "FX_INTRADAY"), [(0.546875, 0, b"\xff")])
@settings(deadline=None, max_examples=1500)
@given(
    st.sampled_from(sorted(SAMPLES)),
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(REPLACEMENTS)),
        min_size=1,
        max_size=3,
    ),
)
def test_a_mutated_payload_raises_nothing(
    key: tuple[str, str], edits: list[tuple[float, int, bytes]]
) -> None:
    payload = SAMPLES[key]
    for place, length, replacement in edits:
        at = int(place * len(payload))
        payload = payload[:at] + replacement + payload[at + length :]
    outcome = outcome_of(key, payload)
    ticks = outcome.ticks
    assert (ticks.price >= 0).all() and (ticks.bid >= 0).all() and (ticks.ask >= 0).all()
    assert ((ticks.price > 0) | ((ticks.bid > 0) & (ticks.ask > 0))).all()
    assert (outcome.bars.prices > 0).all()
    assert all(len(each.excerpt) <= MAX_EXCERPT_CHARS for each in outcome.refused)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(SAMPLES)), st.binary(max_size=80), st.text(max_size=40))
def test_any_bytes_and_any_context_raise_nothing(
    key: tuple[str, str], payload: bytes, context: str
) -> None:
    for outcome in (outcome_of(key, payload, context), outcome_of(key, SAMPLES[key], context)):
        assert (outcome.ticks.time > 0).all()
        assert (outcome.bars.prices > 0).all()
