"""What administrators do to the accounts of others, each act with its row in the audit.

Nobody does it to themselves, and who does it is held as an active administrator to the end of the
transaction: so one administrator always stays.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from api.access.client import ClientFacts
from api.access.errors import ConflictError, ForbiddenError, NotFoundError
from api.access.principal import Principal
from api.admin.schemas import Role
from api.services import ServiceSet
from delivery.letters import Letter, post
from identity.scopes import Role as Roles
from market.clock import datetime_of
from storage.identity import api_keys, audit, sessions, users
from storage.identity.users import Status, User
from storage.pools import Connection

Action = Literal["user_locked", "user_unlocked", "role_changed", "session_ended_by_admin"]


@dataclass(frozen=True, slots=True)
class Administration:
    """One act: who does it, from where, in which transaction."""

    services: ServiceSet
    connection: Connection
    admin: Principal
    client: ClientFacts

    @property
    def now(self) -> datetime:
        """The time of the act."""
        return datetime_of(self.services.config.clock())

    async def lock(self, user_id: UUID, reason: str) -> User:
        """Lock an account: its sessions end, its keys are void, its owner is told.

        NotFoundError; ConflictError for oneself and for an account that is not active.
        """
        await self._hold_both(user_id)
        locked = await users.lock(self.connection, user_id, reason=reason, now=self.now)
        if locked is None:
            raise ConflictError("The account is not active.")
        await sessions.revoke_all(self.connection, user_id, reason="locked", now=self.now)
        await api_keys.revoke_all(self.connection, user_id, reason="locked", now=self.now)
        ring = self.services.config.identity.ring
        facts = {"reason": reason}
        await post(self.connection, ring, Letter.ACCOUNT_LOCKED, locked.email, facts, now=self.now)
        await self._record("user_locked", user_id)
        return locked

    async def unlock(self, user_id: UUID) -> User:
        """Open a locked account again. NotFoundError; ConflictError where it is not locked."""
        await self._hold_both(user_id)
        unlocked = await users.unlock(self.connection, user_id, now=self.now)
        if unlocked is None:
            raise ConflictError("The account is not locked.")
        await self._record("user_unlocked", user_id)
        return unlocked

    async def change_role(self, user_id: UUID, role: Role) -> User:
        """Give an account another role; who has it signs in anew. The same role changes nothing.

        NotFoundError; ConflictError for oneself and for an account that is deleted.
        """
        before = await self._hold_both(user_id)
        if before.role == role:
            return before
        changed = await users.set_role(self.connection, user_id, role=role, now=self.now)
        if changed is None:
            raise ConflictError("The account is deleted.")
        await sessions.revoke_all(self.connection, user_id, reason="role_changed", now=self.now)
        await self._record("role_changed", user_id, before=before.role, after=role)
        return changed

    async def end_session(self, user_id: UUID, session_id: UUID) -> None:
        """End one session of an account. NotFoundError, also where it has ended."""
        ended = await sessions.revoke(
            self.connection, session_id, user_id=user_id, reason="ended_by_admin", now=self.now
        )
        if ended is None:
            raise NotFoundError("session")
        await self._record("session_ended_by_admin", user_id, session=str(session_id))

    async def _hold_both(self, user_id: UUID) -> User:
        """Take the turns of both accounts, always in the same order; the one that is acted upon."""
        admin_id = self.admin.user_id
        if user_id == admin_id:
            raise ConflictError("Nobody does this to their own account: another administrator can.")
        held = {id_: await users.hold(self.connection, id_) for id_ in sorted((user_id, admin_id))}
        admin, user = held[admin_id], held[user_id]
        if admin is None or admin.status != Status.ACTIVE or admin.role != Roles.ADMIN:
            raise ForbiddenError("another role")
        if user is None:
            raise NotFoundError("user")
        return user

    async def _record(self, action: Action, user_id: UUID, **details: object) -> None:
        await audit.add(
            self.connection,
            action=action,
            actor_id=self.admin.user_id,
            user_id=user_id,
            ip_address=self.client.address,
            user_agent=self.client.user_agent,
            request_id=self.client.request_id,
            details=details,
            now=self.now,
        )
