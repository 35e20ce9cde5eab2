"""Who a message is from: an address, or a name and `<address>`."""

from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import getaddresses


def sender_of(text: str) -> Address:
    """The address, with a name or without, that a text is; ValueError where it is none or several."""
    if any(character in text for character in "\r\n\0"):
        raise ValueError("a sender is one line")
    try:
        ((name, spec),) = getaddresses([text])
        address = Address(name, addr_spec=spec)
    except (HeaderParseError, IndexError, ValueError):
        raise ValueError("a sender is one address") from None
    if not address.username or not address.domain:
        raise ValueError("a sender is one address")
    return address
