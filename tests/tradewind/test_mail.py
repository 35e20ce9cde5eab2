"""`tradewind deliver` as a process: it hands mail on, prunes, and ends at the end of its stdin."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from delivery.letters import Letter, post
from delivery.smtp import SmtpServer, Tls
from market.clock import datetime_of, system_clock
from storage.identity import registrations
from storage.pools import WritePool
from tests.delivery.mail_servers import mail_server
from tests.tradewind.support import environment, wait_until
from tradewind.mail import mail_channel
from tradewind.master_keys import key_ring
from tradewind.settings import Settings, child_environment, load_settings

WITHIN_S = 60.0


@contextmanager
def delivering(settings: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    """`tradewind deliver` with these settings, which has to end by itself when its stdin does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tradewind", "deliver"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environment(), **child_environment(settings)},
    )
    assert process.stdin is not None
    try:
        yield process
        process.stdin.close()
        assert process.wait(5) == os.EX_OK
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


async def write(settings: Settings) -> UUID:
    """Post a letter, and leave a registration that has expired."""
    pool = WritePool(settings.database())
    now = datetime_of(system_clock())
    long_ago = now - timedelta(days=40)
    async with pool.transaction() as connection:
        id_ = await post(
            connection,
            key_ring(settings),
            Letter.REGISTRATION,
            "ann@example.com",
            {"link": "http://x/verify#token=twm_a"},
            now=now,
        )
        await registrations.add(
            connection,
            b"h",
            email="bob@example.com",
            password_hash="x",
            name=None,
            now=long_ago,
            expires_at=long_ago + timedelta(days=1),
        )
    await pool.close()
    return id_


def value(settings: Settings, statement: str) -> object:
    with psycopg.connect(settings.database()) as connection:
        row = connection.execute(statement).fetchone()
    return None if row is None else row[0]


@pytest.mark.parametrize(
    ("given", "server"),
    [
        ({}, None),
        ({"mail_from": "t@x.example", "smtp_url": "smtps://h"}, SmtpServer("h", 465, Tls.AT_ONCE)),
    ],
)
def test_the_channel_is_what_the_settings_say(
    given: dict[str, str], server: SmtpServer | None
) -> None:
    channel = mail_channel(load_settings(**given))
    assert (None if channel is None else channel.server) == server


def test_it_is_a_small_process() -> None:
    code = (
        "import sys, tradewind.cli, tradewind.mail\n"
        "heavy = {'numpy', 'pyarrow', 'numba', 'fastapi', 'bytewax', 'phonenumbers', 'webauthn'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


async def test_it_hands_mail_to_the_server_and_ends_what_is_old(
    tmp_path: Path, database_url: str
) -> None:
    async with mail_server() as mail:
        settings = load_settings(
            data=tmp_path,
            database_url=database_url,
            mail_from="Tradewind <t@x.example>",
            smtp_url=f"smtp://127.0.0.1:{mail.port}?starttls=never",
        )
        id_ = await write(settings)
        with delivering(settings):
            async with asyncio.timeout(WITHIN_S):
                await mail.until_offered(1)
            await asyncio.to_thread(
                wait_until,
                lambda: (
                    value(settings, "SELECT state FROM delivery.outbox") == "sent"
                    and value(settings, "SELECT count(*) FROM auth.registrations") == 0
                ),
                WITHIN_S,
                "the note that it was sent, and the end of what is old",
            )
    assert [message["Message-ID"] for message in mail.taken] == [f"<{id_}@x.example>"]


def test_without_a_server_mail_is_kept_for_the_page_or_waits(
    tmp_path: Path, database_url: str
) -> None:
    shown = load_settings(data=tmp_path, database_url=database_url)
    asyncio.run(write(shown))
    waits = shown.model_copy(update={"host": "0.0.0.0"})
    with delivering(waits):
        gone = "SELECT count(*) FROM auth.registrations"
        wait_until(lambda: value(waits, gone) == 0, WITHIN_S, "the first pruning")
        assert value(waits, "SELECT state FROM delivery.outbox") == "waiting"
    with delivering(shown):
        state = "SELECT state FROM delivery.outbox WHERE context <> ''"
        wait_until(lambda: value(shown, state) == "sent", WITHIN_S, "the letter to be shown")
