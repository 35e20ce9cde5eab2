"""The DEVELOPMENT outbox as a page: no script, nothing from elsewhere, and anew every few seconds."""

import base64
import hashlib
import re
from collections.abc import Iterable
from html import escape

from api.outbox.schemas import Message
from market.clock import microseconds, rfc3339

REFRESH_S = 3

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em; }
header { padding: .6em 1em; background: #ffd43b; border-radius: 6px; }
article { margin: 1.5em 0; border: 1px solid #d0d5dd; border-radius: 6px; padding: 0 1em; }
h2 { font-size: 1.05em; } dl { color: #667085; font-size: .9em; } dt { float: left; margin-right: .5em; }
dd { margin: 0; } pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
"""What the page is sent with."""

_LINK = re.compile(r"https?://[^\s<>\"']+")


def page_of(messages: Iterable[Message]) -> str:
    """The page with these messages, in their order."""
    shown = "".join(_article(message) for message in messages) or "<p>No mail yet.</p>"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="refresh" content="{REFRESH_S}">'
        f"<title>DEVELOPMENT outbox</title><style>{_STYLE}</style></head><body>"
        "<header><strong>DEVELOPMENT</strong>: no mail server is set, so mail is shown here instead of"
        " sent. Only this machine can open this page.</header>"
        f"{shown}</body></html>\n"
    )


def _article(message: Message) -> str:
    text = "What it said is no longer kept." if message.text is None else message.text
    return (
        f"<article><h2>{escape(message.subject)}</h2>"
        f"<dl><dt>To</dt><dd>{escape(message.address)}</dd>"
        f"<dt>Written</dt><dd>{escape(rfc3339(microseconds(message.written_at)))}</dd></dl>"
        f"<pre>{_with_links(text)}</pre></article>"
    )


def _with_links(text: str) -> str:
    """The text, safe in HTML, with its addresses to be clicked."""
    parts, end = [], 0
    for found in _LINK.finditer(text):
        link = escape(found[0])
        parts.append(escape(text[end : found.start()]))
        parts.append(f'<a href="{link}" target="_blank" rel="noopener noreferrer">{link}</a>')
        end = found.end()
    return "".join(parts) + escape(text[end:])
