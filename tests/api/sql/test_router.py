"""SQL over HTTP: forms, refusals with PostgreSQL's own words, bounds, documentation."""

import csv
import io
from dataclasses import replace

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.config import ApiConfig
from storage.guarded_sql.reader import GuardedSql, SqlBounds
from tests.api.harness import Api, serve
from tests.api.sql.conftest import PATH, ask, refused, rows, table_of

MIDS = "SELECT time, symbol, (bid + ask) / 2 AS mid FROM ticks WHERE kind = 'quote' ORDER BY time"


class TestAnswers:
    async def test_arrow_is_the_form_unless_another_is_asked_for(self, stored: Api) -> None:
        response = await stored.client.post(PATH, json={"sql": MIDS})
        assert response.headers["content-type"] == "application/vnd.apache.arrow.stream"
        table = table_of(response)
        assert table.column("mid").to_pylist() == [1.10001, 1.10012]
        assert table.schema.field("time").type == pa.timestamp("us", "UTC")
        assert table.schema.metadata == {b"numbers": b"float64", b"tradewind.feed": b"simulated"}

    async def test_json(self, stored: Api) -> None:
        response = await ask(stored, MIDS)
        assert response.json()["data"] == [
            {"time": "2026-11-24T15:00:30Z", "symbol": "EUR-USD", "mid": 1.10001},
            {"time": "2026-11-24T15:00:30.000001Z", "symbol": "EUR-USD", "mid": 1.10012},
        ]

    async def test_csv_and_parquet(self, stored: Api) -> None:
        response = await ask(stored, MIDS, format="csv")
        lines = list(csv.reader(io.StringIO(response.text)))
        assert (lines[0], len(lines)) == (["time", "symbol", "mid"], 3)
        response = await ask(stored, MIDS, format="parquet")
        assert pq.read_table(io.BytesIO(response.content)).num_rows == 2

    async def test_accept_says_the_form_where_the_body_does_not(self, stored: Api) -> None:
        response = await stored.client.post(
            PATH, json={"sql": MIDS}, headers={"Accept": "text/csv"}
        )
        assert response.headers["content-type"].startswith("text/csv")
        response = await stored.client.post(PATH, json={"sql": MIDS}, headers={"Accept": "x/y"})
        assert response.json()["error"]["code"] == "NOT_ACCEPTABLE"

    async def test_exact_numbers(self, stored: Api) -> None:
        sql = "SELECT ask - bid AS spread FROM ticks WHERE kind = 'quote' ORDER BY time"
        found = await rows(stored, sql, numbers="decimal")
        assert found == [{"spread": "0.00002"}, {"spread": "0.00004"}]
        table = table_of(await ask(stored, sql, format="arrow", numbers="decimal"))
        assert table.schema.field("spread").type == pa.decimal128(38, 18)

    async def test_what_is_no_number_is_null_in_json(self, stored: Api) -> None:
        found = await rows(stored, "SELECT 'NaN'::float8 AS a, 'Infinity'::float8 AS b, NULL AS c")
        assert found == [{"a": None, "b": None, "c": None}]

    async def test_an_answer_without_rows_is_one(self, stored: Api) -> None:
        assert await rows(stored, "SELECT * FROM bars") == []
        table = table_of(await ask(stored, "SELECT * FROM bars", format="arrow"))
        assert (table.num_rows, table.schema.names[:2]) == (0, ["time", "symbol"])

    async def test_the_served_feed_is_what_the_names_show(self, stored: Api) -> None:
        found = await rows(stored, "SELECT DISTINCT feed FROM ticks")
        assert found == [{"feed": "simulated"}]


