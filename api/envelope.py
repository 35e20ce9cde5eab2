"""The envelope of every JSON answer: success, data or error, and meta.

Answers are encoded by orjson, straight from dataclasses and dictionaries; the Pydantic models describe
them in the OpenAPI document and are never run.
"""

from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar

import orjson
from fastapi import Request, Response
from pydantic import BaseModel

from market.clock import Clock, rfc3339

JSON = "application/json"
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
_T = TypeVar("_T")


class PagePagination(BaseModel):
    """Pages counted from 1, of lists that are short enough to be counted."""

    page: int
    limit: int
    total: int
    total_pages: int
    has_next: bool
    has_prev: bool


class CursorPagination(BaseModel):
    """History: pass `next_cursor` as `cursor` for what follows; null at the end."""

    limit: int
    next_cursor: str | None


class Meta(BaseModel):
    timestamp: str
    request_id: str


class PageMeta(Meta):
    pagination: PagePagination


class CursorMeta(Meta):
    pagination: CursorPagination


class Success(BaseModel, Generic[_T]):
    success: Literal[True]
    data: _T
    meta: Meta


class Page(BaseModel, Generic[_T]):
    success: Literal[True]
    data: list[_T]
    meta: PageMeta


class Excerpt(BaseModel, Generic[_T]):
    """An object that holds a page of something; the pagination is the page's."""

    success: Literal[True]
    data: _T
    meta: PageMeta


class Series(BaseModel, Generic[_T]):
    success: Literal[True]
    data: list[_T]
    meta: CursorMeta


class ErrorBody(BaseModel):
    code: str
    message: str
    details: dict[str, Any]


class Failure(BaseModel):
    success: Literal[False]
    error: ErrorBody
    meta: Meta


def success(
    request: Request,
    data: object,
    *,
    pagination: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
    facts: Mapping[str, object] | None = None,
) -> Response:
    """The answer that carries `data`, anything orjson can encode; `facts` go into its `meta`."""
    meta = _meta(request.app.state.config.clock, request.state.request_id)
    meta.update(facts or {})
    if pagination is not None:
        meta["pagination"] = pagination
    body = {"success": True, "data": data, "meta": meta}
    return Response(orjson.dumps(body, option=_OPTIONS), media_type=JSON, headers=headers)


def failure_body(
    clock: Clock,
    request_id: str,
    code: str,
    message: str,
    details: Mapping[str, object] | None = None,
) -> bytes:
    """The encoded body of a refusal."""
    error = {"code": code, "message": message, "details": details or {}}
    return orjson.dumps(
        {"success": False, "error": error, "meta": _meta(clock, request_id)}, option=_OPTIONS
    )


def page_pagination(page: int, limit: int, total: int) -> dict[str, object]:
    """The pagination of the specification for page `page` (from 1) of `total` items."""
    pages = -(-total // limit)
    return {
        "page": page,
        "limit": limit,
        "total": total,
        "total_pages": pages,
        "has_next": page < pages,
        "has_prev": page > 1 and total > 0,
    }


def _meta(clock: Clock, request_id: str) -> dict[str, object]:
    return {"timestamp": rfc3339(clock()), "request_id": request_id}
