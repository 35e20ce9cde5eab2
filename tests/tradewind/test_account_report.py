"""What `doctor` says of accounts: mail, master keys, the signing key."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from delivery.letters import Letter, post
from identity.keyring import KeyRing
from market.clock import datetime_of, system_clock
from storage import outbox
from storage.identity import signing_keys
from storage.identity.signing_keys import StoredSigningKey
from storage.pools import WritePool
from tradewind.account_report import account_lines, mail_line, setting_lines
from tradewind.master_keys import master_keys
from tradewind.settings import load_settings


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "DEVELOPMENT: mail is shown at http://localhost:8000/development/outbox"),
        ({"host": "0.0.0.0"}, "mail waits: no TRADEWIND_SMTP_URL is set"),
        ({"mail_from": "t@x.example", "smtp_url": "smtp://u:hidden@h"}, "mail by h:587"),
    ],
)
def test_where_mail_goes(given: dict[str, str], said: str) -> None:
    assert mail_line(load_settings(**given)) == said


def test_where_mail_is_shown_of_what_runs(tmp_path: Path) -> None:
    line, _ = setting_lines(load_settings(data=tmp_path), "http://localhost:8123")
    assert line == "DEVELOPMENT: mail is shown at http://localhost:8123/development/outbox"


def test_which_master_keys_there_are_and_nothing_of_them(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path)
    path = tmp_path / "secrets" / "master.keys"
    assert setting_lines(settings)[1] == f"master key: none yet; the first start makes {path}"
    assert not path.exists()
    master_keys(settings)
    assert setting_lines(settings)[1] == f"master keys in {path}: keep a copy elsewhere"
    given = load_settings(data=tmp_path, master_keys="2:hidden,1:hidden")
    assert setting_lines(given)[1] == "master keys: 2 by TRADEWIND_MASTER_KEYS"


def test_a_new_database_has_neither_mail_nor_a_signing_key(database_url: str) -> None:
    assert account_lines(database_url) == [
        "mail: 0 waiting, 0 dead",
        "signing key: none yet; the API makes the first",
    ]


def test_letters_that_wait_or_are_dead_and_the_age_of_the_newest_key(database_url: str) -> None:
    now = datetime_of(system_clock())
    asyncio.run(_fill(database_url, now))
    assert account_lines(database_url) == [
        "mail: 2 waiting, 1 dead (why: delivery.outbox.last_error)",
        "signing key new, 3 days old",
    ]


async def _fill(database_url: str, now: datetime) -> None:
    pool, ring = WritePool(database_url), KeyRing.generate()
    async with pool.transaction() as connection:
        facts = {"link": "http://x"}
        posted = [
            await post(connection, ring, Letter.REGISTRATION, "a@x.example", facts, now=now)
            for _ in range(3)
        ]
        claim = await outbox.claim(connection, most=1, lease_s=60, now=now)
        assert claim.messages[0].id in posted
        await outbox.bury(connection, claim.messages[0].id, attempt=1, error="550", now=now)
        for kid, days in (("old", 9), ("new", 3)):
            made = now - timedelta(days=days, seconds=1)
            await signing_keys.add(connection, StoredSigningKey(kid, b"x", {}, made))
    await pool.close()
