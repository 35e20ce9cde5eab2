"""Who is asking, as a guard found out."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

By = Literal["bearer", "cookie", "api_key", "ticket"]


@dataclass(frozen=True, slots=True)
class Principal:
    """A user, by a session or by an API key; `scopes` is what this credential may, not the role's all.

    `expires_at_s` is when the credential ends, in seconds since 1970: a stream ends then too.
    """

    user_id: UUID
    session_id: UUID | None
    api_key_id: UUID | None
    email: str
    role: str
    scopes: frozenset[str]
    issued_at_s: float
    expires_at_s: float
    by: By

    @property
    def session(self) -> UUID:
        """The session's id, where a guard has made sure that there is one."""
        assert self.session_id is not None
        return self.session_id
