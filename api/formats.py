"""The forms of a table: JSON, CSV, Arrow's IPC stream and Parquet, as `format` or Accept say.

A table goes out batch by batch. An error before the first batch is an error like any other; behind it
the connection breaks, so that no client takes a part for the whole.
"""

import asyncio
import io
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from enum import StrEnum
from typing import Any, Protocol

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from api.errors import NotAcceptableError, SlowClientError

CLIENT_WITHIN_S = 30.0
"""How long a client may let a piece of an answer lie."""
CLIENT_BYTES_A_SECOND = 256 * 1024
"""What a client takes at least, on the mean of the time that it is waited for, once CLIENT_WITHIN_S are
over: a slower one would hold its place, and what is read for it, for very long."""
STREAM_WITHIN_S = 900.0
"""How long the whole of an answer may take: 10 Mbit/s are enough for 10,000,000 rows in any form."""
PIECE_BYTES = 256 * 1024
"""What is given to the connection at once, which holds what a client has not read."""
GROUP_ROWS = 131_072
GROUP_BYTES = 32 * 1024 * 1024
"""A row group of a Parquet file is whole in memory: it ends where it has either."""

_HEADERS = {"Cache-Control": "no-store", "Vary": "Accept"}
_CSV_TIME = "%Y-%m-%dT%H:%M:%S%.fZ"


class Format(StrEnum):
    """In the order in which they are taken where a client likes several alike."""

    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"
    PARQUET = "parquet"


MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv; charset=utf-8",
    Format.ARROW: "application/vnd.apache.arrow.stream",
    Format.PARQUET: "application/vnd.apache.parquet",
}
TABLE_CONTENT: dict[str, dict[str, object]] = {
    "text/csv": {"schema": {"type": "string"}},
    MEDIA_TYPES[Format.ARROW]: {"schema": {"type": "string", "format": "binary"}},
    MEDIA_TYPES[Format.PARQUET]: {"schema": {"type": "string", "format": "binary"}},
}
"""What the OpenAPI document says of an answer's other forms: `responses={200: {"content": …}}`."""


def asked_format(request: Request, parameter: Format | None) -> Format:
    """The form that is wanted: the parameter's, else what Accept likes best; JSON where it is silent.

    NotAcceptableError where it likes none of ours.
    """
    if parameter is not None:
        return parameter
    accept = ",".join(request.headers.getlist("accept")) or "*/*"
    ranges = list(_ranges(accept))
    liked = {format_: _liking(MEDIA_TYPES[format_], ranges) for format_ in Format}
    best = max(Format, key=lambda format_: liked[format_])
    if not liked[best]:
        raise NotAcceptableError(accept, [MEDIA_TYPES[format_] for format_ in Format])
    return best


def described(schema: pa.Schema, **facts: str) -> pa.Schema:
    """The schema with what its numbers are, and these facts as `tradewind.<name>`."""
    decimal = any(pa.types.is_decimal(field.type) for field in schema)
    metadata = {"numbers": "decimal128" if decimal else "float64"}
    metadata |= {f"tradewind.{name}": fact for name, fact in facts.items()}
    return schema.with_metadata({**metadata})


async def table_response(
    request: Request,
    schema: pa.Schema,
    batches: AsyncIterator[pa.RecordBatch],
    form: Format,
    *,
    file_name: str,
    headers: Mapping[str, str] | None = None,
    ends_s: float | None = None,
) -> StreamingResponse:
    """The batches as a file of any form but JSON; `file_name` is without its ending.

    Waits for the first batch, so that what it raises can still be told. Closes `batches` at the end, and
    when the client has gone or is slower than the bounds above. At `ends_s` by the clock of the event
    loop, else STREAM_WITHIN_S from now, the answer is broken off wherever it is.
    """
    if ends_s is None:
        ends_s = asyncio.get_running_loop().time() + STREAM_WITHIN_S
    first = await anext(batches, None)
    disposition = {"Content-Disposition": f'attachment; filename="{file_name}.{form.value}"'}
    return _TableResponse(
        _body(_ENCODERS[form](schema), first, batches),
        headers={**disposition, **_HEADERS, **(headers or {})},
        media_type=MEDIA_TYPES[form],
        ends_s=ends_s,
    )


class _TableResponse(StreamingResponse):
    """Ends its content in any case, and a client that reads too slowly."""

    def __init__(
        self,
        content: AsyncGenerator[memoryview],
        *,
        headers: Mapping[str, str],
        media_type: str,
        ends_s: float,
    ) -> None:
        super().__init__(content, headers=headers, media_type=media_type)
        self._ends_s = ends_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert isinstance(self.body_iterator, AsyncGenerator)
        async with aclosing(self.body_iterator):
            try:
                async with asyncio.timeout_at(self._ends_s):
                    await super().__call__(scope, receive, _Patience(send))
            except TimeoutError:
                raise SlowClientError("the time for the whole of the answer is over") from None


