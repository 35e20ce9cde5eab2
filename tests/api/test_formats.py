"""Forms of a table: which one is wanted, what it holds, and how it breaks."""

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi import Request, Response

from api.config import ApiConfig
from api.errors import InvalidParameterError, NotAcceptableError
from api.formats import GROUP_ROWS, MEDIA_TYPES, Format, asked_format, described, table_response
from tests.api.harness import Api, serve

SCHEMA = described(
    pa.schema(
        [
            ("time", pa.timestamp("us", "UTC")),
            ("symbol", pa.dictionary(pa.int8(), pa.string())),
            ("price", pa.float64()),
            ("exact", pa.decimal128(38, 18)),
            ("note", pa.string()),
        ]
    ),
    feed="simulated",
)
TABLE_FORMATS = [Format.CSV, Format.ARROW, Format.PARQUET]


def batch(first: int, rows: int) -> pa.RecordBatch:
    """Rows numbered from `first`; every third has no price."""
    numbers = range(first, first + rows)
    return pa.RecordBatch.from_arrays(
        [
            pa.array([number * 500_000 for number in numbers], pa.timestamp("us", "UTC")),
            pa.array(["EUR-USD"] * rows).dictionary_encode().cast(SCHEMA.field(1).type),
            pa.array([None if number % 3 == 0 else number / 4 for number in numbers], pa.float64()),
            pa.array([Decimal(number) / 8 for number in numbers], pa.decimal128(38, 18)),
            pa.array(['a "b", c'] * rows),
        ],
        schema=SCHEMA,
    )


def request(accept: str | None) -> Request:
    headers = [] if accept is None else [(b"accept", accept.encode())]
    return Request({"type": "http", "headers": headers})


@pytest.mark.parametrize(
    ("accept", "format_"),
    [
        (None, Format.JSON),
        ("*/*", Format.JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Format.JSON),
        ("application/json", Format.JSON),
        ("text/csv", Format.CSV),
        ("Text/*", Format.CSV),
        ("application/vnd.apache.arrow.stream", Format.ARROW),
        ("application/vnd.apache.parquet, */*;q=0.1", Format.PARQUET),
        ("application/json;q=0.2, text/csv;q=0.5", Format.CSV),
        ("application/json;q=0, */*", Format.CSV),
    ],
)
def test_accept_says_what_is_wanted(accept: str | None, format_: Format) -> None:
    assert asked_format(request(accept), None) is format_


def test_the_parameter_says_more_than_accept() -> None:
    assert asked_format(request("text/csv"), Format.PARQUET) is Format.PARQUET


@pytest.mark.parametrize("accept", ["image/png", "text/csv;q=0", "text/csv;q=x", "nonsense", ","])
def test_a_client_that_takes_none_is_told(accept: str) -> None:
    with pytest.raises(NotAcceptableError):
        asked_format(request(accept), None)


def test_a_schema_says_what_its_numbers_are() -> None:
    floats = described(pa.schema([("price", pa.float64())]), symbol="AAPL")
    assert floats.metadata == {b"numbers": b"float64", b"tradewind.symbol": b"AAPL"}
    assert SCHEMA.metadata == {b"numbers": b"decimal128", b"tradewind.feed": b"simulated"}


class Source:
    """Batches that know whether they were closed."""

    def __init__(self, *items: pa.RecordBatch | Exception, endless: bool = False) -> None:
        self._items = items
        self._endless = endless
        self.given = 0
        self.closed = asyncio.Event()

    async def batches(self) -> AsyncGenerator[pa.RecordBatch]:
        try:
            for item in self._items:
                if isinstance(item, Exception):
                    raise item
                self.given += 1
                yield item
            while self._endless:
                self.given += 1
                yield batch(0, 10_000)
        finally:
            self.closed.set()


@asynccontextmanager
async def serving(config: ApiConfig, source: Source, format_: Format) -> AsyncIterator[Api]:
    """The application with a table at /table."""
    async with serve(config) as api:

        async def table(request: Request) -> Response:
            return await table_response(
                request, SCHEMA, source.batches(), format_, file_name="numbers"
            )

        api.app.add_api_route("/table", table)
        yield api


def read(format_: Format, body: bytes) -> list[dict[str, object]]:
    if format_ is Format.ARROW:
        return pa.ipc.open_stream(body).read_all().to_pylist()
    if format_ is Format.PARQUET:
        return pq.read_table(io.BytesIO(body)).to_pylist()
    return [
        {
            "time": datetime.fromisoformat(row["time"]),
            "symbol": row["symbol"],
            "price": float(row["price"]) if row["price"] else None,
            "exact": Decimal(row["exact"]),
            "note": row["note"],
        }
        for row in csv.DictReader(io.StringIO(body.decode()))
    ]


