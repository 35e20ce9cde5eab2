"""Who may see the DEVELOPMENT outbox: this machine, called by its own name, and no proxy."""

import pytest

from api.outbox.visibility import is_at_home, is_loopback_host


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "LOCALHOST:8000", "127.0.0.1", "127.1.2.3:80", "[::1]:8000"],
)
def test_names_of_this_machine(host: str) -> None:
    assert is_loopback_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil@localhost",
        "localhost/x",
        "localhost:x",
        "localhost:80:80",
        "10.0.0.1:8000",
        "0.0.0.0:8000",
        "[::1",
        "localhost evil.example",
    ],
)
def test_names_of_others(host: str) -> None:
    assert not is_loopback_host(host)


@pytest.mark.parametrize("name", ["forwarded", "via", "x-forwarded-for", "x-real-ip"])
def test_what_a_proxy_passes_on_is_not_from_here(name: str) -> None:
    assert is_at_home({"host": "localhost:8000"})
    assert not is_at_home({"host": "localhost:8000", name: "203.0.113.7"})


def test_a_request_without_a_name_is_not_from_here() -> None:
    assert not is_at_home({})
