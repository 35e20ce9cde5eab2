"""What may come instead of a payload: bytes lost, doubled or flipped, values and times that are none.

A mutator is a seed: the same seed, donors and calls give the same mutants.
"""

import random
from collections.abc import Callable, Sequence

from tests.fuzz.tokens import Span, tokens_of

MAX_BYTES = 16_384
"""A mutant that has grown beyond is cut; a bomb of brackets alone is longer."""
DEEP = 100_000
_BOMB_ONE_IN = 400

_VALUES = (
    b"NaN", b"Infinity", b"-Infinity", b"inf", b"1e400", b"-1e400", b"1e-400", b"-0", b"0", b"0.0",
    b"-0.0", b"-1", b"-1.5", b"true", b"false", b"null", b"", b'""', b"[]", b"{}", b"1.", b".5",
    b"+1", b"0x10", b"1_000", b"1,5", b"1e5", b"1E-5", b"1e36", b"1e-36", b"1e-37", b"1e18",
    b"9" * 17, b"9" * 18, b"9" * 19, b"9" * 30, b"9" * 5_000, b"0." + b"0" * 40 + b"1",
    b"0." + b"9" * 40, b"007", b"1.50000", b"9223372036854775807", b"9223372036854775808",
    b"-9223372036854775808", b"18446744073709551616", b"\xd9\xa1\xd9\xa2", b"\xef\xbc\x91", b"N/A",
    b"\\u0031", b"\\ud800", b"\\u0000", b"\x00", b"BTC", b"USD", b"EUR", b"BTC-USD", b"bitcoin", b"-",
    b"[[[[[[[[[1]]]]]]]]]", b'{"a":1}',
)  # fmt: skip
_TIMES = (
    b"0", b"1", b"-1", b"0000-00-00", b"0001-01-01", b"1969-12-31", b"1969-12-31T23:59:59Z",
    b"1969-12-31 23:59:59", b"1970-01-01T00:00:00Z", b"1970-01-01 00:00:00", b"9999-12-31",
    b"9999-12-31 23:59:59", b"9999-12-31T23:59:59.999999999Z", b"10000-01-01", b"2021-02-29",
    b"2021-03-14 02:30:00", b"2021-11-07 01:30:00", b"2021-04-23T24:00:00Z", b"2021-04-23 09:30:60",
    b"2021-04-23T09:30:00+99:00", b"2021-04-23T09:30:00", b"2021-04-23T09:30:00-00:00",
    b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59-12:00", b"2021-W16-5", b"2021-04-2",
    b"20210423", b"now", b"1e9", b"99999999999", b"9999999999999", b"99999999999999999",
    b"9223372036854775807", b"18446744073709551616", b"1723161254087", b"1.5", b"1e400",
)  # fmt: skip
_NOISE = (
    b"\n", b"\r\n", b"\x00", b"\xff", b"\xed\xa0\x80", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":",
    b"<", b"/>", b"&amp;", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"PK\x03\x04", b"\xef\xbb\xbf", b" ", b"-",
)  # fmt: skip

Step = Callable[[bytes], bytes]


