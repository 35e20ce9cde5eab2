"""Which migration a database has reached."""

from psycopg import errors

from storage.pools import Connection

HEAD = "0007"
"""The newest revision that this code knows."""


async def revision(connection: Connection) -> str | None:
    """The revision of the newest migration that was run; None where none was."""
    try:
        cursor = await connection.execute("SELECT version_num FROM revision")
    except errors.UndefinedTable:
        return None
    row = await cursor.fetchone()
    return row[0] if row is not None else None
