"""Pages of an answer hold what the whole of it does, whatever is computed, or there are none."""

from typing import Any

import pytest

from pricing_engine.quant.vocabulary import VOCABULARY
from tests.api.harness import Api
from tests.api.query.conftest import PATH, STOCKS, asked, days, refused
from tests.pricing_engine.quant.test_operations import same

WHOLE = ("drawdown", "max_drawdown", "beta", "correlation", "covariance")
GIVEN: dict[str, object] = {"window": 20, "benchmark": "GOOGL", "to": "1w"}

pytestmark = pytest.mark.usefixtures("stored")


def windowed(op: str, *, of_pairs: bool = False) -> dict[str, object]:
    """The operation with a window, where it knows one."""
    names = [each.name for each in VOCABULARY[op].parameters]
    given = {name: value for name, value in GIVEN.items() if name in names}
    if of_pairs:
        given.pop("benchmark")
    return {"op": op, **given}


async def paged(api: Api, body: dict[str, object], limit: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    start, pages = body["start"], 0
    while start is not None:
        response = await api.client.post(PATH, json={**body, "start": start, "limit": limit})
        assert response.status_code == 200, response.text
        answer = response.json()
        rows += answer["data"]
        start = answer["meta"]["pagination"]["next_start"]
        pages += 1
    assert pages > 2
    return rows


def compare(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    for name in expected[0]:
        paged_values, values = [row[name] for row in found], [row[name] for row in expected]
        if name in ("time", "symbol", "other"):
            assert paged_values == values
        else:
            same(paged_values, values, 1e-7)


@pytest.mark.parametrize("grid", ["own", "union", "full"])
async def test_pages_of_every_operation_equal_the_whole(api: Api, grid: str) -> None:
    # With holes for every weekend, recursive averages leave more of where they began.
    left_out = ("ewma", "rsi", "atr") if grid == "full" else ()
    columns = [windowed(op) for op in VOCABULARY if op not in left_out]
    body = days(STOCKS, columns, grid=grid, limit=50_000)
    compare(await paged(api, body, 501), await asked(api, body))


async def test_pages_of_every_operation_on_a_panel_that_is_filled_equal_the_whole(api: Api) -> None:
    columns = [windowed(op) for op in VOCABULARY]
    body = days(STOCKS, columns, grid="full", fill="flat", resample="1w", limit=50_000)
    compare(await paged(api, body, 77), await asked(api, body))


@pytest.mark.parametrize("layout", ["pairs", "matrix"])
async def test_pages_of_pairs_equal_the_whole(api: Api, layout: str) -> None:
    ops = ("correlation", "covariance") if layout == "pairs" else ("correlation",)
    columns = [windowed(op, of_pairs=True) for op in ops]
    body = days(STOCKS, columns, layout=layout, grid="union", limit=50_000)
    compare(await paged(api, body, 500), await asked(api, body))


@pytest.mark.parametrize("op", WHOLE)
async def test_what_has_no_window_is_answered_whole_or_not_at_all(api: Api, op: str) -> None:
    column = {key: value for key, value in windowed(op).items() if key != "window"}
    for columns in (
        [column],
        [{**column, "name": "x", "show": False}, {"op": "rolling_mean", "of": "x", "window": 5}],
    ):
        body = days(("AAPL", "TSLA"), columns)
        error = await refused(api, {**body, "limit": 333})
        assert error["code"] == "RANGE_TOO_LARGE"
        assert "without a window is of the whole range" in str(error["message"])
        whole = await asked(api, {**body, "limit": 501})
        csv = await api.client.post(PATH, json={**body, "format": "csv"})
        assert len(csv.text.splitlines()) == len(whole) + 1
        cut = await api.client.post(PATH, json={**body, "format": "csv", "limit": 333})
        assert cut.status_code == 422


async def test_a_mixture_of_pairs_with_and_without_a_window_is_not_cut(api: Api) -> None:
    windows = [windowed("correlation", of_pairs=True), {"op": "covariance"}]
    error = await refused(api, days(STOCKS, windows, layout="pairs", grid="union", limit=100))
    assert "covariance without a window" in str(error["message"])