class Mutator:
    """Mutates payloads by one step to four; `donors` are what parts of others come from."""

    def __init__(self, seed: int, donors: Sequence[bytes], *, splice: bool = True) -> None:
        self._random = random.Random(seed)
        self._donors = donors
        steps: list[tuple[Step, int]] = [
            (self._flip, 2),
            (self._truncate, 2),
            (self._delete, 2),
            (self._repeat, 2),
            (self._noise, 2),
            (self._value, 8),
            (self._time, 4),
            (self._requote, 3),
            (self._swap, 3),
            (self._drop_member, 3),
            (self._double_member, 2),
            (self._rename, 2),
            (self._line, 2),
        ]
        if splice:
            steps += [(self._splice, 3), (self._graft, 2), (self._inject, 2)]
        self._steps = [step for step, _ in steps]
        self._weights = [weight for _, weight in steps]

    def mutate(self, payload: bytes) -> bytes:
        """Another payload, which now and then is the same."""
        chosen = self._random
        if chosen.randrange(_BOMB_ONE_IN) == 0:
            return self._bomb(payload)
        count = min(chosen.randint(1, 4), chosen.randint(1, 4))
        for step in chosen.choices(self._steps, self._weights, k=count):
            payload = step(payload)[:MAX_BYTES]
        return payload

    def _place(self, payload: bytes) -> int:
        return self._random.randint(0, len(payload))

    def _piece(self, payload: bytes) -> Span:
        start = self._place(payload)
        return Span(start, min(len(payload), start + self._random.choice((1, 2, 4, 16, 64, 400))))

    def _flip(self, payload: bytes) -> bytes:
        if not payload:
            return payload
        at = self._random.randrange(len(payload))
        byte = payload[at] ^ 1 << self._random.randrange(8)
        return payload[:at] + bytes((byte,)) + payload[at + 1 :]

    def _truncate(self, payload: bytes) -> bytes:
        at = self._place(payload)
        return payload[:at] if self._random.random() < 0.8 else payload[at:]

    def _delete(self, payload: bytes) -> bytes:
        return _put(payload, self._piece(payload), b"")

    def _repeat(self, payload: bytes) -> bytes:
        start, end = self._piece(payload)
        return payload[:end] + payload[start:end] + payload[end:]

    def _noise(self, payload: bytes) -> bytes:
        at = self._place(payload)
        return payload[:at] + self._random.choice(_NOISE) + payload[at:]

    def _value(self, payload: bytes) -> bytes:
        return self._replace(payload, tokens_of(payload).values, _VALUES)

    def _time(self, payload: bytes) -> bytes:
        return self._replace(payload, tokens_of(payload).times, _TIMES)

    def _replace(self, payload: bytes, spans: Sequence[Span], by: Sequence[bytes]) -> bytes:
        if not spans:
            return self._noise(payload)
        span, new = self._random.choice(spans), self._random.choice(by)
        quotation = payload[span.start : span.start + 1]
        if quotation in (b'"', b"'") and self._random.random() < 0.8:
            new = quotation + new.strip(b'"') + quotation
        return _put(payload, span, new)

    def _requote(self, payload: bytes) -> bytes:
        """A string becomes a number, a number a string."""
        spans = tokens_of(payload).values
        if not spans:
            return payload
        span = self._random.choice(spans)
        token = payload[span.start : span.end]
        return _put(payload, span, token[1:-1] if token[:1] == b'"' else b'"%b"' % token)

    def _swap(self, payload: bytes) -> bytes:
        """Two values change their places."""
        spans = tokens_of(payload).values
        if len(spans) < 2:
            return payload
        one, other = sorted(self._random.sample(spans, 2))
        middle = payload[one.end : other.start]
        first, second = payload[one.start : one.end], payload[other.start : other.end]
        return payload[: one.start] + second + middle + first + payload[other.end :]

    def _drop_member(self, payload: bytes) -> bytes:
        members = tokens_of(payload).members
        if not members:
            return self._delete(payload)
        key, value = self._random.choice(members)
        start, end = key.start, value.end
        if payload[end : end + 1] == b",":
            end += 1
        elif payload[:start].rstrip().endswith(b","):
            start = payload.rindex(b",", 0, start)
        return payload[:start] + payload[end:]

    def _double_member(self, payload: bytes) -> bytes:
        """The same key again, with a value from elsewhere."""
        members = tokens_of(payload).members
        if not members:
            return self._repeat(payload)
        key, value = self._random.choice(members)
        other = self._random.choice(members).value
        copy = payload[key.start : value.start] + payload[other.start : other.end]
        return payload[: value.end] + b"," + copy + payload[value.end :]

    def _rename(self, payload: bytes) -> bytes:
        """A key takes the name of another, or one that nobody knows."""
        members = tokens_of(payload).members
        if not members:
            return payload
        keys = [key for key, _ in members]
        span, other = self._random.choice(keys), self._random.choice(keys)
        new = self._random.choice((payload[other.start : other.end], b'""', b'"x"', b'"status"'))
        return _put(payload, span, new)

    def _line(self, payload: bytes) -> bytes:
        lines = payload.split(b"\n")
        at = self._random.randrange(len(lines))
        action = self._random.randrange(3)
        if action == 0:
            del lines[at]
        elif action == 1:
            lines.insert(at, lines[self._random.randrange(len(lines))])
        else:
            other = self._random.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        return b"\n".join(lines)

    def _splice(self, payload: bytes) -> bytes:
        """The head of this with the tail of another."""
        other = self._random.choice(self._donors)
        return payload[: self._place(payload)] + other[self._place(other) :]

    def _graft(self, payload: bytes) -> bytes:
        """Another payload in the place of a value, or around this one."""
        other = self._random.choice(self._donors)
        members = tokens_of(payload).members
        if not members or self._random.random() < 0.2:
            return b'{"error":' + other + b',"result":' + payload + b"}"
        return _put(payload, self._random.choice(members).value, other)

    def _inject(self, payload: bytes) -> bytes:
        """The members of another object inside one of this payload."""
        inner = self._random.choice(self._donors).strip()
        objects = tokens_of(payload).objects
        if not objects or not (inner.startswith(b"{") and inner.endswith(b"}")):
            return payload
        at = objects[0] if self._random.random() < 0.5 else self._random.choice(objects)
        return payload[:at] + inner[1:-1] + b"," + payload[at:]

    def _bomb(self, payload: bytes) -> bytes:
        """Nested deeper than any stack, in the place of a value."""
        spans = tokens_of(payload).values
        opening, closing = self._random.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"<Cube>", b"")))
        bomb = opening * DEEP + closing * DEEP
        return _put(payload, self._random.choice(spans), bomb) if spans else bomb


def _put(payload: bytes, span: Span, new: bytes) -> bytes:
    return payload[: span.start] + new + payload[span.end :]
