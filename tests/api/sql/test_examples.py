"""The examples: real questions, each with an answer where there is data."""

from api.sql.examples import EXAMPLES
from tests.api.harness import Api
from tests.api.sql.conftest import rows


async def test_they_use_no_feed_and_no_schema() -> None:
    for example in EXAMPLES:
        assert "quant_" not in example.sql
        assert "feed" not in example.sql


async def test_the_spread_of_an_hour(stored: Api) -> None:
    sql = EXAMPLES[0].sql.replace("now()", "timestamptz '2026-11-24T15:01Z'")
    assert await rows(stored, sql, numbers="decimal") == [
        {"hour": "2026-11-24T15:00:00Z", "quotes": 2, "spread": "0.00003", "widest": "0.00004"}
    ]
