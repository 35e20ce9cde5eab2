"""A message as the DEVELOPMENT outbox shows it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Message:
    """A letter as it was written; `text` is None once nothing is left of it but its name."""

    id: UUID
    written_at: datetime
    address: str
    letter: str
    state: str
    subject: str
    text: str | None


class MessageSchema(BaseModel):
    id: UUID
    written_at: datetime
    address: str
    letter: str
    state: str
    subject: str
    text: str | None
