"""Writes by cookie: proof that a page of ours sent them."""

import hmac
from base64 import urlsafe_b64encode
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import HTTPConnection

from api.access.errors import CsrfError
from api.config import IdentityConfig
from identity.errors import UnknownKeyError

CSRF_HEADER = "x-csrf-token"
_PURPOSE = "csrf"


def csrf_token(identity: IdentityConfig, session_id: UUID) -> str:
    """The token of a session: `<key id>.<code>`, which nobody without the server's key can make."""
    return _token(identity, session_id, identity.ring.current_id)


def check_csrf(connection: HTTPConnection, session_id: UUID) -> None:
    """CsrfError unless the request comes from our site with the token of its session."""
    check_same_site(connection, required=True)
    identity: IdentityConfig = connection.app.state.config.identity
    given = connection.headers.get(CSRF_HEADER, "")
    key_id = given.rpartition(".")[0]
    try:
        wanted = _token(identity, session_id, key_id)
    except UnknownKeyError:
        raise CsrfError("its token is of no key of ours") from None
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise CsrfError("its token is not the session's")


def check_same_site(connection: HTTPConnection, *, required: bool = False) -> None:
    """CsrfError where a browser says that another site's page sent it.

    `required`: also where nothing is said. Sec-Fetch-Site is the browser's own word, and goes before
    Origin: it knows by which name this host was reached.
    """
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin" and (required or site != "none"):
            raise CsrfError("another site sent it")
        return
    origin = connection.headers.get("origin")
    if origin is None:
        if required:
            raise CsrfError("it has no header Origin")
        return
    identity: IdentityConfig = connection.app.state.config.identity
    if origin != origin_of(identity.public_url):
        raise CsrfError("its header Origin is another site's")


def origin_of(url: str) -> str:
    """The origin of an address, as browsers write it."""
    parts = urlsplit(url)
    standard = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, standard) else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}"


def _token(identity: IdentityConfig, session_id: UUID, key_id: str) -> str:
    code = identity.ring.mac(_PURPOSE, session_id.bytes, key_id)
    return f"{key_id}.{urlsafe_b64encode(code).rstrip(b'=').decode()}"
