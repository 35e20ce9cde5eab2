"""How benchmarks ask for history: the API over HTTP, PostgreSQL by bare COPY."""

import http.client
import json
import select
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlencode

import psycopg
import pyarrow as pa
from psycopg.pq import ExecStatus

from tradewind.settings import Settings

TIMEOUT_S = 120.0


class ApiClient:
    """Asks the API process for Arrow streams, each over a connection of its own."""

    def __init__(self, settings: Settings) -> None:
        self._address = (settings.host, settings.port)

    def get(self, path: str, **parameters: str | int) -> pa.Table:
        """The whole answer of a GET."""
        with self.stream(path, **parameters) as batches:
            return batches.read_all()

    @contextmanager
    def stream(self, path: str, **parameters: str | int) -> Iterator[pa.RecordBatchReader]:
        """The answer of a GET, batch by batch."""
        query = urlencode({**parameters, "format": "arrow"})
        with self._answer("GET", f"{path}?{query}") as batches:
            yield batches

    def post(self, path: str, body: dict[str, object]) -> pa.Table:
        """The whole answer of a POST."""
        with self._answer("POST", path, json.dumps({**body, "format": "arrow"})) as batches:
            return batches.read_all()

    @contextmanager
    def _answer(
        self, method: str, target: str, body: str | None = None
    ) -> Iterator[pa.RecordBatchReader]:
        with closing(http.client.HTTPConnection(*self._address, timeout=TIMEOUT_S)) as connection:
            connection.request(method, target, body, {"content-type": "application/json"})
            response = connection.getresponse()
            assert response.status == http.client.OK, response.read()
            with pa.ipc.open_stream(response) as batches:
                yield batches
            # What ends the stream stands behind its last batch.
            assert response.read() == b""


class BareCopy:
    """Reads what statements answer by binary COPY over one connection of libpq, and drops it."""

    def __init__(self, database_url: str) -> None:
        self._connection = psycopg.connect(database_url, autocommit=True)

    def close(self) -> None:
        self._connection.close()

    def rows(self, statement: str) -> int:
        """How many rows came.

        Reads what has arrived before it waits: libpq's own waiting read sleeps after every few kilobytes.
        """
        server = self._connection.pgconn
        result = server.exec_(f"COPY ({statement}) TO STDOUT (FORMAT binary)".encode())
        assert result.status == ExecStatus.COPY_OUT, result.error_message
        arrived = select.poll()
        arrived.register(server.socket, select.POLLIN)
        messages, waiting = 0, False
        while (length := server.get_copy_data(1)[0]) >= 0:
            messages += length > 0
            if length == 0:
                if waiting:
                    arrived.poll()
                server.consume_input()
            waiting = length == 0
        ended = server.get_result()
        assert ended is not None and ended.status == ExecStatus.COMMAND_OK
        assert server.get_result() is None
        # The header comes with the first row, the trailer by itself.
        return messages - 1
