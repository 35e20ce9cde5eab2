"""Mutated answers and frames before checks, dialects and the readers of other endpoints."""

import random
from pathlib import Path

import pytest

from connectors.answers import Answer, Request
from connectors.connector import Heard
from connectors.errors import ConnectorError, MalformedError
from connectors.parsing import PARSERS
from market.sources import ONLY_RECORDED
from tests.connectors.support import NOW_US
from tests.fuzz.answering import (
    CHECKS,
    CONTROLS,
    DIALECTS,
    STATUSES,
    WAITS_S,
    WATCHING,
    endpoints,
    repaired,
    same,
)
from tests.fuzz.corpus import REFUSALS
from tests.fuzz.entry import Entry
from tests.fuzz.judging import raises_typed_alone
from tests.fuzz.mutator import Mutator

MUTANTS = 800


def payloads_of(provider: str, entries: tuple[Entry, ...]) -> list[bytes]:
    return [entry.payload for entry in entries if entry.provider == provider]


def errors_of(provider: str) -> list[bytes]:
    return [body.encode() for body in REFUSALS[provider]]


def test_every_provider_that_is_asked_has_its_check() -> None:
    assert CHECKS.keys() | {"oanda"} | ONLY_RECORDED == {provider for provider, _ in PARSERS}


@pytest.mark.parametrize("provider", CHECKS)
def test_a_check_raises_typed_errors_alone(provider: str, entries: tuple[Entry, ...]) -> None:
    own = [entry for entry in entries if entry.provider == provider]
    errors = errors_of(provider)
    donors = errors + payloads_of(provider, entries)
    mutator, choose = Mutator(1, donors), random.Random(1)
    raised = set()
    for number in range(MUTANTS):
        entry = own[number % len(own)]
        body = mutator.mutate(choose.choice((entry.payload, choose.choice(errors))))
        answer = Answer(choose.choice(STATUSES), body, NOW_US, choose.choice(WAITS_S))
        asked = f"{entry.kind} {entry.context}"
        raised.add(raises_typed_alone(lambda: CHECKS[provider](answer, asked)))  # noqa: B023
        if provider == "coingecko":
            raises_typed_alone(lambda: WATCHING(answer, asked))  # noqa: B023
    assert {"", "MalformedError", "TransientError"} <= raised


@pytest.mark.parametrize("provider", CHECKS)
@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_no_status_of_an_error_is_an_answer(
    provider: str, status: int, entries: tuple[Entry, ...]
) -> None:
    for payload in (*payloads_of(provider, entries), b"", b"<html>"):
        with pytest.raises(ConnectorError):
            CHECKS[provider](Answer(status, payload, NOW_US), "latest")


@pytest.mark.parametrize("provider", DIALECTS)
def test_a_dialect_takes_any_frame(provider: str, entries: tuple[Entry, ...]) -> None:
    packed = next(each.payload for each in entries if each.key == (provider, "frames"))
    frames = [line.partition(b" ")[2] for line in packed.splitlines()]
    frames += [frame.encode() for frame in CONTROLS[provider]]
    mutator, dialect = Mutator(2, frames), DIALECTS[provider]()
    kept = errors = 0
    for number in range(MUTANTS):
        frame = mutator.mutate(frames[number % len(frames)])
        heard = dialect.hear(frame)
        assert isinstance(heard, Heard)
        assert heard.error is None or isinstance(heard.error, ConnectorError)
        assert "CANARY" not in str(heard.error)
        kept += heard.keep
        errors += heard.error is not None
    assert kept > MUTANTS // 20
    assert errors > 0


def test_other_endpoints_raise_typed_errors_alone(test_data: Path) -> None:
    found = list(endpoints(test_data / "rest"))
    donors = [endpoint.payload for endpoint in found] + errors_of("fixer")
    for number, (name, payload, read) in enumerate(found):
        read(payload)
        mutator = Mutator(number, donors)
        raised = {
            raises_typed_alone(lambda: read(mutator.mutate(payload)))  # noqa: B023
            for _ in range(MUTANTS)
        }
        assert {"", "MalformedError"} <= raised, name


@pytest.mark.parametrize("provider", ["coinbase", "kraken"])
def test_a_page_decides_what_is_asked_next(provider: str, entries: tuple[Entry, ...]) -> None:
    entry = next(each for each in entries if each.key == (provider, "trades"))
    assert isinstance(repaired(entry, entry.payload), Request)
    mutator = Mutator(3, payloads_of(provider, entries) + errors_of(provider))
    raised = {
        raises_typed_alone(lambda: repaired(entry, mutator.mutate(entry.payload)))
        for _ in range(MUTANTS)
    }
    assert raised <= {"", MalformedError.__name__}


def test_any_answer_can_be_compared_with_the_one_before(entries: tuple[Entry, ...]) -> None:
    quotes = [each.payload for each in entries if each.key == ("alphavantage", "GLOBAL_QUOTE")]
    mutator = Mutator(4, quotes + errors_of("alphavantage"))
    for number in range(MUTANTS):
        before = quotes[number % len(quotes)]
        assert isinstance(same(before, mutator.mutate(before)), bool)
        assert same(before, before)
