"""Server-sent events as bytes: framed once, and written to every client as they are."""

import orjson

RETRY_MS = 1_000
"""How long a browser waits before it connects again."""
PREAMBLE = f"retry: {RETRY_MS}\n\n".encode()


def frame(event: str, event_id: str, data: bytes) -> bytes:
    """One event. `data` is a single line, which is what encoded JSON always is."""
    return b"event: %b\nid: %b\ndata: %b\n\n" % (event.encode(), event_id.encode(), data)


def one_or_list(items: list[bytes]) -> bytes:
    """Encoded JSON values as the value itself, where it is one, or as their list."""
    return items[0] if len(items) == 1 else b"[" + b",".join(items) + b"]"


def encode(value: object) -> bytes:
    """A value as JSON on one line."""
    return orjson.dumps(value)
