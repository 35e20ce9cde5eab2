"""A taken port is named before anything starts."""

import socket

import pytest

from tradewind.errors import PortTakenError
from tradewind.ports import free_port, require_free

HOST = "127.0.0.1"


def test_a_free_port_passes_and_stays_free() -> None:
    port = free_port(HOST)
    require_free(HOST, port, "--port")
    require_free(HOST, port, "--port")


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortTakenError) as refused:
            require_free(HOST, port, "--port")
    assert str(refused.value) == (
        f"can't listen on 127.0.0.1:{port} (address already in use); choose another --port"
    )


def test_a_port_with_lingering_connections_is_free() -> None:
    with socket.create_server((HOST, 0)) as listener:
        address = listener.getsockname()
        client = socket.create_connection(address)
        served, _ = listener.accept()
        # Who closes first keeps the port in TIME_WAIT.
        served.close()
        client.close()
    require_free(HOST, address[1], "--port")


def test_an_unknown_host_is_named() -> None:
    with pytest.raises(PortTakenError, match=r"can't listen on no-such-host\.invalid:80 \("):
        require_free("no-such-host.invalid", 80, "TRADEWIND_HOST")
