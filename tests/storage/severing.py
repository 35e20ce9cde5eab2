"""A proxy in front of PostgreSQL that cuts the line after a commit and before its answer."""

import asyncio
import contextlib
import re
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

SOCKET = ".s.PGSQL.5432"
COMMITTED = b"COMMIT\x00"


class SeveringProxy:
    """Forwards a Unix socket; it cuts so many connections instead of passing on that they committed."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._connections: set[asyncio.Task[None]] = set()
        self.cuts_left = 0

    def serve(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        """Forward one client's connection until either side ends it."""
        task = asyncio.create_task(self._serve(client, answers))
        self._connections.add(task)

    async def ended(self) -> None:
        """Wait until every connection has ended."""
        await asyncio.gather(*self._connections)

    async def _serve(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        server, questions = await asyncio.open_unix_connection(self._server)
        copies = {
            asyncio.create_task(self._copy(client, questions, cut=False)),
            asyncio.create_task(self._copy(server, answers, cut=True)),
        }
        _, running = await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        for task in running:
            task.cancel()
        await asyncio.gather(*copies, return_exceptions=True)
        for writer in (questions, answers):
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if cut and self.cuts_left and COMMITTED in data:
                    self.cuts_left -= 1
                    return
                writer.write(data)
                await writer.drain()


@contextlib.asynccontextmanager
async def severing(database_url: str) -> AsyncIterator[tuple[str, SeveringProxy]]:
    """A URL that leads to the same database through a proxy, and the proxy."""
    found = re.search(r"host=([^&]+)", database_url)
    assert found is not None
    proxy = SeveringProxy(Path(found[1]) / SOCKET)
    with tempfile.TemporaryDirectory(prefix="tw-") as directory:
        server = await asyncio.start_unix_server(proxy.serve, Path(directory) / SOCKET)
        yield database_url.replace(found[1], directory), proxy
        server.close()
        await proxy.ended()
