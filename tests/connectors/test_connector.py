"""Connectors: what is written down of them never shows a key."""

from connectors.answers import Answer
from connectors.connector import KEEP, SKIP, Access, Connector, Endpoint
from market.gaps import Gap, GapCause
from market.sources import Feed, source_of

KEY = "s3cr3t-k3y"


def check(answer: Answer, request: str) -> None:
    """Anything is an answer."""


def test_no_key_is_shown() -> None:
    access = Access("https://provider", key=KEY)
    endpoint = Endpoint(check, secrets={"apikey": KEY}, headers={"x-key": KEY})
    assert KEY not in f"{access!r} {access} {endpoint!r} {endpoint}"


def test_a_connector_asks_for_no_history_and_repairs_nothing_unless_it_says_how() -> None:
    connector = Connector("binance", ())
    gap = Gap(source_of("binance", Feed.LIVE), 101, GapCause.TRADE_IDS, 0, 1, 5, 6)
    assert list(connector.history({}, 0)) == []
    assert connector.repair(gap, 0, None) is None


def test_a_frame_is_kept_or_skipped() -> None:
    assert (KEEP.keep, SKIP.keep) == (True, False)
