"""What settings say about who is reached and who reaches us: origins, networks, senders of mail."""

from ipaddress import ip_address, ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

from delivery.senders import sender_of


def is_loopback(host: str) -> bool:
    """Whether a server bound to that host is reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _origin(text: str) -> str:
    origin = text.removesuffix("/")
    try:
        parts = urlsplit(origin)
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole or origin != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
        raise PydanticCustomError("origin", "must be scheme and host, such as https://example.com")
    return origin.lower()


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise PydanticCustomError("network", "must be networks, such as 10.0.0.0/8") from None


def _sender(text: str) -> str:
    try:
        sender_of(text)
    except ValueError:
        reason = "must be an address, or a name and an <address>"
        raise PydanticCustomError("sender", reason) from None
    return text


def _listed(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


Origin = Annotated[str, AfterValidator(_origin)]
Origins = Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(_listed)]
"""Separated by commas in the environment."""
Networks = Annotated[
    tuple[Annotated[str, AfterValidator(_network)], ...], NoDecode, BeforeValidator(_listed)
]
"""Separated by commas in the environment."""
Sender = Annotated[str, AfterValidator(_sender)]
