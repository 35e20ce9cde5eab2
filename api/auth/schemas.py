"""What the doors take and give. A field that they do not know is refused."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from identity.addresses import normalised_email, normalised_phone
from identity.errors import IdentityError

Transport = Literal["bearer", "cookie"]
"""Where the client keeps its tokens: it itself, or its browser."""
Method = Literal["totp", "backup_code", "passkey"]
_MAX_PASSWORD = 1_024
"""Far above what a password may have: how long one is is told by the rules of passwords."""


def _email(text: str) -> str:
    try:
        return normalised_email(text)
    except IdentityError as error:
        raise ValueError("is not an e-mail address") from error


def _phone(text: str) -> str:
    try:
        return normalised_phone(text)
    except IdentityError as error:
        raise ValueError("is not a phone number in international form, such as +44…") from error


def printable(text: str) -> str:
    """The text. ValueError where some of it cannot be shown."""
    if not text.isprintable():
        raise ValueError("has characters that cannot be shown")
    return text


Email = Annotated[str, Field(max_length=254), AfterValidator(_email)]
Phone = Annotated[str, Field(max_length=32), AfterValidator(_phone)]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(printable),
]
Password = Annotated[str, Field(min_length=1, max_length=_MAX_PASSWORD)]
Token = Annotated[str, Field(min_length=1, max_length=128)]
Code = Annotated[str, Field(min_length=6, max_length=6, pattern="^[0-9]{6}$")]
BackupCode = Annotated[str, Field(min_length=10, max_length=16)]


class Body(BaseModel):
    """A body as it is documented, and nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True)


class RegisterBody(Body):
    email: Email
    password: Password = Field(repr=False)
    name: Name
    transport: Transport = "bearer"


class TokenBody(Body):
    """The token of a mail's link."""

    token: Token = Field(repr=False)


class LoginBody(Body):
    email: Email
    password: Password = Field(repr=False)
    device_token: Token | None = Field(default=None, repr=False)
    transport: Transport = "bearer"


class SecondFactorBody(Body):
    """One of the two."""

    code: Code | None = Field(default=None, repr=False)
    backup_code: BackupCode | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _one(self) -> "SecondFactorBody":
        if (self.code is None) == (self.backup_code is None):
            raise ValueError("give a code or a backup code")
        return self


class RefreshBody(Body):
    refresh_token: Token | None = Field(default=None, repr=False)
    """None: the one of the cookie."""


class LogoutBody(Body):
    everywhere: bool = False


class ProfileBody(Body):
    """What is left out stays; a phone of null is taken away."""

    name: Name | None = None
    phone: Phone | None = None

    @model_validator(mode="after")
    def _something(self) -> "ProfileBody":
        if not self.model_fields_set:
            raise ValueError("give a name or a phone")
        if "name" in self.model_fields_set and self.name is None:
            raise ValueError("a name cannot be taken away")
        return self


class PasswordBody(Body):
    current_password: Password = Field(repr=False)
    new_password: Password = Field(repr=False)


class ForgotBody(Body):
    email: Email


class ResetBody(Body):
    token: Token = Field(repr=False)
    new_password: Password = Field(repr=False)


class StepUpBody(Body):
    """`code` or `backup_code` where the account has a second factor."""

    password: Password = Field(repr=False)
    code: Code | None = Field(default=None, repr=False)
    backup_code: BackupCode | None = Field(default=None, repr=False)


class AcceptedData(BaseModel):
    """The same, whether there is such an account or not: what follows comes by mail."""

    status: Literal["accepted"]


class DoneData(BaseModel):
    status: Literal["done"]


class UserData(BaseModel):
    id: UUID
    email: str
    name: str
    role: str


class SignedInData(BaseModel):
    """A session. By cookie its tokens are null: the browser has them."""

    access_token: str | None
    refresh_token: str | None
    token_type: Literal["Bearer"]
    expires_in: int
    device_token: str | None
    """Of a device that was not known: to be given at its next login."""
    csrf_token: str | None
    """By cookie: what a writing request has to repeat as X-CSRF-Token."""
    user: UserData


class SecondFactorData(BaseModel):
    """The password was right, and the account has a second factor: `verify-2fa` is next."""

    two_factor_required: Literal[True]
    methods: list[Method]
    pre_2fa_token: str
    expires_in: int


class ProfileData(UserData):
    phone: str | None
    phone_verified: bool
    """Always false as yet: there is no SMS to verify one by."""
    email_verified: bool
    permissions: list[str]
    two_factor_enabled: bool
    created_at: datetime
    session_id: UUID | None
    csrf_token: str | None


class SessionData(BaseModel):
    id: UUID
    current: bool
    user_agent: str | None
    ip_address: str | None
    transport: Transport
    second_factor: bool
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


class EndedData(BaseModel):
    ended: int
    """How many sessions this has ended."""


class SteppedUpData(BaseModel):
    valid_for: int
    """Seconds in which sensitive acts are open."""