class _Patience:
    """Sends while the client keeps its pace; only the time that it is waited for counts."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._left_s = CLIENT_WITHIN_S

    async def __call__(self, message: Message) -> None:
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        try:
            async with asyncio.timeout(min(CLIENT_WITHIN_S, self._left_s)):
                await self._send(message)
        except TimeoutError:
            raise SlowClientError("it reads nothing, or too little") from None
        taken_s = len(message.get("body", b"")) / CLIENT_BYTES_A_SECOND
        self._left_s += taken_s - (loop.time() - started_s)


async def _body(
    encoder: "_Encoder", first: pa.RecordBatch | None, batches: AsyncIterator[pa.RecordBatch]
) -> AsyncGenerator[memoryview]:
    try:
        batch = first
        while batch is not None:
            for piece in _pieces(await asyncio.to_thread(encoder.encode, batch)):
                yield piece
            batch = await anext(batches, None)
        for piece in _pieces(await asyncio.to_thread(encoder.end)):
            yield piece
    finally:
        if isinstance(batches, AsyncGenerator):
            await batches.aclose()


def _pieces(data: bytes) -> Iterator[memoryview]:
    view = memoryview(data)
    return (view[at : at + PIECE_BYTES] for at in range(0, len(view), PIECE_BYTES))


class _Encoder(Protocol):
    """Turns batches into the bytes of a file, one after the other; may keep some back until the end."""

    def encode(self, batch: pa.RecordBatch) -> bytes: ...

    def end(self) -> bytes: ...


class _ArrowEncoder:
    def __init__(self, schema: pa.Schema) -> None:
        self._file = io.BytesIO()
        self._writer = pa.ipc.new_stream(self._file, schema)

    def encode(self, batch: pa.RecordBatch) -> bytes:
        self._writer.write_batch(batch)
        return _taken(self._file)

    def end(self) -> bytes:
        self._writer.close()
        return _taken(self._file)


class _CsvEncoder:
    """Times are RFC 3339, nulls are empty, decimals lose the zeros at their end."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._head = True

    def encode(self, batch: pa.RecordBatch) -> bytes:
        columns = [_shown(column) for column in batch.columns]
        frame = pl.from_arrow(pa.table(columns, names=self._schema.names))
        assert isinstance(frame, pl.DataFrame)
        file = io.BytesIO()
        frame.write_csv(file, include_header=self._head, datetime_format=_CSV_TIME)
        self._head = False
        return file.getvalue()

    def end(self) -> bytes:
        nothing = pa.RecordBatch.from_pylist([], self._schema)
        return self.encode(nothing) if self._head else b""


class _ParquetEncoder:
    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._file = io.BytesIO()
        self._writer = pq.ParquetWriter(self._file, schema, compression="zstd")
        self._waiting: list[pa.RecordBatch] = []

    def encode(self, batch: pa.RecordBatch) -> bytes:
        self._waiting.append(batch)
        rows = sum(waiting.num_rows for waiting in self._waiting)
        if rows >= GROUP_ROWS or sum(waiting.nbytes for waiting in self._waiting) >= GROUP_BYTES:
            self._write()
        return _taken(self._file)

    def end(self) -> bytes:
        if self._waiting:
            self._write()
        self._writer.close()
        return _taken(self._file)

    def _write(self) -> None:
        table = pa.Table.from_batches(self._waiting)
        self._waiting.clear()
        self._writer.write_table(table.replace_schema_metadata(self._schema.metadata))


_ENCODERS: dict[Format, type[_ArrowEncoder] | type[_CsvEncoder] | type[_ParquetEncoder]] = {
    Format.CSV: _CsvEncoder,
    Format.ARROW: _ArrowEncoder,
    Format.PARQUET: _ParquetEncoder,
}


def _taken(file: io.BytesIO) -> bytes:
    """What was written since it was last taken; the writer counts by itself where it is."""
    data = file.getvalue()
    file.seek(0)
    file.truncate()
    return data


def _shown(column: "pa.Array[Any]") -> "pa.Array[Any]":
    if pa.types.is_decimal(column.type):
        return pc.utf8_rtrim(pc.utf8_rtrim(column.cast(pa.string()), "0"), ".")
    return column


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    """The media ranges of an Accept header and how each is liked; what is malformed is not liked."""
    for part in accept.split(","):
        name, *parameters = (text.strip().lower() for text in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = min(max(float(parameter[2:]), 0.0), 1.0)
                except ValueError:
                    quality = 0.0
        yield name, quality


def _liking(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """How a type is liked: the most specific range that holds it says."""
    name = media_type.partition(";")[0]
    for wanted in (name, f"{name.partition('/')[0]}/*", "*/*"):
        likings = [quality for range_, quality in ranges if range_ == wanted]
        if likings:
            return max(likings)
    return 0.0
