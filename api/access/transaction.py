"""One request, one transaction: opened by a dependency, committed before the answer goes out."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends, Request

from api.access.errors import KeptRefusal
from storage.pools import Connection


async def open_transaction(request: Request) -> AsyncGenerator[Connection, None]:
    """The transaction of a request: committed at the end, and by a `KeptRefusal`, which is raised then."""
    kept: KeptRefusal | None = None
    async with request.app.state.services.writes.transaction() as connection:
        try:
            yield connection
        except KeptRefusal as refusal:
            kept = refusal
    if kept is not None:
        raise kept


Transaction = Annotated[Connection, Depends(open_transaction, scope="function")]
"""The parameter of a route that writes. Nobody else commits; an error takes back everything, but for a
`KeptRefusal`, whose writes stay."""
