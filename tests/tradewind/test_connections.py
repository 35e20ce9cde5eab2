"""The feeds are told the sandbox's address, or the user's keys."""

from pathlib import Path

import pytest

from market.sources import Feed
from tradewind.connections import feeds_config
from tradewind.settings import load_settings


def test_the_sandbox_stands_in_for_every_provider() -> None:
    config = feeds_config(load_settings(feed="sandbox", sandbox_port=8123))
    assert config.feed is Feed.SIMULATED
    assert config.binance_stream_url == "ws://127.0.0.1:8123"
    assert config.coingecko_url.startswith("http://127.0.0.1:8123/")


def test_live_feeds_get_the_keys_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # away from the developer's own `.env`
    monkeypatch.delenv("TRADEWIND_ALPHAVANTAGE_KEY", raising=False)
    config = feeds_config(load_settings(feed="live", fixer_key="abc"))
    assert config.feed is Feed.LIVE
    assert config.fixer_key == "abc"
    assert config.alphavantage_key is None
    assert config.binance_stream_url.startswith("wss://")
    assert "abc" not in repr(config)
