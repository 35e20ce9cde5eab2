"""Requests made from the OpenAPI document, fit and unfit: no 5xx, and answers are as declared."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
)

from api.config import ApiConfig, IdentityConfig
from market.clock import system_clock
from tests.fuzz.served import FEED, SYMBOL, Served, quant_url, served, store_prices

FEW, MANY = 2, 60
"""Requests of an operation, of a caller and of a kind: fit or unfit, with a symbol as it comes or known."""
FEW_S, MANY_S = 300, 1_800
PATIENCE_S = 30
MAX_CHARACTERS = 300
SYMBOLS = ("symbol", "symbols")
CALLERS = ((None, "/"), ("user", "/"), ("admin", "/api/admin"))
"""Who asks, and what: an administrator's share of the rest is a user's."""
STREAM = "text/event-stream"
HELD: list[CheckFunction] = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def running(plain_url: str, redis_url: str) -> Iterator[Served]:
    store_prices(plain_url, system_clock())
    identity = IdentityConfig.for_tests(rates=False, require_verification=False)
    with served(
        ApiConfig(plain_url, redis_url, FEED, quant_url=quant_url(plain_url), identity=identity)
    ) as application:
        yield application


@pytest.mark.timeout(FEW_S)
@pytest.mark.parametrize(("role", "below"), CALLERS)
def test_a_few_requests_of_everything(
    running: Served, role: str | None, below: str, subtests: pytest.Subtests
) -> None:
    ask_all(running, role, below, FEW, subtests)


@pytest.mark.slow
@pytest.mark.timeout(MANY_S)
@pytest.mark.parametrize(("role", "below"), CALLERS)
def test_many_requests_of_everything(
    running: Served, role: str | None, below: str, subtests: pytest.Subtests
) -> None:
    ask_all(running, role, below, MANY, subtests)


def ask_all(
    running: Served, role: str | None, below: str, most: int, subtests: pytest.Subtests
) -> None:
    """Ask all that is documented below a path, as an account of that role or as nobody."""
    for operation in operations(running.document, below):
        with subtests.test(operation.label), requests.Session() as session:
            # A new account each: to log out and to delete the account is among what is asked.
            session.headers.update(running.sign_in(role) if role else {})
            asked = [
                ask(operation, mode, most, partial(hold, running, session, known))
                for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
                for known in sorted({False, takes_symbol(operation)})
            ]
            assert sum(asked) > 0


def hold(running: Served, session: requests.Session, known: bool, case: Case[Any]) -> None:
    """Make the request, where that is said with a symbol that is known, and judge the answer."""
    if known:
        case.query |= {name: SYMBOL for name in SYMBOLS if name in case.query}
    response = case.call(base_url=running.url, session=session, timeout=PATIENCE_S)
    case.validate_response(response, checks=HELD)


def ask(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    most: int,
    hold: Callable[[Case[Any]], None],
) -> int:
    """How many requests were made of it; FailureGroup where an answer is not as it must be."""
    asked = 0

    @settings(
        max_examples=most,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(operation.as_strategy(generation_mode=mode))
    def each(case: Case[Any]) -> None:
        nonlocal asked
        asked += 1
        hold(case)

    # Of what takes nothing there is no unfit request.
    with suppress(Unsatisfiable):
        each()
    return asked


def takes_symbol(operation: APIOperation[Any, Any, Any, Any]) -> bool:
    return any(parameter.name in SYMBOLS for parameter in operation.query)


def operations(document: dict[str, Any], below: str) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    """All of the document but streams of events: these do not end, and have tests of their own."""
    for found in schemathesis.openapi.from_dict(shortened(document)).get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        answers = operation.definition.raw["responses"].values()
        streams = any(STREAM in answer.get("content", {}) for answer in answers)
        if operation.path.startswith(below) and not streams:
            yield operation


def shortened(part: Any) -> Any:
    """The same with no string beyond `MAX_CHARACTERS`: to draw very long ones takes seconds each."""
    if isinstance(part, list):
        return [shortened(each) for each in part]
    if not isinstance(part, dict):
        return part
    found = {name: shortened(each) for name, each in part.items()}
    if isinstance(found.get("maxLength"), int):
        found["maxLength"] = min(found["maxLength"], MAX_CHARACTERS)
    return found
