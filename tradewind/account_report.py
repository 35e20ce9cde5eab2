"""What `tradewind doctor` says of accounts: where their mail goes, what of it waits, and their keys."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from delivery.smtp import smtp_server
from market.clock import datetime_of, system_clock
from storage import outbox
from storage.identity import signing_keys
from storage.identity.signing_keys import StoredSigningKey
from storage.pools import ReadPool
from tradewind.master_keys import master_key_file
from tradewind.settings import PREFIX, Settings

OUTBOX_PATH = "/development/outbox"


def setting_lines(settings: Settings, url: str | None = None) -> list[str]:
    """Where mail goes, and which master keys there are; nothing is made or asked.

    `url` is where the installation runs, if it does.
    """
    return [mail_line(settings, url), _master_key_line(settings)]


def mail_line(settings: Settings, url: str | None = None) -> str:
    """Where mail goes."""
    if settings.smtp_url is not None:
        return f"mail by {smtp_server(settings.smtp_url.get_secret_value())}"
    if settings.mail_shown:
        return f"DEVELOPMENT: mail is shown at {url or settings.public()}{OUTBOX_PATH}"
    return f"mail waits: no {PREFIX}SMTP_URL is set"


def account_lines(database_url: str) -> list[str]:
    """What of the mail waits or is dead, and the age of the signing key; as storage raises."""
    now = datetime_of(system_clock())
    letters, keys = asyncio.run(_read(database_url, now))
    waiting, dead = letters.get("waiting", 0), letters.get("dead", 0)
    mail = f"mail: {waiting:,} waiting, {dead:,} dead"
    if dead:
        mail += " (why: delivery.outbox.last_error)"
    return [mail, _signing_key_line(keys, now)]


async def _read(
    database_url: str, now: datetime
) -> tuple[Mapping[str, int], Sequence[StoredSigningKey]]:
    pool = ReadPool(database_url, size=1)
    try:
        letters = await pool.read(outbox.counts)
        return letters, await pool.read(signing_keys.known, retired_since=now)
    finally:
        await pool.close()


def _signing_key_line(keys: Sequence[StoredSigningKey], now: datetime) -> str:
    if not keys:
        return "signing key: none yet; the API makes the first"
    return f"signing key {keys[0].kid}, {(now - keys[0].created_at).days} days old"


def _master_key_line(settings: Settings) -> str:
    if settings.master_keys is not None:
        count = len(settings.master_keys.get_secret_value().split(","))
        return f"master keys: {count} by {PREFIX}MASTER_KEYS"
    path = master_key_file(settings)
    if not path.exists():
        return f"master key: none yet; the first start makes {path}"
    return f"master keys in {path}: keep a copy elsewhere"
