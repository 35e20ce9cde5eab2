"""Requests and answers: what is asked of a provider over HTTP, and what came back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from connectors.errors import MalformedError

_Body = TypeVar("_Body")


@dataclass(frozen=True, slots=True)
class Request:
    """One GET. `kind` and `context` are those of the log entry that its answer becomes."""

    kind: str
    context: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind} {self.context}".rstrip()


@dataclass(frozen=True, slots=True)
class Answer:
    """A body with its HTTP status, and the `retry-after` where the provider sent one."""

    status: int
    body: bytes
    received_us: int
    retry_after_s: float | None = None


def decode(provider: str, payload: bytes | msgspec.Raw, shape: type[_Body]) -> _Body:
    """The JSON of a payload in this shape; MalformedError where it has another."""
    try:
        return msgspec.json.decode(payload, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(provider, f"not the JSON of the contract: {error}") from error


def decode_or_none(payload: bytes | msgspec.Raw, shape: type[_Body]) -> _Body | None:
    """The JSON of a payload in this shape, or None."""
    try:
        return msgspec.json.decode(payload, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def fields_of(body: Mapping[str, Any], key: str) -> dict[str, msgspec.Raw] | None:
    """The object under a key, None where there is none."""
    raw = body.get(key)
    return None if raw is None else decode_or_none(raw, dict[str, msgspec.Raw])
