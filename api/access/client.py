"""The client of a request: its address, behind proxies that are configured, and how it calls itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

MAX_USER_AGENT = 400
LOCAL = "127.0.0.1"
"""The address of a client that has none: it came by a socket of this machine."""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """What the audit and the limits say of a client."""

    address: str
    user_agent: str
    request_id: str

    @property
    def network(self) -> str:
        """What is counted where clients are limited: who has an IPv6 address has 2^64 of them."""
        return limited_network(self.address)


def networks(proxies: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks as the configuration names them. ValueError for what is neither."""
    return tuple(ip_network(proxy, strict=False) for proxy in proxies)


def limited_network(address: str) -> str:
    """An IPv4 address as it is, an IPv6 one as its /64."""
    found = ip_address(address)
    return address if found.version == 4 else str(ip_network((found, 64), strict=False))


def real_address(peer: str | None, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The client's address: the peer's, or what trusted proxies say that it was.

    `forwarded` are the values of X-Forwarded-For in their order. They are read from the right, and only
    as far as each address that says so is a trusted one: what a client wrote itself is never believed.
    """
    address = _address(peer or LOCAL) or LOCAL
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    while hops and _is_trusted(address, trusted):
        before = _address(hops.pop())
        if before is None:
            break
        address = before
    return address


def client_address(connection: HTTPConnection) -> str:
    """The real address of a request's client."""
    trusted: tuple[Network, ...] = connection.app.state.trusted_proxies
    peer = connection.client.host if connection.client is not None else None
    if not trusted:
        return real_address(peer, (), ())
    return real_address(peer, connection.headers.getlist("x-forwarded-for"), trusted)


def client_facts(connection: HTTPConnection) -> ClientFacts:
    """What is known of a request's client."""
    agent = connection.headers.get("user-agent", "")[:MAX_USER_AGENT]
    return ClientFacts(client_address(connection), agent, connection.state.request_id)


async def _client(connection: HTTPConnection) -> ClientFacts:
    return client_facts(connection)


Client = Annotated[ClientFacts, Depends(_client)]
"""The parameter of a route that needs to know its client."""


def _address(text: str) -> str | None:
    """An address in its one form; None for what is none. A mapped IPv4 address is that one."""
    try:
        address = ip_address(text.strip().strip("[]").split("%", 1)[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    found = ip_address(address)
    return any(found in network for network in trusted)
