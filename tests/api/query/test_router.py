"""Quant queries over HTTP: answers in every form, refusals, paging, bounds, documents."""

import io
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pricing_engine.quant.vocabulary import VOCABULARY
from tests.api.harness import Api
from tests.api.query.conftest import PATH, STOCKS, asked, days, minutes, refused
from tests.pricing_engine.quant.making import stocks
from tests.reference import quant as reference


@pytest.mark.usefixtures("stored")
class TestAnswers:
    async def test_the_first_row_is_right_already(self, api: Api, test_data: Path) -> None:
        columns = ["close", {"name": "vol", "op": "volatility", "window": 60}, "rsi"]
        rows = await asked(api, days(STOCKS, columns))
        for symbol in STOCKS:
            closes = stocks(test_data)[symbol]["close"].to_list()
            own = [row for row in rows if row["symbol"] == symbol]
            expected = reference.volatility(reference.log_return(closes), 60, 252)
            assert [row["close"] for row in own] == closes[-len(own) :]
            assert [row["vol"] for row in own] == pytest.approx(expected[-len(own) :])
            assert [row["rsi"] for row in own] == pytest.approx(reference.rsi(closes)[-len(own) :])
        assert rows[0]["time"] == "2017-01-03T00:00:00Z"
        assert [row["symbol"] for row in rows[:5]] == list(STOCKS)

    async def test_a_flat_open_is_the_last_close_whether_that_is_shown_or_not(
        self, api: Api
    ) -> None:
        flat = {"grid": "full", "fill": "flat"}
        both = await asked(api, days(STOCKS, ["open", "close"], **flat))
        alone = await asked(api, days(STOCKS, ["open"], **flat))
        assert [row["open"] for row in alone] == [row["open"] for row in both]
        assert any(row["open"] == row["close"] for row in both)

    async def test_the_forms_hold_the_same(self, api: Api) -> None:
        body = days(("AAPL", "YHOO"), ["close", "log_return"], grid="union", interval="1d")
        rows = await asked(api, {**body, "limit": 50_000})
        arrow = await api.client.post(PATH, json={**body, "format": "arrow"})
        table = pa.ipc.open_stream(arrow.content).read_all()
        assert table.schema.field("time").type == pa.timestamp("us", "UTC")
        assert pa.types.is_dictionary(table.schema.field("symbol").type)
        assert table.schema.metadata == {
            b"numbers": b"float64",
            b"tradewind.feed": b"recorded",
            b"tradewind.interval": b"1d",
            b"tradewind.timezone": b"UTC",
        }
        accepted = {"Accept": "application/vnd.apache.parquet"}
        parquet = await api.client.post(PATH, json=body, headers=accepted)
        csv = await api.client.post(PATH, json={**body, "format": "csv"})
        for other in (
            pq.read_table(io.BytesIO(parquet.content)),
            pl.read_csv(csv.content, try_parse_dates=True).to_arrow(),
        ):
            for name in ("symbol", "close", "log_return"):
                assert other.column(name).to_pylist() == table.column(name).to_pylist()
        assert table.column("close").to_pylist() == [row["close"] for row in rows]
        assert None in table.column("close").to_pylist()

    async def test_a_limit_parts_no_time_and_says_where_to_go_on(self, api: Api) -> None:
        body = days(STOCKS, ["rsi"])
        whole = await asked(api, body)
        found: list[dict[str, object]] = []
        start: object = body["start"]
        pages = 0
        while start is not None:
            response = await api.client.post(PATH, json={**body, "start": start, "limit": 333})
            answer = response.json()
            found += answer["data"]
            assert answer["meta"]["pagination"]["limit"] == 333
            start = answer["meta"]["pagination"]["next_start"]
            pages += 1
        assert pages > 3
        times = [row["time"] for row in whole]
        assert [row["time"] for row in found] == times
        response = await api.client.post(PATH, json={**body, "limit": 333, "format": "arrow"})
        assert response.headers["X-Next-Start"] == times[333]
        schema = pa.ipc.open_stream(response.content).schema
        assert schema.metadata[b"tradewind.next_start"].decode() == times[333]
        error = await refused(api, {**body, "limit": 3})
        assert "at least 5" in str(error["details"])

    async def test_wide_pairs_and_matrix(self, api: Api) -> None:
        wide = await asked(api, days(("AAPL", "TSLA"), ["close"], layout="wide"))
        assert list(wide[0]) == ["time", "AAPL.close", "TSLA.close"]
        pair = {"op": "correlation", "window": 60}
        pairs = await asked(api, days(("AAPL", "TSLA"), [pair], layout="pairs", grid="union"))
        assert list(pairs[0]) == ["time", "symbol", "other", "correlation"]
        whole = days(("AAPL", "TSLA"), ["correlation"], layout="matrix", grid="union")
        matrix = await asked(api, whole)
        assert [row["symbol"] for row in matrix] == ["AAPL", "TSLA"]
        assert matrix[0]["TSLA"] == matrix[1]["AAPL"]

    async def test_a_universe_and_a_benchmark(self, api: Api) -> None:
        body = days([], [{"op": "beta", "benchmark": "GOOGL", "window": 60}], interval="1d")
        del body["symbols"]
        body["universe"] = {"asset_class": "stock", "base": "COKE"}
        rows = await asked(api, body)
        assert {row["symbol"] for row in rows} == {"COKE"}
        assert all(isinstance(row["beta"], float) for row in rows)

    async def test_weeks_of_days(self, api: Api) -> None:
        body = days(("AAPL",), ["close"], resample="1w")
        weekly = await asked(api, body)
        assert weekly[1]["time"] == "2017-01-09T00:00:00Z"
        daily = await asked(api, days(("AAPL",), ["close"]))
        assert weekly[1]["close"] == daily[8]["close"]
        wider = await asked(api, days(("AAPL",), ["close"], interval="1w"))
        assert [row["close"] for row in wider][1:] == [row["close"] for row in weekly][1:]

    async def test_nothing_in_the_range_is_no_rows(self, api: Api) -> None:
        body = days(STOCKS, ["rsi"]) | {
            "start": "2010-01-01T00:00:00Z",
            "end": "2011-01-01T00:00:00Z",
        }
        assert await asked(api, body) == []
        csv = await api.client.post(PATH, json={**body, "format": "csv"})
        assert csv.text == "time,symbol,rsi\n"


