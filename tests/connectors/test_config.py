"""Configurations of the feeds: who runs, where they are, and that they show no key."""

import pytest

from connectors.config import KEYED, KEYLESS, FeedsConfig
from market.sources import Feed

URL = "http://127.0.0.1:8010"
EVERYBODY = {*KEYLESS, *KEYED}


class TestSandbox:
    def test_it_answers_for_everybody_under_a_prefix(self) -> None:
        config = FeedsConfig.sandbox(URL)
        assert config.feed is Feed.SIMULATED
        assert set(config.access) == EVERYBODY
        for name, access in config.access.items():
            assert access.rest_url.startswith(f"{URL}/{name}")
            assert access.stream_url == f"ws://127.0.0.1:8010/{name}"
            assert access.key is not None

    def test_it_is_asked_briskly_under_large_plans(self) -> None:
        config = FeedsConfig.sandbox(URL)
        assert config.brisk_s == 2.0
        assert config.access["coingecko"].rest_url == f"{URL}/coingecko/pro"
        assert config.access["coingecko"].plan == "pro"
        assert config.access["alphavantage"].plan.startswith("premium")


class TestLive:
    def test_without_keys_the_keyless_run(self) -> None:
        config = FeedsConfig.live()
        assert config.feed is Feed.LIVE
        assert config.brisk_s is None
        assert set(config.access) == {"binance", "kraken", "coinbase", "coingecko", "ecb"}
        assert config.access["coingecko"].key is None
        assert config.access["coingecko"].plan == "demo"
        assert config.access["binance"].stream_url == "wss://data-stream.binance.vision"

    @pytest.mark.parametrize("name", ["alphavantage", "fixer", "openexchangerates"])
    def test_each_key_adds_its_provider_on_the_free_plan(self, name: str) -> None:
        config = FeedsConfig.live({name: "CANARY"})
        assert set(config.access) == {*KEYLESS, name}
        assert config.access[name].key == "CANARY"
        assert config.access[name].plan == "free"

    @pytest.mark.parametrize(
        ("name", "plan", "url"),
        [
            ("coingecko", "demo", "https://api.coingecko.com"),
            ("coingecko", "Pro", "https://pro-api.coingecko.com"),
            ("fixer", "basic", "https://data.fixer.io"),
            ("fixer", "gateway", "https://api.apilayer.com"),
            ("fixer", "gateway_basic", "https://api.apilayer.com"),
            ("alphavantage", "rapidapi", "https://alpha-vantage.p.rapidapi.com"),
            ("alphavantage", "premium75", "https://www.alphavantage.co"),
        ],
    )
    def test_a_plan_decides_the_host(self, name: str, plan: str, url: str) -> None:
        access = FeedsConfig.live({name: "CANARY"}, {name: plan}).access[name]
        assert access.rest_url == url
        assert access.plan == plan.lower()

    def test_a_plan_without_a_key_changes_nothing(self) -> None:
        access = FeedsConfig.live({}, {"coingecko": "pro", "fixer": "basic"}).access
        assert "fixer" not in access
        assert access["coingecko"].rest_url == "https://api.coingecko.com"

    def test_fixer_can_be_asked_elsewhere(self) -> None:
        config = FeedsConfig.live({"fixer": "CANARY"}, fixer_url="http://data.fixer.io/")
        assert config.access["fixer"].rest_url == "http://data.fixer.io"


def test_keys_are_never_shown() -> None:
    config = FeedsConfig.live(dict.fromkeys(KEYED, "CANARY"))
    assert "CANARY" not in repr(config)
    assert set(config.access) == EVERYBODY
