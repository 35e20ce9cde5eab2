"""Who may do what."""

import pytest

from identity.scopes import KEY_SCOPES, SCOPES, Role, scopes_of


def test_every_role_holds_known_scopes() -> None:
    for role in Role:
        assert scopes_of(role) <= set(SCOPES)


def test_a_user_sees_nobody_else() -> None:
    assert not {scope for scope in scopes_of("user") if scope.startswith(("users:", "audit:"))}
    assert {"market:read", "wallet:write", "account:write"} <= scopes_of("user")


def test_support_sees_and_an_admin_acts() -> None:
    assert scopes_of("support") - scopes_of("user") == {"users:read", "audit:read"}
    assert scopes_of("admin") - scopes_of("support") == {"users:write"}
    assert scopes_of("admin") == set(SCOPES)


def test_a_key_manages_no_account() -> None:
    managed = {"account:read", "account:write", "users:read", "users:write", "audit:read"}
    assert set(SCOPES) - managed == KEY_SCOPES


def test_an_unknown_role_is_told() -> None:
    with pytest.raises(ValueError, match="root"):
        scopes_of("root")
