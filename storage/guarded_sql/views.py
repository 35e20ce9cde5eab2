"""What the views are, as the database itself documents them."""

from itertools import groupby
from typing import Any

from psycopg.rows import dict_row

from market.sources import Feed
from storage.guarded_sql.role import schema_of
from storage.pools import Connection


async def find_views(connection: Connection, feed: Feed) -> list[dict[str, Any]]:
    """The views of a feed class by name, each with its description and its columns in their order."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_VIEWS, (schema_of(feed),))
        rows = await cursor.fetchall()
    return [
        {
            "name": name,
            "description": description,
            "columns": [
                {key: row[key] for key in ("name", "type", "description")} for row in columns
            ],
        }
        for (name, description), columns in groupby(
            rows, lambda row: (row["view"], row["view_description"])
        )
    ]


_VIEWS = """
    SELECT relname AS view, obj_description(c.oid, 'pg_class') AS view_description,
        attname AS name, format_type(atttypid, atttypmod) AS type,
        col_description(c.oid, attnum) AS description
    FROM pg_class AS c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0
    WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %s) AND relkind = 'v'
    ORDER BY relname, attnum
"""
