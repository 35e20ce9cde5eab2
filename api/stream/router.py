"""Prices as they move, over HTTP."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, Field

from api.access.guards import MarketReader, Streamer, scoped
from api.access.principal import Principal
from api.access.tickets import GOOD_FOR_S
from api.envelope import Failure, Success, success
from api.errors import RESPONSES
from api.market.schemas import SymbolsParameters
from api.market.symbols import named_instruments
from api.services import Services, ServiceSet
from api.stream.response import PriceStream

router = APIRouter(prefix="/api/stream", tags=["stream"])

_EVENTS: dict[int | str, dict[str, object]] = {
    200: {
        "description": "Events `snapshot` (a list of prices, first and after a client fell behind), "
        "`price_update` (a price, or a list where several moved), `reset` (after a reconnection: what "
        "came in between is not sent again, a snapshot follows), `heartbeat` (every 10 s).",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


_REFUSED: dict[int | str, dict[str, object]] = {
    401: {"model": Failure, "description": "No valid credential"},
    403: {"model": Failure, "description": "The credential may not do this"},
}


class TicketData(BaseModel):
    ticket: str
    expires_in: int


class EventParameters(SymbolsParameters):
    """The symbols, and the ticket that a browser got from `/ticket`."""

    ticket: Annotated[str | None, Field(max_length=100)] = None


@router.get("/prices", response_class=Response, responses={**RESPONSES, **_EVENTS})
async def price_stream(
    parameters: Annotated[SymbolsParameters, Query()],
    services: Services,
    _: MarketReader,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """Latest prices as server-sent events: a snapshot, then every change of the named symbols."""
    ids = _named(services, parameters)
    return PriceStream(services.hub, ids, resumed=last_event_id is not None)


@router.post("/ticket", response_model=Success[TicketData], responses=_REFUSED)
async def ticket(
    request: Request,
    caller: Annotated[Principal, scoped("market:read")],
    services: Services,
) -> Response:
    """A ticket for `/events?ticket=`: a browser's EventSource sends no header. It is good once."""
    data = {"ticket": await services.tickets.issued(caller), "expires_in": GOOD_FOR_S}
    return success(request, data)


@router.get("/events", response_class=Response, responses={**RESPONSES, **_REFUSED, **_EVENTS})
async def event_stream(
    parameters: Annotated[EventParameters, Query()],
    services: Services,
    caller: Streamer,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """One stream of everything that concerns the caller: for now, prices as `/prices` sends them.

    It ends with the credential that opened it: at its expiry, and within seconds of a sign-out.
    """
    return PriceStream(
        services.hub,
        _named(services, parameters),
        resumed=last_event_id is not None,
        kept=partial(services.private_streams.kept, caller),
    )


def _named(services: ServiceSet, parameters: SymbolsParameters) -> frozenset[int]:
    table = services.config.instruments
    named = named_instruments(parameters.symbols, table)
    return frozenset(instrument.id for instrument in named or table)
