"""Market data over HTTP: instruments, latest prices, ticks and candles."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.envelope import Excerpt, Page, Series, Success, page_pagination, success
from api.errors import RESPONSES
from api.market.candles import find_candles
from api.market.catalogue import find_instruments
from api.market.gaps import find_gaps
from api.market.history import find_ticks
from api.market.prices import find_prices
from api.market.quality import find_quality
from api.market.schemas import (
    Candle,
    CandleParameters,
    GapData,
    GapParameters,
    InstrumentData,
    InstrumentParameters,
    Price,
    PriceParameters,
    QualityData,
    QualityParameters,
    TickData,
    TickParameters,
)
from api.services import Services

router = APIRouter(prefix="/api/market", tags=["market"], responses=RESPONSES)


@router.get("/instruments", response_model=Page[InstrumentData])
async def instruments(
    request: Request, parameters: Annotated[InstrumentParameters, Query()], services: Services
) -> Response:
    """What can be asked for: search by symbol or name, filter by class, page."""
    found = find_instruments(services.config.instruments, parameters)
    first = (parameters.page - 1) * parameters.limit
    return success(
        request,
        found[first : first + parameters.limit],
        pagination=page_pagination(parameters.page, parameters.limit, len(found)),
    )


@router.get("/prices", response_model=Success[list[Price]])
async def prices(
    request: Request, parameters: Annotated[PriceParameters, Query()], services: Services
) -> Response:
    """The latest prices, with their age and what they are worth: live, stale or closed.

    Of several sources of an instrument the elected one is shown; `source` shows what another says. A
    pair of currencies that nobody quotes is crossed over others, and says its path. With `as_of` all
    of that is as it was known then: age, state and change are relative to that instant.
    """
    return success(request, await find_prices(services, parameters))


@router.get("/ticks", response_model=Series[TickData])
async def ticks(
    request: Request, parameters: Annotated[TickParameters, Query()], services: Services
) -> Response:
    """Ticks in the order of their time, page by page."""
    rows, following = await find_ticks(services.board, services.database, parameters)
    pagination = {"limit": parameters.limit, "next_cursor": following}
    return success(request, rows, pagination=pagination)


@router.get("/candles", response_model=Series[Candle])
async def candles(
    request: Request, parameters: Annotated[CandleParameters, Query()], services: Services
) -> Response:
    """Candles in the order of their time, page by page; the one that still grows is marked."""
    rows, following = await find_candles(services.board, services.columns, parameters)
    services.watching.looked_at([services.board.instruments.by_symbol(parameters.symbol).id])
    pagination = {"limit": parameters.limit, "next_cursor": following}
    return success(request, rows, pagination=pagination)


@router.get("/gaps", response_model=Page[GapData])
async def gaps(
    request: Request, parameters: Annotated[GapParameters, Query()], services: Services
) -> Response:
    """What was missed and what became of it, the newest first: filled again, still open, or lost."""
    rows, total = await find_gaps(services.board, services.database, parameters)
    pagination = page_pagination(parameters.page, parameters.limit, total)
    return success(request, rows, pagination=pagination)


@router.get("/quality", response_model=Excerpt[QualityData])
async def quality(
    request: Request, parameters: Annotated[QualityParameters, Query()], services: Services
) -> Response:
    """What was quarantined and why: counts by reason, source and symbol, and the newest of it."""
    data, total = await find_quality(services.board, services.database, parameters)
    pagination = page_pagination(parameters.page, parameters.limit, total)
    return success(request, data, pagination=pagination)
