"""Mutants are other payloads, the same for the same seed, and bounded."""

import json

from tests.fuzz.mutator import DEEP, MAX_BYTES, Mutator
from tests.fuzz.tokens import Member, Span, tokens_of

PAYLOAD = b'[{"price":"1.5","time":"2021-04-23 09:30:00","rest":[1,{"a":null}]},{"n":-2.5e3}]'
DONORS = [PAYLOAD, b'{"error":{"code":104}}', b"a,b\r\n1,2\r\n"]


def test_tokens_of_json() -> None:
    def text(span: Span) -> bytes:
        return PAYLOAD[span.start : span.end]

    tokens = tokens_of(PAYLOAD)
    assert [text(span) for span in tokens.values] == [
        b'"1.5"', b'"2021-04-23 09:30:00"', b"1", b"null", b"-2.5e3",
    ]  # fmt: skip
    assert [text(span) for span in tokens.times] == [b'"2021-04-23 09:30:00"']
    assert {text(key): text(value) for key, value in tokens.members} == {
        b'"price"': b'"1.5"',
        b'"time"': b'"2021-04-23 09:30:00"',
        b'"rest"': b'[1,{"a":null}]',
        b'"a"': b"null",
        b'"n"': b"-2.5e3",
    }
    assert len(tokens.objects) == 3


def test_tokens_of_other_formats() -> None:
    assert len(tokens_of(b"Date,USD\n2026-04-13,1.1684\n").values) == 4
    assert len(tokens_of(b"<Cube time='2026-04-13' rate='1.1684'/>").times) == 1
    assert tokens_of(b'{"a":1,}}]{"b"').members == (Member(Span(1, 4), Span(5, 6)),)


def test_a_seed_gives_the_same_mutants_again() -> None:
    def mutants(seed: int) -> list[bytes]:
        mutator = Mutator(seed, DONORS)
        return [mutator.mutate(PAYLOAD) for _ in range(200)]

    assert mutants(1) == mutants(1)
    assert mutants(1) != mutants(2)


def test_mutants_are_of_all_sorts() -> None:
    mutator = Mutator(5, DONORS)
    mutants = [mutator.mutate(PAYLOAD) for _ in range(4_000)]
    changed = [mutant for mutant in mutants if mutant != PAYLOAD]
    assert len(changed) > 0.95 * len(mutants)
    bombs = [mutant for mutant in mutants if len(mutant) > MAX_BYTES]
    assert bombs and all(len(bomb) > DEEP for bomb in bombs)
    shapes = [_shape_of(mutant) for mutant in mutants]
    assert 0.3 * len(mutants) < sum(shape is not None for shape in shapes) < 0.9 * len(mutants)
    joined = b"".join(changed)
    for piece in (b"NaN", b"1e400", b"true", b'"error"', b"1969-12-31", b"\xff", b"PK\x03\x04"):
        assert piece in joined


def _shape_of(payload: bytes) -> object:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None
