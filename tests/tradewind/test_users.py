"""`tradewind users`: what the operator sees and does, and what is left of it in the audit."""

import io
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from rich.console import Console

from market.clock import datetime_of, system_clock
from storage.identity import api_keys, sessions, users
from storage.identity.api_keys import ApiKey
from storage.identity.sessions import Session
from storage.pools import WritePool
from tradewind.errors import NoSuchUserError
from tradewind.settings import Settings, load_settings
from tradewind.users import run_list, run_lock, run_role, run_unlock, with_pool

ANN = "ann@example.com"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Over a database with one account, which is signed in and has an API key."""
    settings = load_settings(data=tmp_path, database_url=database_url)
    with_pool(settings, lambda pool: _fill(pool, datetime_of(system_clock())))
    return settings


async def _fill(pool: WritePool, now: datetime) -> None:
    id_, later = uuid4(), now + timedelta(days=1)
    async with pool.transaction() as connection:
        await users.create(connection, id_, email=ANN, password_hash="x", name="Ann", now=now)
        await sessions.add(connection, _session(id_, now, later))
        key = ApiKey(uuid4(), id_, "k", b"h", ["market:read"], now, later, None, None)
        await api_keys.add(connection, key)


def _session(user_id: UUID, now: datetime, later: datetime) -> Session:
    return Session(
        id=uuid4(),
        user_id=user_id,
        device_id=None,
        device_info={},
        ip_address=None,
        transport="bearer",
        pending=False,
        second_factor=False,
        authenticated_at=now,
        created_at=now,
        last_used_at=now,
        expires_at=later,
        revoked_at=None,
        revoked_reason=None,
    )


def rows(settings: Settings, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(settings.database()) as connection:
        return connection.execute(statement).fetchall()


def listed(settings: Settings, begins: str | None = None) -> str:
    console = Console(file=io.StringIO(), width=120)
    assert run_list(settings, begins, console) == 0
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


class TestList:
    def test_accounts_are_listed(self, settings: Settings) -> None:
        head, line = listed(settings).splitlines()
        assert head.split() == ["E-mail", "Name", "Role", "Status", "Since"]
        assert line.split()[:4] == [ANN, "Ann", "user", "active"]

    def test_those_that_begin_so(self, settings: Settings) -> None:
        assert ANN in listed(settings, "an")
        assert listed(settings, "bob") == "nobody\n"


class TestRole:
    def test_sessions_end_so_that_tokens_say_what_is_so(
        self, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run_role(settings, " Ann@Example.com", "admin") == 0
        assert capsys.readouterr().out == f"{ANN} is admin now, and has to sign in again\n"
        assert rows(settings, "SELECT role FROM auth.users") == [("admin",)]
        assert rows(settings, "SELECT revoked_reason FROM auth.sessions") == [("role_changed",)]
        assert rows(settings, "SELECT kind FROM auth.revocations") == [("session",)]
        assert rows(settings, "SELECT action, actor_id, details FROM auth.audit") == [
            ("role_changed", None, {"before": "user", "after": "admin"})
        ]

    def test_what_is_so_already_changes_nothing(
        self, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run_role(settings, ANN, "user") == 0
        assert capsys.readouterr().out == f"{ANN} is user already\n"
        assert rows(settings, "SELECT action FROM auth.audit") == []
        assert rows(settings, "SELECT revoked_at FROM auth.sessions") == [(None,)]


class TestLock:
    def test_everything_ends_and_unlocking_brings_none_of_it_back(
        self, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run_lock(settings, ANN, "stolen") == 0
        assert rows(settings, "SELECT status, lock_reason FROM auth.users") == [
            ("locked", "stolen")
        ]
        assert run_lock(settings, ANN, "again") == 0
        assert run_unlock(settings, ANN) == 0
        assert run_unlock(settings, ANN) == 0
        assert capsys.readouterr().out.splitlines() == [
            f"{ANN} is locked",
            f"{ANN} is locked already",
            f"{ANN} may sign in again",
            f"{ANN} is active already",
        ]
        assert rows(settings, "SELECT kind FROM auth.revocations ORDER BY kind") == [
            ("api_key",),
            ("session",),
        ]
        assert rows(settings, "SELECT action FROM auth.audit ORDER BY id") == [
            ("account_locked",),
            ("account_unlocked",),
        ]


@pytest.mark.parametrize("email", ["bob@example.com", "nonsense"])
def test_who_has_no_account_is_said(settings: Settings, email: str) -> None:
    with pytest.raises(NoSuchUserError, match=email):
        run_role(settings, email, "admin")
    with pytest.raises(NoSuchUserError, match=email):
        run_lock(settings, email, "x")
    with pytest.raises(NoSuchUserError, match=email):
        run_unlock(settings, email)
    assert rows(settings, "SELECT action FROM auth.audit") == []
