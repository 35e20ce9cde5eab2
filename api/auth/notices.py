"""The letters of accounts: what each tells, and the links with the tokens that answer it.

A link carries its token in the fragment, which no server and no log on the way gets to see.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from api.access.client import ClientFacts
from api.services import ServiceSet
from delivery.letters import Condition, Letter, post
from identity.opaque import MAIL, digest, new_token
from market.clock import datetime_of, rfc3339
from storage.identity import mail_tokens
from storage.identity.mail_tokens import MailToken
from storage.identity.users import User
from storage.pools import Connection

RESET_FOR = timedelta(hours=1)
LOCK_FOR = timedelta(days=7)
"""How long one can say of something: it was not me."""


async def ask_to_verify(
    services: ServiceSet, connection: Connection, email: str, token: str
) -> None:
    """The two letters of a registration, of which one is delivered.

    Which of them is decided long after the answer: the request does the same for an address that is
    known and for one that is not.
    """
    facts = {"link": _link(services, "verify", token)}
    await _post(services, connection, Letter.REGISTRATION, email, facts, "if_no_account")
    await tell_of_account(services, connection, email)


async def tell_of_account(services: ServiceSet, connection: Connection, email: str) -> None:
    """Tell somebody who registers again that there is an account, where there is one."""
    home = services.config.identity.public_url
    facts = {"link": f"{home}/sign-in", "reset_link": f"{home}/forgot"}
    await _post(services, connection, Letter.ALREADY_REGISTERED, email, facts, "if_account")


async def ask_to_reset(services: ServiceSet, connection: Connection, email: str) -> None:
    """A link by which the owner of an address chooses a new password, where there is an account."""
    link = await _answerable(services, connection, "reset", email, None, RESET_FOR)
    facts = {"link": link}
    await _post(services, connection, Letter.PASSWORD_RESET, email, facts, "if_account")


async def notify_of_device(
    services: ServiceSet, connection: Connection, user: User, client: ClientFacts
) -> None:
    """Somebody signed in with a device that the account did not know."""
    await _notify(services, connection, Letter.NEW_DEVICE, user, client)


async def notify_of_password(
    services: ServiceSet, connection: Connection, user: User, client: ClientFacts
) -> None:
    """The password was changed."""
    await _notify(services, connection, Letter.PASSWORD_CHANGED, user, client)


async def notify_of_lock(services: ServiceSet, connection: Connection, user: User) -> None:
    """The account is locked, because its owner has said so."""
    facts = {"reason": "somebody with access to your mail has said that it was not you"}
    await _post(services, connection, Letter.ACCOUNT_LOCKED, user.email, facts | _person(user))


async def notify_of_deletion(
    services: ServiceSet, connection: Connection, user: User, erased_at: datetime
) -> None:
    """The account is deleted; `erased_at` is when nothing of it will be left."""
    facts = {"erased_at": erased_at.date().isoformat()} | _person(user)
    await _post(services, connection, Letter.ACCOUNT_DELETED, user.email, facts)


async def _notify(
    services: ServiceSet, connection: Connection, letter: Letter, user: User, client: ClientFacts
) -> None:
    """Tell an owner what was done, and how to lock the account if it was somebody else."""
    link = await _answerable(services, connection, "lock", user.email, user.id, LOCK_FOR)
    facts = {
        "at": rfc3339(services.config.clock()),
        "device": client.user_agent or "unknown",
        "address": client.address,
        "link": link,
    }
    await _post(services, connection, letter, user.email, facts | _person(user))


async def _answerable(
    services: ServiceSet,
    connection: Connection,
    purpose: Literal["reset", "lock"],
    email: str,
    user_id: UUID | None,
    good_for: timedelta,
) -> str:
    """A link with a token that is good once, and for so long."""
    token = new_token(MAIL)
    now = datetime_of(services.config.clock())
    await mail_tokens.add(
        connection,
        MailToken(digest(token), purpose, email, user_id, now, now + good_for, None),
    )
    return _link(services, purpose, token)


async def _post(
    services: ServiceSet,
    connection: Connection,
    letter: Letter,
    email: str,
    facts: Mapping[str, str],
    condition: Condition = "always",
) -> None:
    await post(
        connection,
        services.config.identity.ring,
        letter,
        email,
        facts,
        condition=condition,
        now=datetime_of(services.config.clock()),
    )


def _person(user: User) -> dict[str, str]:
    return {"person": user.name} if user.name else {}


def _link(services: ServiceSet, page: str, token: str) -> str:
    return f"{services.config.identity.public_url}/{page}#token={token}"
