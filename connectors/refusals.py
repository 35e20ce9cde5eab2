"""Refusals: the part of a payload that is no tick, cut short and free of keys, for quarantine."""

import re

from market.log import Refused

MAX_EXCERPT_CHARS = 200

_KEYS = re.compile(
    r"(?i)((?:api key as|apikey|access_key|app_id|x-rapidapi-key|x_cg_(?:demo|pro)_api_key)"
    r"[=:\\\"'* ]+)[\w-]+"
)
"""Where providers echo a key: in the sentence of a quota, in an address."""


def scrubbed(text: str) -> str:
    """The text with every echoed key replaced."""
    return _KEYS.sub(r"\1***", text)


def refused(reason: object, payload: bytes | str) -> Refused:
    """The refusal of a payload, or of a part of it."""
    head = payload[: 4 * MAX_EXCERPT_CHARS]
    text = head.decode("utf-8", "replace") if isinstance(head, bytes) else head
    excerpt = scrubbed(text).replace("\0", "�")[:MAX_EXCERPT_CHARS]
    return Refused(scrubbed(str(reason))[:MAX_EXCERPT_CHARS], excerpt)
