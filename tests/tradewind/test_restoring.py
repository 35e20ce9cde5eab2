"""A dump and what stands around it are executed together, or not at all."""

from pathlib import Path

import psycopg
import pytest

from storage.dumps import libpq_environment
from tests.tradewind.test_backup import quiet, settings_of
from tradewind.backup import _BINARIES, run_backup
from tradewind.restoring import Script, execute
from tradewind.settings import environment_with

EMPTY = "BEGIN; DROP SCHEMA market, shims, quant_live, quant_recorded, quant_simulated CASCADE;"
TOO = " DROP SCHEMA IF EXISTS auth, delivery CASCADE; DROP TABLE public.revision;"
SEEN = "SELECT count(*) FROM market.instruments", "SELECT count(*) FROM public.seen"


@pytest.fixture
def dump(database_url: str, tmp_path: Path) -> Path:
    path = tmp_path / "x.dump"
    run_backup(path, settings_of(tmp_path, database_url), quiet())
    return path


def run(script: Script, database_url: str) -> bytes:
    return execute(script, _BINARIES, environment_with(libpq_environment(database_url)))


def held(database_url: str) -> list[object]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        return [connection.execute(statement.encode()).fetchone() for statement in SEEN]


def test_before_dump_and_after_are_one(dump: Path, database_url: str) -> None:
    closing = "CREATE TABLE public.seen AS SELECT count(*) FROM market.instruments; COMMIT;"
    assert run(Script(EMPTY + TOO, dump, closing), database_url) == b""
    assert held(database_url)[1] == (1,)


@pytest.mark.parametrize("closing", ["SELECT 1 / 0; COMMIT;", ""])
def test_without_its_end_nothing_has_happened(dump: Path, database_url: str, closing: str) -> None:
    opening = f"{EMPTY}{TOO} CREATE TABLE public.seen (n int);"
    said = run(Script(opening, dump, closing), database_url)
    assert (b"division by zero" in said) == bool(closing)
    with pytest.raises(psycopg.errors.UndefinedTable, match="seen"):
        held(database_url)


def test_a_dump_that_ends_in_its_middle_has_not_happened(dump: Path, database_url: str) -> None:
    whole = dump.read_bytes()
    dump.write_bytes(whole[: len(whole) - 200])
    said = run(
        Script(f"{EMPTY}{TOO} CREATE TABLE public.seen (n int);", dump, "COMMIT;"), database_url
    )
    assert b"could not read" in said or b"end of file" in said
    with pytest.raises(psycopg.errors.UndefinedTable, match="seen"):
        held(database_url)


def test_what_the_server_refuses_is_said(dump: Path, database_url: str) -> None:
    assert b"already exists" in run(Script("BEGIN;", dump, "COMMIT;"), database_url)
