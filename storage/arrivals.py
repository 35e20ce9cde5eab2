"""Arrivals: whether connectors are at work on this database, by the newest record of the inbox."""

from datetime import timedelta

import psycopg

from market.clock import datetime_of, microseconds
from storage.connecting import connect
from storage.errors import DatabaseUnavailableError

_NEWEST = """
SELECT max(newest.received_at)
FROM market.inbox_partitions
CROSS JOIN LATERAL (
    SELECT received_at FROM market.inbox
    WHERE partition_id = inbox_partitions.id AND day >= %s
    ORDER BY log_offset DESC LIMIT 1
) AS newest
"""


class Arrivals:
    """Looks at the inbox over a connection of its own. DatabaseUnavailableError where it is away."""

    def __init__(self, database_url: str) -> None:
        self._connection = connect(database_url)

    def newest_us(self, now_us: int) -> int | None:
        """When the newest record of the last day was received, in µs since 1970; None for none."""
        since = (datetime_of(now_us) - timedelta(days=1)).date()
        try:
            row = self._connection.execute(_NEWEST, (since,)).fetchone()
        except psycopg.OperationalError as error:
            raise DatabaseUnavailableError(str(error).strip()) from error
        return None if row is None or row[0] is None else microseconds(row[0])

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
