"""Sources: every provider in every feed class, each with an id that will never change."""

import pytest

from market.sources import (
    SOURCES,
    Feed,
    UnknownSourceError,
    ids_by_rank,
    source_by_id,
    source_of,
)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_a_source_is_found_by_name_and_by_id(source: object) -> None:
    found = [item for item in SOURCES if item == source]
    assert found == [source]
    assert source_of(found[0].provider, found[0].feed) == source_by_id(found[0].id) == source


def test_stored_ids_and_codes_stay_what_they_are() -> None:
    ids = {(source.provider, source.feed.code): source.id for source in SOURCES}
    assert ids == {
        **{("binance", "l"): 10, ("binance", "r"): 11, ("binance", "s"): 12},
        **{("alphavantage", "l"): 20, ("alphavantage", "r"): 21, ("alphavantage", "s"): 22},
        **{("coingecko", "l"): 30, ("coingecko", "r"): 31, ("coingecko", "s"): 32},
        **{("fixer", "l"): 40, ("fixer", "r"): 41, ("fixer", "s"): 42},
        **{("oanda", "l"): 50, ("oanda", "r"): 51, ("oanda", "s"): 52},
        **{("kraken", "l"): 60, ("kraken", "r"): 61, ("kraken", "s"): 62},
        **{("coinbase", "l"): 70, ("coinbase", "r"): 71, ("coinbase", "s"): 72},
        **{("openexchangerates", "l"): 80, ("openexchangerates", "r"): 81},
        **{("openexchangerates", "s"): 82},
        **{("ecb", "l"): 90, ("ecb", "r"): 91, ("ecb", "s"): 92},
        **{("quandl", "l"): 100, ("quandl", "r"): 101, ("quandl", "s"): 102},
        **{("nasdaq", "l"): 110, ("nasdaq", "r"): 111, ("nasdaq", "s"): 112},
        **{("yahoo", "l"): 120, ("yahoo", "r"): 121, ("yahoo", "s"): 122},
        **{("yahoo_adjusted", "l"): 130, ("yahoo_adjusted", "r"): 131},
        **{("yahoo_adjusted", "s"): 132},
    }


def test_ids_and_ranks_tell_sources_of_a_feed_apart() -> None:
    assert len({source.id for source in SOURCES}) == len(SOURCES)
    for feed in Feed:
        ranks = [source.rank for source in SOURCES if source.feed is feed]
        assert len(set(ranks)) == len(ranks)


def test_an_unknown_provider_is_named() -> None:
    with pytest.raises(UnknownSourceError, match="unknown source: bloomberg"):
        source_of("bloomberg", Feed.LIVE)


def test_an_unknown_id_is_named() -> None:
    with pytest.raises(UnknownSourceError, match="unknown source: 13"):
        source_by_id(13)


def test_a_venues_stream_is_preferred_to_quotes_and_quotes_to_computed_rates() -> None:
    live = sorted((source for source in SOURCES if source.feed is Feed.LIVE), key=lambda s: s.rank)
    order = [source.provider for source in live]
    assert order.index("kraken") < order.index("alphavantage") < order.index("coingecko")
    assert order.index("ecb") < order.index("quandl") < order.index("yahoo_adjusted")


def test_the_ids_of_a_class_come_best_ranked_first() -> None:
    names = [source_by_id(id_).provider for id_ in ids_by_rank(Feed.RECORDED)]
    assert (names[0], names[-1], len(names)) == ("binance", "yahoo_adjusted", len(SOURCES) // 3)
