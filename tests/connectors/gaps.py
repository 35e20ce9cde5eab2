"""Gaps as a flow notices them, for the tests of their repair."""

from market.gaps import Gap, GapCause
from market.instruments import CATALOGUE
from market.sources import Feed, source_of
from tests.connectors.support import NOW_US

SECOND_US = 1_000_000


def trade_gap(provider: str, symbol: str, first_id: int, last_id: int) -> Gap:
    """Trades are missing that were made in the last ten seconds."""
    return Gap(
        source_of(provider, Feed.LIVE),
        CATALOGUE.by_symbol(symbol).id,
        GapCause.TRADE_IDS,
        NOW_US - 10 * SECOND_US,
        NOW_US,
        first_id,
        last_id,
    )


def silence(provider: str, seconds: int, symbol: str | None = None) -> Gap:
    """Nothing was heard for so long, of one instrument or of all."""
    instrument = None if symbol is None else CATALOGUE.by_symbol(symbol).id
    source = source_of(provider, Feed.LIVE)
    start_us = NOW_US - seconds * SECOND_US
    return Gap(source, instrument, GapCause.SILENCE, start_us, NOW_US)
