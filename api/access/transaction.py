"""One request, one transaction: opened by a dependency, committed before the answer goes out."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from api.access.errors import KeptRefusal
from storage.pools import Connection


async def _transaction(request: Request) -> AsyncIterator[Connection]:
    kept: KeptRefusal | None = None
    async with request.app.state.services.writes.transaction() as connection:
        try:
            yield connection
        except KeptRefusal as refusal:
            kept = refusal
    if kept is not None:
        raise kept


Transaction = Annotated[Connection, Depends(_transaction, scope="function")]
"""The parameter of a route that writes. Nobody else commits; an error takes back everything, but for a
`KeptRefusal`, whose writes stay."""