@pytest.mark.usefixtures("quoted")
class TestQuotes:
    async def test_the_spread_is_of_the_last_quotes(self, api: Api) -> None:
        columns = [
            "close",
            "bid",
            "ask",
            "mid",
            "spread",
            {"name": "bps", "op": "spread", "unit": "bps"},
        ]
        first, last = await asked(api, minutes(("EUR-USD",), columns))
        assert (first["bid"], first["ask"], first["mid"], first["close"]) == (1.1, 1.12, 1.11, 1.11)
        assert first["spread"] == pytest.approx(0.02)
        assert last["bps"] == pytest.approx(0.04 / 1.22 * 10_000)

    async def test_a_panel_holds_what_was_known_before_the_start(self, api: Api) -> None:
        body = minutes(
            ("EUR-USD",),
            ["close", "age_s"],
            grid="full",
            fill="last",
            max_age="10m",
        ) | {"start": "2018-01-09T10:01:00Z", "end": "2018-01-09T10:15:00Z"}
        rows = await asked(api, body)
        assert [row["close"] for row in rows] == [1.11] + [1.22] * 11 + [None] * 2
        assert [row["age_s"] for row in rows[:3]] == [60.0, 0.0, 60.0]

    async def test_a_cross_is_a_symbol_like_any_other(self, api: Api) -> None:
        rows = await asked(api, minutes(("JPY-EUR", "USD-JPY"), ["close", "bid"], layout="wide"))
        assert rows[0]["USD-JPY.close"] == 101.0
        assert rows[0]["JPY-EUR.bid"] == pytest.approx(1 / (1.12 * 102))


