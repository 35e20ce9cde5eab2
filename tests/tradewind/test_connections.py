"""The feeds are told the sandbox's address, or the user's keys."""

from pathlib import Path

import pytest

from connectors.config import KEYED
from market.sources import Feed
from tradewind.connections import feeds_config
from tradewind.settings import load_settings


@pytest.fixture(autouse=True)
def _without_own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # away from the developer's own `.env`
    for name in KEYED:
        for what in ("KEY", "PLAN"):
            monkeypatch.delenv(f"TRADEWIND_{name.upper()}_{what}", raising=False)


def test_the_sandbox_stands_in_for_every_provider() -> None:
    config = feeds_config(load_settings(feed="sandbox", sandbox_port=8123))
    assert config.feed is Feed.SIMULATED
    assert config.access["binance"].stream_url == "ws://127.0.0.1:8123/binance"
    assert config.access["fixer"].rest_url == "http://127.0.0.1:8123/fixer"


def test_live_feeds_without_keys_are_the_keyless(monkeypatch: pytest.MonkeyPatch) -> None:
    config = feeds_config(load_settings(feed="live"))
    assert config.feed is Feed.LIVE
    assert set(config.access) == {"binance", "kraken", "coinbase", "coingecko", "ecb"}


def test_live_feeds_get_the_keys_and_plans_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_OPENEXCHANGERATES_KEY", "CANARY1")
    monkeypatch.setenv("TRADEWIND_COINGECKO_PLAN", "pro")
    config = feeds_config(
        load_settings(
            feed="live",
            fixer_key="CANARY2",
            coingecko_key="CANARY3",
            fixer_plan="basic",
            fixer_url="http://data.fixer.io",
        )
    )
    access = config.access
    assert "alphavantage" not in access
    assert (access["fixer"].key, access["fixer"].plan) == ("CANARY2", "basic")
    assert access["fixer"].rest_url == "http://data.fixer.io"
    assert (access["openexchangerates"].key, access["openexchangerates"].plan) == (
        "CANARY1",
        "free",
    )
    assert access["coingecko"].rest_url == "https://pro-api.coingecko.com"
    assert "CANARY" not in repr(config)
