"""Who may see the messages of others: a browser on the machine itself, and nobody else.

The messages hold links that take an account over. That no mail server is set, and that the server is bound
to loopback, the configuration says once (`IdentityConfig.mail_shown`); the rest each request shows. A page
of the web can have its name lead to 127.0.0.1 (DNS rebinding), but not change the name that the browser
sends; and what a proxy on this machine passes on shows by what it adds.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

_PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def is_at_home(headers: Mapping[str, str]) -> bool:
    """Whether a request with these headers, their names in lower case, was made to this machine by name."""
    return is_loopback_host(headers.get("host", "")) and not any(
        name in headers for name in _PASSED_ON
    )


def is_loopback_host(host: str) -> bool:
    """Whether a Host header names this machine: localhost, or an address of the loopback interface."""
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.netloc != host or parts.username is not None:
        return False
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