class TestRefusals:
    async def test_a_word_that_nobody_knows(self, alone: Api) -> None:
        column = {"name": "v", "op": "volatilty", "window": 20}
        error = await refused(alone, days(("AAPL",), ["close", column]))
        assert error["code"] == "VALIDATION_ERROR"
        details = error["details"]
        assert isinstance(details, dict)
        (field,) = details["fields"]
        assert field["field"] == "columns.1.op"
        assert field["did_you_mean"] == "volatility"
        assert field["allowed"] == list(VOCABULARY)

    @pytest.mark.parametrize(
        ("change", "field", "near"),
        [
            ({"colums": []}, "colums", "columns"),
            ({"symbols": ["AAPL", "TSLAA"]}, "symbols.1", "TSLA"),
            ({"symbols": None}, "symbols", None),
            ({"symbols": []}, "symbols", None),
            ({"universe": {"asset_class": "bond"}}, "universe.asset_class", None),
            ({"symbols": None, "universe": {"base": "XYZ"}}, "universe", None),
            ({"start": "2017-01-01"}, "start", None),
            ({"start": "2019-01-01T00:00:00Z", "end": None}, "start", None),
            ({"end": "2016-01-01T00:00:00Z"}, "end", None),
            ({"interval": "1y"}, "interval", None),
            ({"timezone": "Mars/Base"}, "timezone", None),
            ({"fill": "last"}, "grid", None),
            ({"fill": "zero"}, "fill", None),
            ({"max_age": "1M"}, "max_age", None),
            ({"resample": "1d"}, "resample", None),
            ({"columns": [{"op": "resample", "to": "1h"}]}, "columns.0.to", None),
            ({"layout": "pairs"}, "layout", None),
            ({"limit": 0}, "limit", None),
            ({"limit": 1_000_000}, "limit", None),
            ({"numbers": "decimal"}, "numbers", None),
            ({"columns": [{"op": "beta", "benchmark": "APPL"}]}, "columns.0.benchmark", "AAPL"),
            ({"columns": "close"}, "columns", None),
        ],
    )
    async def test_what_cannot_be_meant(
        self, alone: Api, change: dict[str, object], field: str, near: str | None
    ) -> None:
        error = await refused(alone, {**days(("AAPL",), ["close"]), **change})
        assert error["code"] == "VALIDATION_ERROR"
        details = error["details"]
        assert isinstance(details, dict)
        first = details["fields"][0]
        assert first["field"] == field
        assert near is None or first["did_you_mean"] == near

    async def test_too_much_is_refused_before_the_work_and_says_what_would_do(
        self, alone: Api
    ) -> None:
        error = await refused(alone, days(STOCKS, ["close", "rsi"], interval="1s"))
        assert error["code"] == "RANGE_TOO_LARGE"
        details = error["details"]
        assert isinstance(details, dict)
        assert details["bound"] == "rows"
        end = details["end"]
        fitting = days(STOCKS, ["close", "rsi"], interval="1s") | {"end": end}
        error = await refused(alone, fitting, 503)  # it was let through to the database
        assert error["code"] == "SERVICE_UNAVAILABLE"

    async def test_bodies_that_are_none(self, alone: Api) -> None:
        bodies: list[object] = [[], "x", None, 7]
        for body in bodies:
            assert (await refused(alone, body))["code"] == "VALIDATION_ERROR"

    async def test_no_more_queries_than_a_caller_may_have(self, alone: Api) -> None:
        heavy = alone.app.state.services.heavy
        for _ in range(2):
            heavy.take("127.0.0.1")
        response = await alone.client.post(PATH, json=days(("AAPL",), ["close"]))
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "1"


class TestDocuments:
    async def test_the_vocabulary_names_every_operation(self, alone: Api) -> None:
        data = await alone.data(PATH + "/vocabulary")
        assert [each["name"] for each in data["operations"]] == list(VOCABULARY)

    async def test_openapi_has_the_body_and_its_examples(self, alone: Api) -> None:
        document = (await alone.get("/openapi.json")).json()
        operation = document["paths"][PATH]["post"]
        content = operation["requestBody"]["content"]["application/json"]
        assert content["examples"].keys() >= {"a rolling correlation matrix"}
        answers = operation["responses"]["200"]["content"]
        assert answers.keys() >= {"application/json", "text/csv"}
