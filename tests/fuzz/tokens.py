"""Where the tokens of a payload stand, whichever its format: JSON, lines of it, CSV, XML."""

import re
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(
    rb'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?'
    rb"|true|false|null|N/A|[{}\[\],:]"
)
_PUNCTUATION = b"{}[],:"
_TIME = re.compile(
    rb'["\']?(?:[0-9]{4}-[0-9]{2}-[0-9]{2}.*|[0-9]{9,19}(?:\.[0-9]+)?)["\']?', re.DOTALL
)


class Span(NamedTuple):
    """The bytes from `start` up to `end`."""

    start: int
    end: int


class Member(NamedTuple):
    """A key of an object, and the value that belongs to it."""

    key: Span
    value: Span


class Tokens(NamedTuple):
    """`values` are those that are no key; `times` those, keys too, that look like one."""

    values: tuple[Span, ...]
    times: tuple[Span, ...]
    members: tuple[Member, ...]
    objects: tuple[int, ...]
    """Where the inside of an object begins."""


@lru_cache(maxsize=256)
def tokens_of(payload: bytes) -> Tokens:
    """The tokens in their order; what is malformed has fewer."""
    found = list(_TOKEN.finditer(payload))
    values, times, objects = [], [], []
    keys: set[int] = set()
    for number, token in enumerate(found):
        text = token[0]
        if text in _PUNCTUATION:
            if text == b"{":
                objects.append(token.end())
            continue
        span = Span(*token.span())
        if text[:1] == b'"' and number + 1 < len(found) and found[number + 1][0] == b":":
            keys.add(number)
        else:
            values.append(span)
        if _TIME.fullmatch(text):
            times.append(span)
    return Tokens(tuple(values), tuple(times), _members(found, keys), tuple(objects))


def _members(found: list[re.Match[bytes]], keys: set[int]) -> tuple[Member, ...]:
    members: list[Member] = []
    open_: list[tuple[Span, int] | None] = [None]
    for number, token in enumerate(found):
        text = token[0]
        if text in b"}],":
            pending = open_[-1]
            if pending is not None:
                members.append(Member(pending[0], Span(pending[1], token.start())))
                open_[-1] = None
            if text != b"," and len(open_) > 1:
                open_.pop()
        elif text in b"{[":
            open_.append(None)
        elif number in keys:
            open_[-1] = (Span(*token.span()), found[number + 1].end())
    return tuple(members)
