"""Configurations of the feeds: where they point, and that they show no key."""

from connectors.config import FeedsConfig
from market.sources import Feed


def test_the_sandbox_answers_for_everybody() -> None:
    config = FeedsConfig.sandbox("http://127.0.0.1:8010")
    assert config.feed is Feed.SIMULATED
    assert config.binance_stream_url == "ws://127.0.0.1:8010"
    assert config.binance_rest_url == config.coingecko_url == "http://127.0.0.1:8010/api/v3"
    assert config.alphavantage_url == "http://127.0.0.1:8010/query"
    assert config.fixer_url == "http://127.0.0.1:8010/api/latest"
    assert config.alphavantage_key is not None
    assert config.fixer_key is not None


def test_live_without_keys_leaves_the_keyless() -> None:
    config = FeedsConfig.live()
    assert config.feed is Feed.LIVE
    assert config.alphavantage_key is None
    assert config.fixer_key is None
    assert config.binance_stream_url == "wss://data-stream.binance.vision"


def test_live_intervals_stay_within_the_free_plans() -> None:
    config = FeedsConfig.live()
    assert 86_400 / config.alphavantage_spacing_s <= 25
    assert 31 * 86_400 / config.fixer_spacing_s <= 100
    assert 60 / config.coingecko_spacing_s <= 10


def test_keys_are_never_shown() -> None:
    config = FeedsConfig.live(
        alphavantage_key="CANARY1", fixer_key="CANARY2", coingecko_key="CANARY3"
    )
    assert "CANARY" not in repr(config)