class TestRefusals:
    async def test_a_wrong_name_is_told_with_its_place(self, stored: Api) -> None:
        status, code, error = await refused(stored, "SELECT bidd FROM ticks")
        assert (status, code) == (422, "SQL_INVALID")
        assert error["message"] == 'column "bidd" does not exist'
        assert error["details"]["position"] == 8
        assert 'the column "ticks.bid"' in error["details"]["hint"]

    async def test_a_fault_of_the_data_before_the_first_byte(self, stored: Api) -> None:
        status, code, error = await refused(stored, "SELECT 1 / (bid - bid) AS a FROM ticks")
        assert (status, code, error["message"]) == (422, "SQL_INVALID", "division by zero")

    async def test_more_rows_than_asked_for_are_none(self, stored: Api) -> None:
        assert len(await rows(stored, "SELECT * FROM ticks", limit=3)) == 3
        status, code, error = await refused(stored, "SELECT * FROM ticks", limit=2)
        assert (status, code, error["details"]) == (422, "SQL_TOO_MANY_ROWS", {"limit": 2})

    async def test_json_has_a_bound_of_its_own(self, stored: Api) -> None:
        sql = "SELECT n FROM generate_series(1, 50001) AS n"
        assert (await refused(stored, sql))[1] == "SQL_TOO_MANY_ROWS"
        assert table_of(await ask(stored, sql, format="arrow")).num_rows == 50_001

    async def test_json_is_bounded_by_its_bytes_too(self, stored: Api) -> None:
        sql = "SELECT repeat('x', 10000) AS x FROM generate_series(1, 9000)"
        status, code, error = await refused(stored, sql)
        assert (status, code) == (422, "RANGE_TOO_LARGE")
        assert "format=arrow" in error["message"]
        assert (await rows(stored, "SELECT 1 AS a")) == [{"a": 1}]

    async def test_json_is_bounded_by_its_cells_too(self, stored: Api) -> None:
        flags = ", ".join(f"true AS c{number}" for number in range(1_600))
        status, code, error = await refused(
            stored, f"SELECT {flags} FROM generate_series(1, 20000)"
        )
        assert (status, code, error["details"]["bound"]) == (422, "RANGE_TOO_LARGE", "cells")
        assert len(await rows(stored, f"SELECT {flags} FROM generate_series(1, 625)")) == 625

    @pytest.mark.parametrize("form", ["json", "csv", "arrow", "parquet"])
    @pytest.mark.parametrize(
        "value",
        ["timestamptz '294270-01-01'", "date '0044-01-01 BC'", "date '5874897-01-01'"],
    )
    async def test_times_that_no_calendar_has(self, stored: Api, value: str, form: str) -> None:
        status, code, error = await refused(stored, f"SELECT {value} AS t", format=form)
        assert (status, code, error["details"]["column"]) == (422, "UNFIT_VALUE", "t")
        assert (await rows(stored, f"SELECT ({value})::text AS t"))[0]["t"]

    async def test_rows_too_many_behind_the_first_byte_break_the_connection(
        self, stored: Api
    ) -> None:
        sql = "SELECT n, repeat('x', 100) AS x FROM generate_series(1, 300001) AS n"
        with pytest.raises(httpx2.RemoteProtocolError):
            await ask(stored, sql, format="arrow", limit=300_000)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "sql"),
            ({"sql": ""}, "sql"),
            ({"sql": "SELECT 1\x00"}, "sql"),
            ({"sql": "x" * 100_001}, "sql"),
            ({"sql": 1}, "sql"),
            ({"sql": "SELECT 1", "limit": 0}, "limit"),
            ({"sql": "SELECT 1", "limit": 1_000_001}, "limit"),
            ({"sql": "SELECT 1", "format": "xml"}, "format"),
            ({"sql": "SELECT 1", "role": "tradewind"}, "role"),
        ],
    )
    async def test_a_body_that_cannot_be_is_refused(
        self, alone: Api, body: dict[str, object], field: str
    ) -> None:
        response = await alone.client.post(PATH, json=body)
        assert response.status_code == 422
        assert [each["field"] for each in response.json()["error"]["details"]["fields"]] == [field]

    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
    async def test_what_any_page_of_the_web_may_post_is_refused(
        self, alone: Api, kind: str
    ) -> None:
        response = await alone.client.post(
            PATH, content=b'{"sql": "SELECT 1"}', headers={"Content-Type": kind}
        )
        assert response.status_code == 422

    async def test_half_a_character_is_refused(self, alone: Api) -> None:
        response = await alone.client.post(
            PATH,
            content=b'{"sql": "SELECT \'\\ud800\'"}',
            headers={"Content-Type": "application/json"},
        )
        assert response.status_code == 422

    async def test_without_a_way_in_it_says_what_to_do(self, config: ApiConfig) -> None:
        async with serve(replace(config, quant_url=None)) as api:
            status, code, error = await refused(api, "SELECT 1 AS a")
        assert (status, code) == (503, "SQL_NOT_CONFIGURED")
        assert "TRADEWIND_QUANT_DATABASE_URL" in error["message"]

    async def test_an_owner_s_way_in_is_not_used(self, config: ApiConfig) -> None:
        async with serve(replace(config, quant_url=config.database_url)) as api:
            assert (await refused(api, "SELECT 1 AS a"))[1] == "SQL_NOT_CONFIGURED"

    async def test_a_slow_reader_is_left_when_the_whole_time_is_over(
        self, config: ApiConfig
    ) -> None:
        async with serve(config) as api:
            bounds = SqlBounds(whole_s=2.0)
            tight = GuardedSql(config.quant_url, config.database_url, config.feed, bounds)
            api.app.state.services = replace(api.app.state.services, sql=tight)
            sql = "SELECT n, repeat('x', 100) AS x FROM generate_series(1, 1000000) AS n"
            with pytest.raises(httpx2.RemoteProtocolError):
                async with api.client.stream("POST", PATH, json={"sql": sql}) as response:
                    while api.app.state.services.heavy.running:
                        await api.get("/health")
                    await response.aread()
            await tight.close()

    async def test_what_will_fail_again_is_not_to_be_tried_again(self, config: ApiConfig) -> None:
        async with serve(config) as api:
            response = await ask(api, "SELECT repeat('x', 1000000000) AS x")
        assert response.json()["error"]["code"] == "SQL_OUT_OF_MEMORY"
        assert "retry-after" not in response.headers

    async def test_the_bounds_are_told(self, config: ApiConfig) -> None:
        async with serve(config) as api:
            bounds = SqlBounds(work_s=0.3, memory_mb=80)
            tight = GuardedSql(config.quant_url, config.database_url, config.feed, bounds)
            api.app.state.services = replace(api.app.state.services, sql=tight)
            found = await refused(api, "SELECT pg_sleep(60)::text AS slept")
            assert found[:2] == (408, "SQL_TIMEOUT")
            assert found[2]["details"] == {"limit_s": 0.3}
            found = await refused(api, "SELECT repeat('x', 900000000) AS x")
            assert found[:2] == (503, "SQL_OUT_OF_MEMORY")
            assert found[2]["details"] == {"limit_mb": 80}
            await tight.close()


