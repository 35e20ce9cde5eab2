"""The commands of accounts: `tradewind keys …` and `tradewind users …`."""

# ruff: noqa: PLC0415 - a command imports what it needs, and only that

from typing import Annotated, Literal

from cyclopts import App, Parameter

from tradewind.parameters import Data, DatabaseUrl, Email, settings_of

keys = App(name="keys", help="The keys that access tokens are signed with.")
users = App(name="users", help="The accounts, and what the operator may do with them.")


@keys.command
def rotate(*, data: Data = None, database_url: DatabaseUrl = None) -> int:
    """Make a new key, which signs from ten seconds later on; those it replaces still verify."""
    settings = settings_of(data=data, database_url=database_url)
    from tradewind.keys import run_rotate

    return run_rotate(settings)


@users.command(name="list")
def list_users(
    begins: Annotated[str | None, Parameter(help="How their address or name begins.")] = None,
    *,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> int:
    """List accounts, the newest first."""
    settings = settings_of(data=data, database_url=database_url)
    from tradewind.users import run_list

    return run_list(settings, begins)


@users.command
def role(
    email: Email,
    role: Literal["user", "support", "admin"],
    /,
    *,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> int:
    """Give an account a role, and end its sessions: they begin anew with what it may do then."""
    settings = settings_of(data=data, database_url=database_url)
    from tradewind.users import run_role

    return run_role(settings, email, role)


@users.command
def lock(
    email: Email,
    *,
    reason: Annotated[str, Parameter(help="Which its user is told.")] = "by the operator",
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> int:
    """Lock an account: its sessions end within seconds, and nobody can sign in to it."""
    settings = settings_of(data=data, database_url=database_url)
    from tradewind.users import run_lock

    return run_lock(settings, email, reason)


@users.command
def unlock(email: Email, *, data: Data = None, database_url: DatabaseUrl = None) -> int:
    """Let the user of a locked account sign in again."""
    settings = settings_of(data=data, database_url=database_url)
    from tradewind.users import run_unlock

    return run_unlock(settings, email)
