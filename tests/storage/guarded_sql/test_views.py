"""The views as the database documents them."""

import psycopg
import pytest

from market.sources import Feed
from storage.guarded_sql.views import find_views


@pytest.mark.parametrize("feed", Feed)
async def test_views_and_columns_in_their_order(database_url: str, feed: Feed) -> None:
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        views = await find_views(connection, feed)
    names = [view["name"] for view in views]
    assert names == sorted(names)
    (rates,) = (view for view in views if view["name"] == "exchange_rates")
    assert rates["description"].startswith("rates between currencies")
    assert [(column["name"], column["type"]) for column in rates["columns"]] == [
        ("time", "timestamp with time zone"),
        ("base_currency", "text"),
        ("quote_currency", "text"),
        ("rate", "numeric"),
        ("source", "text"),
        ("feed", "text"),
    ]
