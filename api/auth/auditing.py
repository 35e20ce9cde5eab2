"""The audit of accounts: every sensitive act leaves a row, in the transaction that does it."""

from typing import Literal
from uuid import UUID

from api.access.client import ClientFacts
from api.services import ServiceSet
from market.clock import datetime_of
from storage.identity import audit
from storage.pools import Connection

Action = Literal[
    "registration_requested",
    "registered",
    "login",
    "login_failed",
    "password_failed",
    "login_while_locked",
    "second_factor_failed",
    "new_device",
    "stepped_up",
    "refresh_reused",
    "logout",
    "session_ended",
    "password_changed",
    "password_forgotten",
    "password_reset",
    "profile_changed",
    "account_locked",
    "account_deleted",
    "two_factor_enabled",
    "two_factor_disabled",
    "backup_codes_renewed",
    "passkey_added",
    "passkey_renamed",
    "passkey_removed",
    "passkey_refused",
    "api_key_created",
    "api_key_revoked",
]


async def record(
    services: ServiceSet,
    connection: Connection,
    action: Action,
    client: ClientFacts,
    user_id: UUID | None,
    *,
    by_owner: bool = True,
    **details: object,
) -> None:
    """Note what was done to an account, from where, in the transaction that does it.

    `by_owner`: the user is known to be who did it. `details` outlive the account: nothing personal.
    """
    await audit.add(
        connection,
        action=action,
        actor_id=user_id if by_owner else None,
        user_id=user_id,
        ip_address=client.address,
        user_agent=client.user_agent,
        request_id=client.request_id,
        details=details,
        now=datetime_of(services.config.clock()),
    )
