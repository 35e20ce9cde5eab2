"""Who the client is: what a client writes itself is never believed."""

import pytest

from api.access.client import limited_network, networks, real_address

PROXIES = networks(["10.0.0.0/8", "2001:db8::/32"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (None, [], "127.0.0.1"),
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3"], "10.0.0.3"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("2001:db8::1", ["[2001:4860::8]"], "2001:4860::8"),
    ],
)
def test_the_address_is_that_of_the_first_who_is_no_trusted_proxy_from_the_right(
    peer: str | None, forwarded: list[str], address: str
) -> None:
    assert real_address(peer, forwarded, PROXIES) == address


def test_without_a_proxy_that_is_trusted_nothing_is_believed() -> None:
    assert real_address("10.0.0.1", ["198.51.100.1"], ()) == "10.0.0.1"


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="proxy"):
        networks(["proxy.example.com"])


def test_who_has_many_addresses_is_counted_once() -> None:
    assert limited_network("203.0.113.9") == "203.0.113.9"
    assert limited_network("2001:4860::8") == limited_network("2001:4860::ffff")
    assert limited_network("2001:4860::8") != limited_network("2001:4860:0:1::8")
