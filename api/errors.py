"""From an error to a status and a code: one table, and the handlers that use it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.access.errors import (
    AccountLockedError,
    ConflictError,
    CsrfError,
    ForbiddenError,
    InvalidCodeError,
    InvalidCredentialsError,
    InvalidMailTokenError,
    NotFoundError,
    RateLimitedError,
    RevocationsUnknownError,
    StepUpRequiredError,
    TooManyAttemptsError,
    UnauthenticatedError,
)
from api.auth.factors.errors import RefusedPasskeyError, UnfitScopesError
from api.envelope import JSON, Failure, failure_body
from identity.errors import MalformedAddressError, TooManyHashesError, WeakPasswordError
from market.crosses import NoPathError
from market.errors import UnknownSymbolError
from pricing_engine.quant.errors import MAX_FAULTS, InvalidQueryError, tellable
from storage.errors import CacheUnavailableError, DatabaseUnavailableError, UnfitValueError
from storage.guarded_sql.errors import (
    SqlForbiddenError,
    SqlInvalidError,
    SqlMemoryError,
    SqlNotConfiguredError,
    SqlTimeoutError,
    SqlTooManyRowsError,
)
from storage.pools import QueryTimeoutError

RETRY_AFTER_S = 1
_RETRIED = (429, 503)


class ApiError(Exception):
    """The root of this room's errors."""


class InvalidParameterError(ApiError):
    """A parameter that is well formed and cannot be meant: an end before its start."""

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(parameter, reason)
        self.parameter = parameter
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.parameter}: {self.reason}"


class NotReadyError(ApiError):
    """What the service needs before it can serve; `checks` says what of it is missing."""

    def __init__(self, checks: Mapping[str, str]) -> None:
        super().__init__(checks)
        self.checks = checks

    def __str__(self) -> str:
        return ", ".join(f"{name}: {state}" for name, state in self.checks.items())


class TooManyStreamsError(ApiError):
    """As many streams are open as this process serves: one has to end first."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most

    def __str__(self) -> str:
        return f"all {self.most} streams are taken"


class NotAcceptableError(ApiError):
    """A client that takes none of the forms that an answer has."""

    def __init__(self, accept: str, offered: Sequence[str]) -> None:
        super().__init__(accept, offered)
        self.accept = accept
        self.offered = offered

    def __str__(self) -> str:
        return f"{self.accept} is none of {', '.join(self.offered)}"


class RangeTooLargeError(ApiError):
    """More than one answer may hold; `hint` says how to get it all the same.

    `bound` names what is bounded, in the plural, `asked` how much it would be, `most` how much it may
    be; `end` is the end of a range that fits, if one is known.
    """

    def __init__(
        self, bound: str, asked: int, most: int, hint: str, end: datetime | None = None
    ) -> None:
        super().__init__(bound, asked, most, hint, end)
        self.bound = bound
        self.asked = asked
        self.most = most
        self.hint = hint
        self.end = end

    def __str__(self) -> str:
        return (
            f"This asks for about {self.asked:,} {self.bound}, and one answer holds {self.most:,}:"
            f" {self.hint}."
        )


class TooManyQueriesError(ApiError):
    """As many heavy requests run as may: one has to end first. `whose`: for one caller, or in all."""

    def __init__(self, most: int, whose: str) -> None:
        super().__init__(most, whose)
        self.most = most
        self.whose = whose

    def __str__(self) -> str:
        return (
            f"At most {self.most} queries and streamed ranges run at once {self.whose}:"
            " please wait until one has ended, and try again."
        )


class NoTicksError(ApiError):
    """Ticks of a cross rate, which is computed: its legs, if they are known, are what has ticks."""

    def __init__(self, symbol: str, legs: Sequence[str]) -> None:
        super().__init__(symbol, legs)
        self.symbol = symbol
        self.legs = legs

    def __str__(self) -> str:
        legs = f", or for the ticks of {' and '.join(self.legs)}" if self.legs else ""
        return (
            f"{self.symbol} is computed from other pairs and has no ticks: ask"
            f" /api/market/candles or /api/market/prices for it{legs}."
        )


class SlowClientError(ApiError):
    """A client that takes its answer so slowly that it is given up; `reason` says by which bound."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the client is given up: {self.reason}"


