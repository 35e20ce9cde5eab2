"""What the administration of accounts takes and shows."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from api.auth.schemas import Body, printable

MAX_PAGE = 100
MAX_PAGES = 1_000
"""As far as one pages: who looks further back narrows the question."""

Role = Literal["user", "support", "admin"]
Beginning = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=254),
    AfterValidator(printable),
]
Status = Literal["active", "locked", "deleted", "erased"]


class LockBody(Body):
    """`reason` is told to the owner."""

    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
        AfterValidator(printable),
    ]


class RoleBody(Body):
    role: Role


class Paging(BaseModel):
    model_config = ConfigDict(extra="forbid")

    page: int = Field(1, ge=1, le=MAX_PAGES)
    limit: int = Field(50, ge=1, le=MAX_PAGE)

    @property
    def skip(self) -> int:
        """How many rows the pages before hold."""
        return (self.page - 1) * self.limit


class UserParameters(Paging):
    q: Beginning | None = Field(None, description="what an address or a name begins with")
    status: Status | None = None
    role: Role | None = None


class AuditParameters(Paging):
    """`since` is included, `until` is not."""

    user_id: UUID | None = None
    actor_id: UUID | None = None
    action: str | None = Field(None, max_length=64, pattern="^[a-z0-9_]+$")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class UserData(BaseModel):
    id: UUID
    email: str
    name: str | None
    role: Role
    status: Status
    email_verified: bool
    created_at: datetime


class UserDetails(UserData):
    lock_reason: str | None
    updated_at: datetime
    password_changed_at: datetime
    deleted_at: datetime | None
    two_factor_enabled: bool
    passkeys: int
    api_keys: int


class SessionData(BaseModel):
    id: UUID
    user_agent: str | None
    ip_address: str | None
    transport: Literal["bearer", "cookie"]
    second_factor: bool
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


class AuditData(BaseModel):
    """Who did what to whom, and from where. `actor_id` null: nobody who had been recognised."""

    id: int
    at: datetime
    action: str
    actor_id: UUID | None
    user_id: UUID | None
    ip_address: str | None
    user_agent: str | None
    request_id: str | None
    details: dict[str, object]
