"""A client of the HTTP API that answers with polars frames.

    from tradewind.client import Client

    with Client("http://127.0.0.1:8000") as client:
        ticks = client.ticks("EUR-USD", start="2014-05-01T00:00:00Z", end="2014-05-02T00:00:00Z")

Tables come as Arrow streams and whole ranges; a time is a `datetime` with its zone or RFC 3339 text. Every
method raises what is below `ClientError`. A client is for one thread at a time.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import httpx2
import polars as pl

from tradewind.client_answers import (
    Body,
    BusyError,
    ClientError,
    RangeTooLargeError,
    RefusedError,
    UnreachableError,
    refusal_of,
)

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "BusyError",
    "Client",
    "ClientError",
    "RangeTooLargeError",
    "RefusedError",
    "UnreachableError",
]

TIMEOUT_S = 60.0
PAGE_ROWS = 500
ARROW = "application/vnd.apache.arrow.stream"

Moment = datetime | str
Numbers = Literal["float64", "decimal"]
Side = Literal["mid", "bid", "ask", "trade"]

_Schema = dict[str, pl.DataType | type[pl.DataType]]

_INSTRUMENTS: _Schema = {
    **dict.fromkeys(("symbol", "name", "asset_class", "base", "quote"), pl.String),
    "decimals": pl.Int64,
}
_PRICES: _Schema = {
    "symbol": pl.String,
    **dict.fromkeys(("price", "bid", "ask", "change", "change_percent"), pl.Float64),
    "as_of": pl.String,
    "age_ms": pl.Int64,
    **dict.fromkeys(("state", "source"), pl.String),
    "simulated": pl.Boolean,
    "path": pl.List(pl.String),
}
_GAPS: _Schema = {
    "id": pl.Int64,
    **dict.fromkeys(("symbol", "source", "cause", "state", "start", "end"), pl.String),
    **dict.fromkeys(("first_id", "last_id", "missing"), pl.Int64),
    **dict.fromkeys(("asked_at", "settled_at"), pl.String),
}


class Client:
    """A connection to one server, to be closed or used in a `with`; `timeout_s` bounds each wait for it."""

    def __init__(self, url: str = "http://127.0.0.1:8000", *, timeout_s: float = TIMEOUT_S) -> None:
        self._http = httpx2.Client(base_url=url, timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def instruments(self, q: str = "", *, asset_class: str | None = None) -> pl.DataFrame:
        """What can be asked for: `q` is part of a symbol or a name.

        client.instruments("euro", asset_class="fx")["symbol"].to_list()
        """
        asked = {"q": q, "class": asset_class}
        rows = [row for page in self._pages("/api/market/instruments", asked) for row in page]
        return pl.DataFrame(rows, schema=_INSTRUMENTS)

    def prices(
        self,
        symbols: Sequence[str] | None = None,
        *,
        as_of: Moment | None = None,
        source: str | None = None,
    ) -> pl.DataFrame:
        """The latest prices, or those that were known at an instant; without symbols, of all that have one.

        `state` is live, stale or closed; `path` names the pairs that a cross rate goes through.
        """
        named = None if symbols is None else ",".join(symbols)
        asked = {"symbols": named, "as_of": _text(as_of), "source": source}
        rows = self._json("GET", "/api/market/prices", params=_given(asked))["data"]
        for row in rows:
            path = row.get("path")
            row["path"] = None if path is None else [leg["symbol"] for leg in path]
        return _timed(pl.DataFrame(rows, schema=_PRICES), "as_of")

    def ticks(
        self,
        symbol: str,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        source: str | None = None,
        numbers: Numbers = "float64",
        limit: int | None = None,
    ) -> pl.DataFrame:
        """All ticks of a range, in the order of their time; without a start the last `limit` of them.

        Of more than ten million `RangeTooLargeError` says where to part the range.
        """
        asked = {"symbol": symbol, "start": _text(start), "end": _text(end), "source": source}
        asked |= {"numbers": numbers, "limit": limit}
        return self._frame("GET", "/api/market/ticks", params=_given(asked))

    def tick_batches(
        self, symbol: str, *, start: Moment, end: Moment | None = None, **more: Any
    ) -> Iterator[pl.DataFrame]:
        """The same piece by piece, as they come: memory does not grow with the range.

        total = sum(len(piece) for piece in client.tick_batches("EUR-USD", start=day))
        """
        asked = {"symbol": symbol, "start": _text(start), "end": _text(end), **more}
        with self._stream("GET", "/api/market/ticks", params=_given(asked)) as batches:
            for batch in batches:
                yield _frame_of(batch)

    def candles(
        self,
        symbol: str,
        interval: str = "1m",
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        timezone: str = "UTC",
        side: Side | None = None,
        numbers: Numbers = "float64",
        limit: int | None = None,
    ) -> pl.DataFrame:
        """Candles of any interval (`90s`, `5m`, `1d`, `1M`), whose days begin in a zone.

        Without a side the mid of pairs of currencies, and trades of the rest. A pair that nobody quotes is
        crossed through others.
        """
        asked = {"symbol": symbol, "interval": interval, "start": _text(start), "end": _text(end)}
        asked |= {"timezone": timezone, "side": side, "numbers": numbers, "limit": limit}
        return self._frame("GET", "/api/market/candles", params=_given(asked))

    def query(
        self,
        columns: Sequence[str | Mapping[str, Any]],
        *,
        symbols: Sequence[str] | None = None,
        universe: Mapping[str, str] | None = None,
        start: Moment,
        end: Moment | None = None,
        interval: str = "1d",
        **more: Any,
    ) -> pl.DataFrame:
        """A quant query: columns of the vocabulary, of symbols or of a universe.

        `more` are the other words of the body: timezone, side, grid, fill, max_age, layout, resample, and
        limit, which cuts the answer. What is wrong with a query is in the error's `details["fields"]`.

            client.query(["close", "log_return"], symbols=["AAPL"], start="2016-01-01T00:00:00Z")
        """
        body = {"symbols": symbols, "universe": universe, "columns": list(columns)}
        body |= {"start": _text(start), "end": _text(end), "interval": interval, **more}
        return self._frame("POST", "/api/market/query", json=_given(body))

    def vocabulary(self) -> dict[str, Any]:
        """What a query is written with: fields, operations, rules, bounds and examples."""
        found: dict[str, Any] = self._json("GET", "/api/market/query/vocabulary")["data"]
        return found

    def sql(
        self, statement: str, *, limit: int | None = None, numbers: Numbers = "float64"
    ) -> pl.DataFrame:
        """The rows of one read-only statement over the views that `sql_views` tells of."""
        body = {"sql": statement, "limit": limit, "numbers": numbers}
        return self._frame("POST", "/api/market/sql", json=_given(body))

    def sql_views(self) -> dict[str, Any]:
        """The views and their columns, statements to begin with, and bounds."""
        found: dict[str, Any] = self._json("GET", "/api/market/sql/views")["data"]
        return found

    def gaps(self, symbol: str | None = None, *, state: str | None = None) -> pl.DataFrame:
        """What was missed and what became of it: open, filled or lost; the newest first."""
        asked = {"symbol": symbol, "state": state}
        rows = [row for page in self._pages("/api/market/gaps", asked) for row in page]
        return _timed(pl.DataFrame(rows, schema=_GAPS), "start", "end", "asked_at", "settled_at")

    def save(
        self,
        what: Literal["ticks", "candles"],
        path: "str | PathLike[str]",
        symbol: str,
        **asked: Any,
    ) -> Path:
        """Write ticks or candles of a range into a Parquet file, as they come; `asked` as of the method.

        The file has its name only when it is whole.
        """
        target = Path(path)
        part = target.with_name(f".{target.name}.part")
        words = {"symbol": symbol, **{name: _text(value) for name, value in asked.items()}}
        try:
            with (
                self._answer(
                    "GET", f"/api/market/{what}", params=_given({**words, "format": "parquet"})
                ) as response,
                part.open("wb") as file,
            ):
                for piece in response.iter_bytes():
                    file.write(piece)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target

    def _frame(self, method: str, path: str, **asked: Any) -> pl.DataFrame:
        with self._stream(method, path, **asked) as batches:
            return _frame_of(batches.read_all())

    @contextmanager
    def _stream(
        self, method: str, path: str, **asked: Any
    ) -> "Iterator[pa.ipc.RecordBatchStreamReader]":
        """The batches of an Arrow stream. UnreachableError: it breaks off."""
        import pyarrow as pa  # noqa: PLC0415 - half of what importing this module would take

        with self._answer(method, path, headers={"Accept": ARROW}, **asked) as response:
            try:
                yield pa.ipc.open_stream(io.BufferedReader(Body(response)))
            except (pa.ArrowInvalid, OSError) as error:
                raise UnreachableError(
                    str(response.url), f"the answer broke off: {error}"
                ) from error

    def _pages(self, path: str, asked: Mapping[str, object]) -> Iterator[list[dict[str, Any]]]:
        page = 1
        while True:
            words = _given({**asked, "page": page, "limit": PAGE_ROWS})
            answer = self._json("GET", path, params=words)
            yield answer["data"]
            if not answer["meta"]["pagination"]["has_next"]:
                return
            page += 1

    def _json(self, method: str, path: str, **asked: Any) -> dict[str, Any]:
        with self._answer(
            method, path, headers={"Accept": "application/json"}, **asked
        ) as response:
            response.read()
            found: dict[str, Any] = response.json()
        return found

    @contextmanager
    def _answer(self, method: str, path: str, **asked: Any) -> Iterator[httpx2.Response]:
        """A successful answer whose body is still to come."""
        url = str(self._http.base_url.join(path))
        try:
            with self._http.stream(method, path, **asked) as response:
                if response.status_code != HTTPStatus.OK:
                    response.read()
                    raise refusal_of(response)
                yield response
        except httpx2.TransportError as error:
            raise UnreachableError(url, str(error) or type(error).__name__) from error


def _frame_of(found: "pa.Table | pa.RecordBatch") -> pl.DataFrame:
    frame = pl.from_arrow(found)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _timed(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """The frame with these texts as times."""
    return frame.with_columns(
        pl.col(name).str.to_datetime(time_unit="us", time_zone="UTC") for name in names
    )


def _text(moment: Any) -> Any:
    """A time as RFC 3339. ValueError: it has no zone, so nobody knows which instant it is."""
    if not isinstance(moment, datetime):
        return moment
    if moment.utcoffset() is None:
        raise ValueError(f"a time without its zone: {moment}")
    return moment.isoformat()


def _given(asked: Mapping[str, object]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value is not None}
