"""What the factors take and give. A secret is given once, by the answer that makes it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from api.auth.schemas import Body, Code, Name, Token, Transport

MAX_KEY_DAYS = 365
MAX_SCOPES = 32


def _id(text: object) -> object:
    # A strict body takes no string for an id, and JSON has nothing else.
    return UUID(text) if isinstance(text, str) else text


CeremonyId = Annotated[UUID, BeforeValidator(_id)]
Scope = Annotated[str, Field(max_length=64)]
Credential = Annotated[dict[str, Any], Field(description="PublicKeyCredential.toJSON()")]


class ConfirmBody(Body):
    code: Code


class RegisterPasskeyBody(Body):
    ceremony_id: CeremonyId
    name: Name
    credential: Credential


class AssertionBody(Body):
    ceremony_id: CeremonyId
    credential: Credential


class PasskeyLoginBody(AssertionBody):
    transport: Transport = "bearer"
    device_token: Token | None = None


class PasskeyNameBody(Body):
    name: Name


class ApiKeyBody(Body):
    name: Name
    scopes: list[Scope] = Field(min_length=1, max_length=MAX_SCOPES)
    expires_in_days: int = Field(90, ge=1, le=MAX_KEY_DAYS)


class TwoFactorData(BaseModel):
    enabled: bool
    enabled_at: datetime | None
    backup_codes_left: int


class EnrolmentData(BaseModel):
    """The secret of an authenticator, until a code of it is confirmed."""

    secret: str
    uri: str
    qr_svg: str


class BackupCodesData(BaseModel):
    """Each opens the account once, in the place of a code. They are shown this once."""

    backup_codes: list[str]


class CeremonyData(BaseModel):
    """`options` are for `navigator.credentials`, as JSON; the answer names the ceremony."""

    ceremony_id: UUID
    options: dict[str, Any]


class PasskeyData(BaseModel):
    id: UUID
    name: str
    backed_up: bool
    transports: list[str]
    created_at: datetime
    last_used_at: datetime | None


class ApiKeyData(BaseModel):
    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class NewApiKeyData(ApiKeyData):
    key: str
    """Shown this once: only its digest is kept."""
