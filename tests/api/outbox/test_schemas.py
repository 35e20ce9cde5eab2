"""The schema of a message has the fields of a message."""

from dataclasses import fields

from api.outbox.schemas import Message, MessageSchema


def test_it_describes_what_is_sent() -> None:
    assert set(MessageSchema.model_fields) == {field.name for field in fields(Message)}
