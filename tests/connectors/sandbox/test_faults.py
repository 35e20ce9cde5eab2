"""Faults are counted, timed, and of one provider."""

import pytest

from connectors.sandbox.fault_kinds import FaultError, Place
from connectors.sandbox.faults import Faults


class Watch:
    """A clock that stands until it is moved."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def taken(faults: Faults, provider: str = "fixer", path: str = "api/latest") -> str | None:
    fault = faults.take(provider, Place.ANSWER, path=path)
    return None if fault is None else fault.name


def test_a_fault_strikes_so_often() -> None:
    faults = Faults()
    faults.set("fixer", "http_500", times=2)
    assert [taken(faults) for _ in range(3)] == ["http_500", "http_500", None]
    assert faults.listing() == []


def test_a_fault_lasts_so_long() -> None:
    watch = Watch()
    faults = Faults(watch)
    faults.set("fixer", "http_500", seconds=1.5)
    watch.now_s += 1.0
    assert taken(faults) == "http_500"
    assert faults.listing()[0]["seconds"] == 0.5
    watch.now_s += 0.5
    assert taken(faults) is None


def test_a_fault_stays_until_it_is_cleared() -> None:
    faults = Faults()
    faults.set("fixer", "nan")
    faults.set("fixer", "http_429", retry_after=7)
    assert [taken(faults) for _ in range(3)] == ["nan"] * 3
    faults.clear("fixer", "nan")
    assert taken(faults) == "http_429"
    faults.clear("fixer")
    faults.clear("fixer", "drip")
    assert taken(faults) is None


def test_a_fault_set_again_replaces_itself() -> None:
    faults = Faults()
    faults.set("fixer", "http_500", times=5)
    faults.set("fixer", "http_500", times=1)
    assert [taken(faults) for _ in range(2)] == ["http_500", None]


def test_a_provider_a_path_or_a_symbol_is_struck_alone() -> None:
    faults = Faults()
    faults.set("kraken", "http_500", path="Trades")
    assert taken(faults, "fixer") is None
    assert taken(faults, "kraken", "0/public/OHLC") is None
    assert taken(faults, "kraken", "0/public/Trades") == "http_500"
    faults.set("kraken", "ws_skip", symbol="BTC-USD")
    assert faults.take("kraken", Place.TRADE, symbol="ETH-USD") is None
    assert faults.take("kraken", Place.TRADE, symbol="BTC-USD") is not None
    assert faults.take("coinbase", Place.TRADE, symbol="BTC-USD") is None


def test_a_connection_is_struck_once_by_each_fault_and_told_at_once() -> None:
    faults = Faults()
    told: list[str] = []
    faults.listen("kraken", lambda: told.append("kraken"))
    faults.set("kraken", "ws_garbage")
    faults.set("kraken", "ws_refused")
    faults.set("coinbase", "ws_garbage")
    assert told == ["kraken"]
    seen: set[int] = set()
    assert [fault.name for fault in faults.take_new("kraken", seen)] == ["ws_garbage"]
    assert faults.take_new("kraken", seen) == []
    faults.set("kraken", "ws_garbage", times=1)
    assert len(faults.take_new("kraken", seen)) == 1
    assert faults.take_new("kraken", set()) == []


def test_the_listing_says_what_is_left_and_what_happened() -> None:
    faults = Faults()
    faults.set("fixer", "http_429", times=3, retry_after=7)
    taken(faults)
    assert faults.listing() == [
        {
            "provider": "fixer",
            "fault": "http_429",
            "times": 2,
            "seconds": None,
            "struck": 1,
            "path": "",
            "retry_after": 7,
        }
    ]
    assert faults.strikes("fixer", Place.ANSWER)
    assert not faults.strikes("fixer", Place.FRAME)


def test_what_can_not_be_meant_sets_nothing() -> None:
    faults = Faults()
    with pytest.raises(FaultError):
        faults.set("fixer", "http_500", times=0)
    assert faults.listing() == []
