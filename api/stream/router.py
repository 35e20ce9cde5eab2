"""Prices as they move, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from api.errors import RESPONSES
from api.market.schemas import SymbolsParameters
from api.market.symbols import named_instruments
from api.services import Services
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


@router.get("/prices", response_class=Response, responses={**RESPONSES, **_EVENTS})
async def price_stream(
    parameters: Annotated[SymbolsParameters, Query()],
    services: Services,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """Latest prices as server-sent events: a snapshot, then every change of the named symbols."""
    table = services.config.instruments
    named = named_instruments(parameters.symbols, table)
    ids = frozenset(instrument.id for instrument in named or table)
    return PriceStream(services.hub, ids, resumed=last_event_id is not None)
