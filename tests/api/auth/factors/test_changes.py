"""Every change of a factor: one at a time, noted with the change, told to the owner, or not at all."""

import pytest

from api.access.errors import UnauthenticatedError
from api.access.principal import Principal
from api.auth.factors.changes import hold_owner, note_change
from delivery.letters import Letter
from tests.api.auth.factors.acting import told
from tests.api.auth.harness import CLIENT, Person, audited, letters, rows, signed_in
from tests.api.harness import Api


def principal(person: Person) -> Principal:
    """Somebody, as a guard lets them in."""
    return Principal(
        user_id=person.id,
        session_id=None,
        api_key_id=None,
        email=person.email,
        role="user",
        scopes=frozenset(),
        issued_at_s=0.0,
        expires_at_s=0.0,
        by="bearer",
    )


async def note(api: Api, person: Person, *, fail: bool = False) -> None:
    """Note a change, in a transaction that may fail afterwards."""
    services = api.app.state.services
    async with services.writes.transaction() as connection:
        await note_change(
            services,
            connection,
            principal(person),
            CLIENT,
            action="two_factor_disabled",
            letter=Letter.TWO_FACTOR_CHANGED,
            what="was turned off",
        )
        if fail:
            raise EOFError


async def test_a_change_is_noted_and_told_with_where_it_came_from(api: Api) -> None:
    ann = await signed_in(api)
    await note(api, ann)
    assert audited(api)[-1] == "two_factor_disabled"
    letter = letters(api, ann.email)["two_factor_changed"]
    assert letter == {
        "what": "was turned off",
        "at": "2026-11-24T15:00:30Z",
        "device": "a test",
        "address": "192.0.2.7",
        "sent": "always",
    }


async def test_a_change_that_fails_is_neither_noted_nor_told(api: Api) -> None:
    ann = await signed_in(api)
    with pytest.raises(EOFError):
        await note(api, ann, fail=True)
    assert "two_factor_disabled" not in audited(api)
    assert told(ann, "two_factor_changed") == set()


async def test_an_account_that_was_locked_meanwhile_changes_no_more(api: Api) -> None:
    ann = await signed_in(api)
    lock = "UPDATE auth.users SET status = 'locked', lock_reason = 'x' WHERE id = %s RETURNING 1"
    rows(api, lock, ann.id)
    async with api.app.state.services.writes.transaction() as connection:
        with pytest.raises(UnauthenticatedError):
            await hold_owner(connection, principal(ann))
    for method, path in (("POST", "2fa/enrol"), ("POST", "biometric/register/begin")):
        assert (await ann.send(method, path)).status_code == 401
