"""Ids in an address that belong to somebody: another's is answered as a missing one."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Path


@dataclass(frozen=True, slots=True)
class OwnerField:
    """Marks a parameter of a path as the id of something that has an owner."""

    kind: str


SessionId = Annotated[UUID, Path(), OwnerField("session")]
KeyId = Annotated[UUID, Path(), OwnerField("api_key")]
PasskeyId = Annotated[UUID, Path(), OwnerField("passkey")]
