"""What a fault may be told."""

import math

import pytest

from connectors.sandbox.fault_kinds import (
    KINDS,
    PROVIDERS,
    FaultError,
    Place,
    build,
    seconds_of,
    times_of,
)
from connectors.sandbox.mounts import MOUNTS


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_a_fault_of_a_venue(name: str) -> None:
    fault = build("kraken", name, {})
    assert (fault.name, fault.place) == (name, KINDS[name][0])
    assert set(fault.options()) == set(KINDS[name][1])


def test_every_provider_that_is_served_can_be_struck_and_no_other() -> None:
    assert set(MOUNTS) == set(PROVIDERS)
    for provider, mount in MOUNTS.items():
        assert (Place.CONNECTION in PROVIDERS[provider]) == (mount.stream is not None)


def test_options_are_kept() -> None:
    assert build("fixer", "http_429", {"retry_after": 53, "path": "api"}).retry_after == 53
    assert build("fixer", "error_body", {"body": "{}"}).body == "{}"
    assert build("kraken", "ws_silent", {"pongs": False}).pongs is False


@pytest.mark.parametrize(
    ("provider", "name", "options", "said"),
    [
        ("nobody", "http_500", {}, "no provider 'nobody'"),
        ("fixer", "nothing", {}, "no fault 'nothing'"),
        ("fixer", "ws_reset", {}, "fixer has no connection"),
        ("coingecko", "ws_skip", {}, "coingecko has no trade"),
        ("fixer", "http_500", {"retry_after": 1}, "not retry_after"),
        ("fixer", "http_429", {"retry_after": -1}, "retry_after is a whole number"),
        ("fixer", "http_429", {"retry_after": "1"}, "retry_after is a whole number"),
        ("fixer", "drip", {"bytes_per_s": True}, "bytes_per_s is a whole number"),
        ("fixer", "drip", {"path": 5}, "path is a text"),
        ("fixer", "content_type", {"content_type": "a\r\nb: c"}, "printable ASCII"),
        ("kraken", "ws_silent", {"pongs": 1}, "pongs is true or false"),
        ("kraken", "ws_refused", {"status": 200}, "status is a whole number from 400"),
    ],
)
def test_what_can_not_be_meant_is_said(
    provider: str, name: str, options: dict[str, object], said: str
) -> None:
    with pytest.raises(FaultError, match=said):
        build(provider, name, options)


def test_times_and_seconds() -> None:
    assert (times_of(None), times_of(3)) == (None, 3)
    assert (seconds_of(None), seconds_of(3), seconds_of(0.5)) == (None, 3.0, 0.5)
    for wrong in (0, -1, 1.5, True, "1"):
        with pytest.raises(FaultError, match="times"):
            times_of(wrong)
    for wrong in (0, -1.0, math.nan, math.inf, 1e9, False, "1"):
        with pytest.raises(FaultError, match="seconds"):
            seconds_of(wrong)
