"""Who takes our mail: an SMTP server, as one address says it.

`smtp://user:password@host:587` speaks TLS by STARTTLS and refuses to go on without; `smtps://` speaks
it from the first byte. `smtp://host:25?starttls=never` speaks none: for a relay on this machine.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit

SUBMISSION_PORT = 587
TLS_PORT = 465


class Tls(StrEnum):
    """When a connection becomes a TLS one."""

    STARTTLS = "starttls"
    AT_ONCE = "at once"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """An SMTP server and how it is spoken to; `user` None: without a login."""

    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Without what is secret."""
        return f"{self.host}:{self.port}"


def smtp_server(url: str) -> SmtpServer:
    """The server that an address names. ValueError says what is wrong with it, and shows nothing of it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("has a port or a host that is none") from None
    if parts.scheme not in ("smtp", "smtps"):
        raise ValueError("must begin with smtp:// or smtps://")
    if not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        raise ValueError("must be a host, with a port at most")
    tls = _tls(parts.scheme, parts.query)
    user, password = parts.username, parts.password
    if (user is None) != (password is None):
        raise ValueError("must have a user and a password, or neither")
    if user is not None and tls is Tls.NEVER and parts.hostname not in _HERE:
        raise ValueError("would send a password in the open: starttls=never is for this machine")
    return SmtpServer(
        parts.hostname,
        port or (TLS_PORT if tls is Tls.AT_ONCE else SUBMISSION_PORT),
        tls,
        None if user is None else unquote(user),
        None if password is None else unquote(password),
    )


_HERE = ("localhost", "127.0.0.1", "::1")


def _tls(scheme: str, query: str) -> Tls:
    asked = parse_qs(query, keep_blank_values=True)
    if not asked:
        return Tls.AT_ONCE if scheme == "smtps" else Tls.STARTTLS
    if asked != {"starttls": ["never"]} or scheme == "smtps":
        raise ValueError("may end with ?starttls=never and nothing else")
    return Tls.NEVER