class TestDocumentation:
    async def test_views_columns_and_bounds(self, stored: Api) -> None:
        data = await stored.data(f"{PATH}/views")
        assert data["feed"] == "simulated"
        views = {view["name"]: view for view in data["views"]}
        assert {"ticks", "candles", "candles_1h", "candles_1d", "bars"} <= views.keys()
        assert views["ticks"]["description"].startswith("every accepted quote")
        assert views["ticks"]["columns"][0] == {
            "name": "time",
            "type": "timestamp with time zone",
            "description": "when it happened, as the provider says, in UTC",
        }
        assert data["bounds"] == {
            "rows": 1_000_000,
            "json_rows": 50_000,
            "json_cells": 1_000_000,
            "seconds": 30,
            "memory_mb": 256,
        }

    async def test_every_view_can_be_read(self, stored: Api) -> None:
        for view in (await stored.data(f"{PATH}/views"))["views"]:
            found = table_of(await ask(stored, f"TABLE {view['name']}", format="arrow"))
            assert found.schema.names == [column["name"] for column in view["columns"]]

    async def test_every_example_can_be_run(self, stored: Api) -> None:
        examples = (await stored.data(f"{PATH}/views"))["examples"]
        assert len(examples) == 3
        for example in examples:
            assert (await ask(stored, example["sql"])).status_code == 200, example

    async def test_the_openapi_document_tells_the_refusals(self, alone: Api) -> None:
        document = (await alone.get("/openapi.json")).json()
        responses = document["paths"][PATH]["post"]["responses"]
        assert responses.keys() == {"200", "403", "406", "408", "422", "429", "503"}
        assert "application/vnd.apache.arrow.stream" in responses["200"]["content"]
