"""The table of what is served."""

import pytest

from connectors.providers import PROVIDERS
from connectors.sandbox.mounts import MOUNTS
from tests.connectors.sandbox.conftest import get


@pytest.mark.parametrize(
    ("provider", "served", "refused"),
    [
        ("binance", ["stream", "ws", "ws/btcusdt@trade"], ["", "streams", "api/v3/klines"]),
        ("coinbase", [""], ["v2", "products"]),
        ("kraken", ["v2"], ["", "0/public/Trades"]),
        ("coingecko", ["v1"], ["", "v1/x", "api/v3/ping"]),
    ],
)
def test_streams_are_served_at_their_paths(
    provider: str, served: list[str], refused: list[str]
) -> None:
    stream = MOUNTS[provider].stream
    assert stream is not None
    assert [path for path in served + refused if stream.serves(path)] == served


def test_every_provider_of_the_connectors_is_served() -> None:
    assert set(MOUNTS) == set(PROVIDERS)


def test_pings_are_the_providers() -> None:
    streams = {name: mount.stream for name, mount in MOUNTS.items() if mount.stream is not None}
    pings = {
        name: (stream.ping_interval_s, stream.pong_deadline_s) for name, stream in streams.items()
    }
    expected = {
        "binance": (20.0, 60.0),
        "coingecko": (10.0, 20.0),
        "kraken": (None, None),
        "coinbase": (None, None),
    }
    assert pings == expected
    assert {name for name, stream in streams.items() if stream.max_age_s} == {"binance"}


def test_histories_are_known() -> None:
    assert MOUNTS["binance"].is_history(get("api/v3/klines"))
    assert MOUNTS["alphavantage"].is_history(get("query", function="FX_INTRADAY"))
    assert not MOUNTS["alphavantage"].is_history(get("query", function="GLOBAL_QUOTE"))
    assert MOUNTS["kraken"].is_history(get("0/public/Trades"))
    assert not MOUNTS["coingecko"].is_history(get("api/v3/simple/price"))
    for path in ("fixer/timeseries", "api/2026-11-20", "api/fluctuation"):
        assert MOUNTS["fixer"].is_history(get(path))
    assert not MOUNTS["fixer"].is_history(get("api/latest"))
    assert MOUNTS["ecb"].is_history(get("stats/eurofxref/eurofxref-hist-90d.xml"))
    assert not MOUNTS["ecb"].is_history(get("stats/eurofxref/eurofxref-daily.xml"))
    assert MOUNTS["openexchangerates"].is_history(get("api/historical/2026-11-20.json"))
