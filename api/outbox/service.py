"""The letters of the last day, as they were written."""

from datetime import datetime, timedelta

from api.outbox.schemas import Message
from delivery.errors import DeliveryError
from delivery.letters import Letter, opened
from delivery.rendering import rendered
from identity.errors import UnsealError
from identity.keyring import KeyRing
from storage import outbox
from storage.outbox import Entry
from storage.pools import Connection

SHOWN_FOR = timedelta(hours=24)
MOST_SHOWN = 100


async def recent_messages(connection: Connection, ring: KeyRing, *, now: datetime) -> list[Message]:
    """What was written within the last day, the newest first."""
    entries = await outbox.recent(connection, limit=MOST_SHOWN)
    return [_message(entry, ring) for entry in entries if entry.created_at > now - SHOWN_FOR]


def _message(entry: Entry, ring: KeyRing) -> Message:
    subject, text = entry.template, None
    try:
        letter = rendered(Letter(entry.template), opened(ring, entry.id, entry.context))
        subject, text = letter.subject, letter.text
    except (DeliveryError, UnsealError, ValueError):
        pass  # sealed by a key that is gone, or delivered since and erased
    return Message(
        entry.id, entry.created_at, entry.address, entry.template, entry.state, subject, text
    )
