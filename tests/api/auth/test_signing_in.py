"""The end of every sign-in, whatever proved who it is."""

from datetime import timedelta

import pytest

from api.access.errors import AccountLockedError, InvalidCredentialsError, UnauthenticatedError
from api.auth.signing_in import SignedIn, start_pending, start_session
from identity.opaque import DEVICE, REFRESH, well_formed
from identity.tokens import verify_access, verify_pre_2fa
from storage.identity.users import User
from tests.api.auth.harness import CLIENT, account, audited, letters, rows
from tests.api.harness import Api

ADDRESS = "ann@example.com"


async def _start(api: Api, user: User) -> SignedIn:
    services = api.app.state.services
    async with services.writes.transaction() as connection:
        signed = await start_session(
            services,
            connection,
            user,
            CLIENT,
            second_factor=True,
            device=None,
            transport="bearer",
        )
    assert isinstance(signed, SignedIn)
    return signed


async def test_a_session_is_kept_with_where_it_comes_from(api: Api) -> None:
    signed = await _start(api, await account(api, ADDRESS))
    [session] = rows(api, "SELECT * FROM auth.sessions")
    assert session["id"] == signed.session_id
    assert str(session["ip_address"]) == CLIENT.address
    assert session["device_info"]["user_agent"] == CLIENT.user_agent
    assert session["second_factor"]
    assert session["expires_at"] - session["created_at"] == timedelta(days=30)
    assert audited(api) == ["new_device", "login"]


async def test_its_tokens_are_of_their_kinds_and_are_stored_as_hashes(api: Api) -> None:
    signed = await _start(api, await account(api, ADDRESS))
    assert well_formed(signed.refresh_token, REFRESH)
    assert signed.device_token is not None
    assert well_formed(signed.device_token, DEVICE)
    [stored] = rows(api, "SELECT * FROM auth.refresh_tokens")
    assert len(stored["token_hash"]) == 32


async def test_a_token_says_who_somebody_is_and_what_their_role_may(api: Api) -> None:
    signed = await _start(api, await account(api, ADDRESS, role="support"))
    config = api.app.state.config
    claims = verify_access(
        signed.access_token,
        api.app.state.services.keys.public(),
        issuer=config.identity.issuer,
        audience="tradewind",
        now_s=config.clock() / 1e6,
    )
    assert (claims.user_id, claims.session_id) == (signed.user.id, signed.session_id)
    assert (claims.email, claims.role) == (ADDRESS, "support")
    assert "users:read" in claims.scopes
    assert claims.expires_at_s - claims.issued_at_s == 900


async def test_a_second_device_is_told_of_once_the_account_has_one(api: Api) -> None:
    ann = await account(api, ADDRESS)
    await _start(api, ann)
    assert letters(api, ADDRESS) == {}
    await _start(api, ann)
    assert list(letters(api, ADDRESS)) == ["new_device"]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ("status = 'locked', lock_reason = 'x'", AccountLockedError),
        ("status = 'deleted', deleted_at = now()", InvalidCredentialsError),
        ("password_hash = 'another'", InvalidCredentialsError),
    ],
)
async def test_an_account_that_has_changed_since_the_proof_lets_nobody_in(
    api: Api, change: str, wanted: type[Exception]
) -> None:
    ann = await account(api, ADDRESS)
    rows(api, f"UPDATE auth.users SET {change} RETURNING id")
    with pytest.raises(wanted):
        await _start(api, ann)
    assert rows(api, "SELECT * FROM auth.sessions") == []


async def test_a_pending_session_is_exchanged_once(api: Api) -> None:
    services, ann = api.app.state.services, await account(api, ADDRESS)
    async with services.writes.transaction() as connection:
        token = await start_pending(
            services, connection, ann, CLIENT, device=None, transport="bearer"
        )
    claims = verify_pre_2fa(
        token,
        services.keys.public(),
        issuer=api.app.state.config.identity.issuer,
        audience="tradewind",
        now_s=api.app.state.config.clock() / 1e6,
    )

    async def exchange() -> None:
        async with services.writes.transaction() as connection:
            await start_session(
                services,
                connection,
                ann,
                CLIENT,
                second_factor=True,
                device=None,
                transport="bearer",
                pending=claims.session_id,
            )

    await exchange()
    with pytest.raises(UnauthenticatedError):
        await exchange()
    assert len(rows(api, "SELECT * FROM auth.sessions WHERE NOT pending")) == 1
