"""Market data over HTTP: instruments, latest prices, ticks and candles."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.access.guards import MARKET_READER
from api.access.rates import rate_limited
from api.envelope import Excerpt, Failure, Page, Series, Success, page_pagination, success
from api.errors import RESPONSES
from api.formats import TABLE_CONTENT
from api.limits import HeavyPlace
from api.market.candles import candles_response
from api.market.catalogue import find_instruments
from api.market.gaps import find_gaps
from api.market.prices import find_prices
from api.market.quality import find_quality
from api.market.schemas import (
    CandleParameters,
    Candles,
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
from api.market.ticks import answer_ticks
from api.services import Services

router = APIRouter(
    prefix="/api/market", tags=["market"], responses=RESPONSES, dependencies=[MARKET_READER]
)


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


@router.get(
    "/ticks",
    response_model=Series[TickData],
    responses={200: {"content": TABLE_CONTENT}},
    dependencies=[rate_limited("heavy")],
)
async def ticks(
    request: Request,
    parameters: Annotated[TickParameters, Query()],
    services: Services,
    place: HeavyPlace,
) -> Response:
    """Ticks in the order of their time, page by page; or, not in JSON, all of a range as a stream.

    A page that is no JSON tells its next cursor in the header `X-Next-Cursor`.
    """
    return await answer_ticks(request, services, parameters, place)


@router.get(
    "/candles",
    response_model=Candles,
    responses={200: {"content": TABLE_CONTENT}, 406: {"model": Failure}, 429: {"model": Failure}},
    dependencies=[rate_limited("heavy")],
)
async def candles(
    request: Request,
    parameters: Annotated[CandleParameters, Query()],
    services: Services,
    place: HeavyPlace,
) -> Response:
    """Candles of any interval in the order of their time; the one that still grows is marked.

    As JSON page by page; as CSV, Arrow or Parquet a page where a `limit` is given, else the whole range.
    Where neither ticks nor minutes are known, a provider's own bars show, with `ticks` 0. A pair of
    currencies that nobody quotes is crossed, minute by minute, over the closes of those that lead there,
    none of them older than two hours; the answer says so (`synthetic`) and names the path.
    """
    found = await candles_response(request, services, place, parameters)
    if parameters.symbol in services.board.instruments:
        services.watching.looked_at([services.board.instruments.by_symbol(parameters.symbol).id])
    return found


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
