"""Serves the built dashboard at every address that is not the API's own."""

from pathlib import Path

from fastapi import Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

_RESERVED = ("api", "v1", "docs", "health", "metrics", "openapi.json", "ready")
"""First parts of addresses that never belong to a page."""
_HASHED = "assets"
"""The folder of files whose name changes with their content."""

SECURITY_HEADERS = {
    # Inline styles: the chart library writes a style element of its own. Scripts stay strict.
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}

_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Tradewind</title>
<body style="font: 16px/1.5 system-ui; max-width: 40em; margin: 4em auto; padding: 0 1em">
<h1>Tradewind is running</h1>
<p>The dashboard has not been built yet. <code>make up</code> builds and shows it; by hand it is
<code>npm ci &amp;&amp; npm run build</code> in <code>dashboard/</code>.</p>
<p>The API is here: <a href="/docs">documentation</a>,
<a href="/api/market/prices">latest prices</a>, <a href="/ready">readiness</a>.</p>
</body></html>
"""


class Dashboard:
    """Files of the build, and its page for every other address: the page routes by itself.

    What is not its own (a reserved address, another method, a WebSocket) goes to `otherwise`.
    """

    def __init__(self, folder: Path | None, otherwise: ASGIApp) -> None:
        self._folder = folder
        self._files = StaticFiles(directory=folder, check_dir=False) if folder else None
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_page(scope):
            await self._otherwise(scope, receive, send)
            return
        response = await self._response(scope)
        for name, value in SECURITY_HEADERS.items():
            response.headers[name] = value
        await response(scope, receive, send)

    async def _response(self, scope: Scope) -> Response:
        if self._files is None or self._folder is None:
            return _not_built()
        path = scope["path"].strip("/") or "index.html"
        if path != "index.html":
            try:
                return _cached(path, await self._files.get_response(path, scope))
            except HTTPException:
                if path.startswith(f"{_HASHED}/"):
                    raise
        if not (self._folder / "index.html").is_file():
            return _not_built()
        return _cached("index.html", await self._files.get_response("index.html", scope))


def _is_page(scope: Scope) -> bool:
    first = scope["path"].lstrip("/").split("/", 1)[0]
    return scope["method"] in ("GET", "HEAD") and first not in _RESERVED


def _cached(path: str, response: Response) -> Response:
    hashed = path.startswith(f"{_HASHED}/")
    response.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if hashed else "no-cache"
    )
    return response


def _not_built() -> Response:
    return Response(_NOT_BUILT, media_type="text/html", headers={"Cache-Control": "no-store"})
