"""What somebody may do: scopes, and the roles that hold them."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What somebody is to the house."""

    USER = "user"
    SUPPORT = "support"
    ADMIN = "admin"


SCOPES: Mapping[str, str] = {
    "market:read": "read market data",
    "portfolio:read": "see one's portfolios",
    "portfolio:write": "change one's portfolios",
    "wallet:read": "see one's balances and payments",
    "wallet:write": "move one's money",
    "alerts:read": "see one's alerts",
    "alerts:write": "change one's alerts",
    "account:read": "see one's account, sessions and keys",
    "account:write": "change one's account, sessions and keys",
    "users:read": "find and see the accounts of others",
    "users:write": "lock and unlock accounts, end sessions and give roles",
    "audit:read": "read who did what",
}
"""Every scope, and what it lets do."""

_ACCOUNT = frozenset({"account:read", "account:write"})
_STAFF = frozenset({"users:read", "users:write", "audit:read"})
KEY_SCOPES = frozenset(SCOPES) - _ACCOUNT - _STAFF
"""What an API key may hold: an account and those of others are managed by people only."""

_OWN = KEY_SCOPES | _ACCOUNT
_BY_ROLE: Mapping[Role, frozenset[str]] = {
    Role.USER: _OWN,
    Role.SUPPORT: _OWN | {"users:read", "audit:read"},
    Role.ADMIN: _OWN | _STAFF,
}


def scopes_of(role: str) -> frozenset[str]:
    """What a role may do; ValueError where there is no such role."""
    return _BY_ROLE[Role(role)]