@pytest.mark.parametrize("format_", TABLE_FORMATS)
async def test_every_row_comes_back_from_every_form(config: ApiConfig, format_: Format) -> None:
    source = Source(batch(0, 5), batch(5, 40_000))
    async with serving(config, source, format_) as api:
        response = await api.get("/table")
    assert response.status_code == 200
    assert response.headers["content-type"] == MEDIA_TYPES[format_]
    assert response.headers["vary"] == "Accept"
    assert response.headers["content-disposition"].endswith(f'"numbers.{format_.value}"')
    rows = read(format_, response.content)
    assert rows == [*batch(0, 5).to_pylist(), *batch(5, 40_000).to_pylist()]
    assert rows[1]["time"] == datetime(1970, 1, 1, 0, 0, 0, 500_000, UTC)


@pytest.mark.parametrize("format_", TABLE_FORMATS)
async def test_no_rows_are_a_good_file(config: ApiConfig, format_: Format) -> None:
    async with serving(config, Source(), format_) as api:
        response = await api.get("/table")
    assert read(format_, response.content) == []
    if format_ is Format.CSV:
        assert response.text == "time,symbol,price,exact,note\n"


async def test_csv_is_as_people_write_it(config: ApiConfig) -> None:
    async with serving(config, Source(batch(2, 2)), Format.CSV) as api:
        lines = (await api.get("/table")).text.splitlines()
    assert lines[1:] == [
        '1970-01-01T00:00:01Z,EUR-USD,0.5,0.25,"a ""b"", c"',
        '1970-01-01T00:00:01.500Z,EUR-USD,,0.375,"a ""b"", c"',
    ]


@pytest.mark.parametrize("format_", [Format.ARROW, Format.PARQUET])
async def test_files_keep_their_metadata_and_dictionary(config: ApiConfig, format_: Format) -> None:
    async with serving(config, Source(batch(0, 5)), format_) as api:
        body = (await api.get("/table")).content
    if format_ is Format.ARROW:
        schema = pa.ipc.open_stream(body).schema
    else:
        schema = pq.read_schema(io.BytesIO(body))
    assert schema.field("symbol").type.value_type == pa.string()
    assert schema.metadata[b"numbers"] == b"decimal128"
    assert schema.metadata[b"tradewind.feed"] == b"simulated"


async def test_parquet_has_groups_of_bounded_size(config: ApiConfig) -> None:
    part = batch(0, GROUP_ROWS // 2)
    async with serving(config, Source(*[part] * 5), Format.PARQUET) as api:
        body = (await api.get("/table")).content
    groups = pq.ParquetFile(io.BytesIO(body)).metadata
    assert [groups.row_group(n).num_rows for n in range(3)] == [
        GROUP_ROWS,
        GROUP_ROWS,
        GROUP_ROWS // 2,
    ]


async def test_wide_rows_make_groups_of_fewer(
    config: ApiConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.formats.GROUP_BYTES", 1)
    async with serving(config, Source(batch(0, 3), batch(3, 2)), Format.PARQUET) as api:
        body = (await api.get("/table")).content
    groups = pq.ParquetFile(io.BytesIO(body)).metadata
    assert [groups.row_group(n).num_rows for n in range(2)] == [3, 2]


async def test_an_error_before_the_first_row_is_an_answer(config: ApiConfig) -> None:
    source = Source(InvalidParameterError("start", "is odd"))
    async with serving(config, source, Format.ARROW) as api:
        response = await api.get("/table")
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize("format_", TABLE_FORMATS)
async def test_an_error_behind_the_first_row_breaks_the_answer(
    config: ApiConfig, format_: Format
) -> None:
    source = Source(batch(0, 5), InvalidParameterError("start", "is odd"))
    async with serving(config, source, format_) as api:
        with pytest.raises(httpx2.RemoteProtocolError):
            await api.get("/table")
    assert source.closed.is_set()


async def test_a_client_that_leaves_ends_the_reading(config: ApiConfig) -> None:
    source = Source(endless=True)
    async with serving(config, source, Format.ARROW) as api:
        async with api.client.stream("GET", "/table") as response:
            await anext(response.aiter_raw())
            assert not source.closed.is_set()
        assert await source.closed.wait()


async def test_a_client_that_does_not_read_is_given_up_and_little_is_kept_for_it(
    config: ApiConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.formats.CLIENT_WITHIN_S", 0.2)
    source = Source(endless=True)
    async with serving(config, source, Format.ARROW) as api, api.client.stream("GET", "/table"):
        await source.closed.wait()
    assert source.given < 100


async def test_a_client_that_reads_too_slowly_is_given_up(
    config: ApiConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.formats.CLIENT_WITHIN_S", 0.5)
    monkeypatch.setattr("api.formats.CLIENT_BYTES_A_SECOND", 1 << 40)
    source = Source(endless=True)
    async with serving(config, source, Format.ARROW) as api:
        async with api.client.stream("GET", "/table") as response:
            with pytest.raises(httpx2.RemoteProtocolError):
                async for _ in response.aiter_raw(1024 * 1024):
                    # It reads again and again, and each time well within what one piece may take.
                    await api.get("/health")
        await source.closed.wait()


async def test_an_answer_is_broken_off_when_its_time_is_over(
    config: ApiConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.formats.STREAM_WITHIN_S", 0.3)
    source = Source(endless=True)
    async with serving(config, source, Format.ARROW) as api:
        with pytest.raises(httpx2.RemoteProtocolError):
            await api.get("/table")
        await source.closed.wait()