class TooManyPagesError(ApiError):
    """As many pages are read for one caller as may, and none of them ended in time."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most

    def __str__(self) -> str:
        return f"At most {self.most} pages are read at once for one caller: ask for fewer at once."


@dataclass(frozen=True, slots=True)
class Refusal:
    """How an error is told to a client; `message` None: the error's own sentence.

    `again`: the same request may work later, which a 429 and a 503 say by Retry-After.
    """

    status: int
    code: str
    message: str | None = None
    details: Callable[[Exception], Mapping[str, object]] = lambda _: {}
    again: bool = True


_SIGN_IN = "Please sign in: there is no valid credential with this request."
_UNAVAILABLE = "The service is not available right now. Please try again."
_PARAMETERS_REFUSED = "The request has parameters that are not acceptable."
_UNEXPECTED = Refusal(500, "INTERNAL_ERROR", "Something went wrong on our side.")


def _facts(*names: str) -> Callable[[Exception], Mapping[str, object]]:
    return lambda error: {name: getattr(error, name) for name in names}


def _field(error: Exception) -> Mapping[str, object]:
    assert isinstance(error, InvalidParameterError)
    return {"fields": [{"field": error.parameter, "message": error.reason}]}


def _faults(error: Exception) -> Mapping[str, object]:
    assert isinstance(error, InvalidQueryError)
    return {"fields": error.faults} | ({"more": error.more} if error.more else {})


def _fields(error: Exception) -> Mapping[str, object]:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    fields = [
        {
            "field": tellable(".".join(map(str, fault["loc"][1:]))),
            "message": tellable(fault["msg"]),
        }
        for fault in faults[:MAX_FAULTS]
    ]
    more = len(faults) - len(fields)
    return {"fields": fields} | ({"more": more} if more else {})


REFUSALS: dict[type[Exception], Refusal] = {
    UnknownSymbolError: Refusal(404, "UNKNOWN_SYMBOL", details=_facts("symbol")),
    NoPathError: Refusal(404, "NO_RATE", details=_facts("base", "quote")),
    InvalidParameterError: Refusal(422, "VALIDATION_ERROR", _PARAMETERS_REFUSED, _field),
    InvalidQueryError: Refusal(422, "VALIDATION_ERROR", details=_faults),
    NoTicksError: Refusal(404, "NO_TICKS", details=_facts("symbol", "legs")),
    NotAcceptableError: Refusal(
        406,
        "NOT_ACCEPTABLE",
        "The answer has none of the forms that the Accept header names.",
        _facts("offered"),
    ),
    RangeTooLargeError: Refusal(
        422, "RANGE_TOO_LARGE", details=_facts("bound", "asked", "most", "hint", "end")
    ),
    UnfitValueError: Refusal(422, "UNFIT_VALUE", details=_facts("column", "value")),
    SqlInvalidError: Refusal(422, "SQL_INVALID", details=_facts("position", "hint")),
    SqlForbiddenError: Refusal(403, "SQL_FORBIDDEN"),
    SqlTooManyRowsError: Refusal(422, "SQL_TOO_MANY_ROWS", details=_facts("limit")),
    SqlTimeoutError: Refusal(408, "SQL_TIMEOUT", details=_facts("limit_s")),
    SqlMemoryError: Refusal(503, "SQL_OUT_OF_MEMORY", details=_facts("limit_mb"), again=False),
    SqlNotConfiguredError: Refusal(503, "SQL_NOT_CONFIGURED", again=False),
    TooManyQueriesError: Refusal(429, "TOO_MANY_QUERIES", details=_facts("most")),
    TooManyPagesError: Refusal(429, "TOO_MANY_QUERIES", details=_facts("most")),
    NotReadyError: Refusal(503, "NOT_READY", _UNAVAILABLE, _facts("checks")),
    DatabaseUnavailableError: Refusal(503, "SERVICE_UNAVAILABLE", _UNAVAILABLE),
    CacheUnavailableError: Refusal(503, "SERVICE_UNAVAILABLE", _UNAVAILABLE),
    TooManyStreamsError: Refusal(
        503, "TOO_MANY_STREAMS", "Too many streams are open right now. Please try again."
    ),
    QueryTimeoutError: Refusal(
        503,
        "QUERY_TIMEOUT",
        "The answer took too long to find: ask for a shorter range.",
        again=False,
    ),
    UnauthenticatedError: Refusal(401, "UNAUTHENTICATED", _SIGN_IN),
    InvalidCredentialsError: Refusal(401, "INVALID_CREDENTIALS"),
    InvalidCodeError: Refusal(401, "INVALID_CODE"),
    RefusedPasskeyError: Refusal(401, "INVALID_PASSKEY"),
    UnfitScopesError: Refusal(422, "UNFIT_SCOPES", details=_facts("scopes")),
    InvalidMailTokenError: Refusal(400, "INVALID_TOKEN"),
    ForbiddenError: Refusal(403, "FORBIDDEN", details=_facts("needed")),
    StepUpRequiredError: Refusal(403, "STEP_UP_REQUIRED", details=_facts("within_s")),
    CsrfError: Refusal(403, "CSRF_FAILED"),
    AccountLockedError: Refusal(403, "ACCOUNT_LOCKED"),
    NotFoundError: Refusal(404, "NOT_FOUND"),
    ConflictError: Refusal(409, "CONFLICT"),
    WeakPasswordError: Refusal(422, "WEAK_PASSWORD", details=_facts("reason")),
    MalformedAddressError: Refusal(422, "VALIDATION_ERROR", _PARAMETERS_REFUSED),
    RateLimitedError: Refusal(429, "RATE_LIMITED", details=_facts("retry_after_s")),
    TooManyAttemptsError: Refusal(429, "TOO_MANY_ATTEMPTS", details=_facts("retry_after_s")),
    RevocationsUnknownError: Refusal(503, "SERVICE_UNAVAILABLE", _UNAVAILABLE),
    TooManyHashesError: Refusal(503, "SERVICE_UNAVAILABLE", _UNAVAILABLE),
}
"""Domain errors know no HTTP; this is where they learn it."""

_VALIDATION = Refusal(422, "VALIDATION_ERROR", _PARAMETERS_REFUSED, _fields)
_BY_STATUS = {
    400: ("BAD_REQUEST", "The request could not be read."),
    401: ("UNAUTHENTICATED", _SIGN_IN),
    403: ("FORBIDDEN", "The request was refused."),
    404: ("NOT_FOUND", "There is nothing at this address."),
    405: ("METHOD_NOT_ALLOWED", "This address does not answer that method."),
    408: ("REQUEST_TIMEOUT", "The request took too long to arrive."),
    413: ("PAYLOAD_TOO_LARGE", "The request's body is too large."),
    431: ("HEADERS_TOO_LARGE", "The request's address and headers are too large."),
}

RESPONSES: dict[int | str, dict[str, object]] = {
    404: {"model": Failure, "description": "Unknown symbol"},
    406: {"model": Failure, "description": "None of the forms that Accept names is offered"},
    422: {"model": Failure, "description": "A parameter is unknown or not acceptable"},
    429: {"model": Failure, "description": "Too many heavy requests at once; retry"},
    503: {"model": Failure, "description": "A part that this needs does not answer; retry"},
}
"""What the OpenAPI document says of refusals."""


def install_error_handlers(app: FastAPI) -> None:
    """Answer every error in the envelope. Errors not in the table reach the middleware."""
    for error_type in REFUSALS:
        app.add_exception_handler(error_type, _domain_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)


def unexpected_body(request_id: str, clock: Callable[[], int]) -> bytes:
    """The body of a 500, which tells nothing of the error."""
    return failure_body(clock, request_id, _UNEXPECTED.code, str(_UNEXPECTED.message))


def refusal_body(status: int, request_id: str, clock: Callable[[], int]) -> bytes:
    """The body of a refusal that HTTP itself gives."""
    return failure_body(clock, request_id, *_by_status(status))


def _domain_error(request: Request, error: Exception) -> Response:
    refusal = next(REFUSALS[kind] for kind in type(error).__mro__ if kind in REFUSALS)
    headers = {}
    if refusal.again and refusal.status in _RETRIED:
        headers["Retry-After"] = str(getattr(error, "retry_after_s", RETRY_AFTER_S))
    if isinstance(error, UnauthenticatedError):
        fault = ', error="invalid_token"' if error.presented else ""
        headers["WWW-Authenticate"] = f'Bearer realm="tradewind"{fault}'
    return _refuse(request, refusal, error, headers)


def _validation_error(request: Request, error: Exception) -> Response:
    return _refuse(request, _VALIDATION, error)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, message = _by_status(error.status_code)
    return _refuse(request, Refusal(error.status_code, code, message), error, error.headers)


def _by_status(status: int) -> tuple[str, str]:
    return _BY_STATUS.get(status, ("HTTP_ERROR", "The request was refused."))


def _refuse(
    request: Request,
    refusal: Refusal,
    error: Exception,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = failure_body(
        request.app.state.config.clock,
        request.state.request_id,
        refusal.code,
        refusal.message or str(error),
        refusal.details(error),
    )
    return Response(body, refusal.status, headers, JSON)
