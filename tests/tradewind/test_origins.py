"""Hosts that are this machine alone; the rest of the module is tested by the settings that use it."""

import pytest

from tradewind.errors import BadSettingError
from tradewind.origins import is_loopback
from tradewind.settings import load_settings


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("", False),
    ],
)
def test_a_host_that_is_reached_from_this_machine_alone(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_lists_are_separated_by_commas() -> None:
    settings = load_settings(
        cors_origins="https://A.example, http://b.example:3000/", trusted_proxies="10.0.0.0/8,::1"
    )
    assert settings.cors_origins == ("https://a.example", "http://b.example:3000")
    assert settings.trusted_proxies == ("10.0.0.0/8", "::1/128")


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "a.example",
        "ftp://a.example",
        "https://a.example/x",
        "https://u@a.example",
        "http://a:b",
    ],
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    for name in ("cors_origins", "public_url"):
        with pytest.raises(BadSettingError, match=f"^TRADEWIND_{name.upper()}: must be scheme"):
            load_settings(**{name: origin})


@pytest.mark.parametrize("network", ["x", "10.0.0.1/8", "10.0.0.0/40"])
def test_what_is_no_network_is_refused(network: str) -> None:
    with pytest.raises(BadSettingError, match=r"^TRADEWIND_TRUSTED_PROXIES: must be networks"):
        load_settings(trusted_proxies=network)
