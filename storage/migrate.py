"""Brings a database to the current schema and seeds what the code knows."""

import logging
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool

from market.instruments import ALL_INSTRUMENTS
from market.sources import SOURCES
from storage.connecting import connect
from storage.errors import NewerSchemaError
from storage.guarded_sql.role import prepare_roles
from storage.revision import HEAD

VERSION_TABLE = "revision"

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_205_759_403
"""The advisory lock that lets one process migrate at a time."""


def migrate(database_url: str) -> None:
    """Run the migrations that this database lacks, then seed instruments and sources, and see to the
    roles of guarded SQL.

    Safe to run at once from several processes and again at any time. NewerSchemaError where a newer
    version of the code has migrated it already.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with connect(database_url) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: psycopg.connect(database_url),
            poolclass=pool.NullPool,
        )
        config = _config()
        with engine.connect() as connection:
            _check(MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}))
            config.attributes["connection"] = connection
            command.upgrade(config, HEAD)
            connection.commit()
        _seed(guard)
        prepare_roles(guard)


def check_revision(found: str) -> None:
    """NewerSchemaError where this code does not know that revision."""
    script = ScriptDirectory.from_config(_config())
    if found not in {revision.revision for revision in script.walk_revisions()}:
        raise NewerSchemaError(found, HEAD)


def _check(context: MigrationContext) -> None:
    """NewerSchemaError where the database has a revision that this code does not know."""
    for found in context.get_current_heads():
        check_revision(found)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def _seed(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO market.instruments (id, symbol, name, asset_class, base, quote, decimals)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
            " decimals = excluded.decimals",
            [
                (
                    item.id,
                    item.symbol,
                    item.name,
                    item.asset_class,
                    item.base,
                    item.quote,
                    item.decimals,
                )
                for item in ALL_INSTRUMENTS
            ],
        )
        cursor.executemany(
            "INSERT INTO market.sources (id, provider, feed, rank) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET rank = excluded.rank",
            [(item.id, item.provider, item.feed.code, item.rank) for item in SOURCES],
        )
