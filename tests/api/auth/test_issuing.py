"""Tokens of a session: for a while, for what a role may do, each of its kind alone."""

from dataclasses import replace
from uuid import uuid4

import pytest

from api.auth.issuing import access_token, pre_2fa_token
from identity.errors import InvalidTokenError
from identity.tokens import verify_access, verify_pre_2fa
from market.clock import datetime_of
from storage.identity.sessions import Session
from tests.api.auth.harness import account
from tests.api.harness import Api, Hands


async def test_a_token_is_good_for_its_own_purpose_alone(api: Api, clock: Hands) -> None:
    services, ann = api.app.state.services, await account(api, "ann@example.com")
    now = datetime_of(clock())
    session = Session(
        id=uuid4(),
        user_id=ann.id,
        device_id=None,
        device_info={},
        ip_address=None,
        transport="bearer",
        pending=False,
        second_factor=False,
        authenticated_at=now,
        created_at=now,
        last_used_at=now,
        expires_at=now,
    )
    expected = {
        "keys": services.keys.public(),
        "issuer": api.app.state.config.identity.issuer,
        "audience": "tradewind",
        "now_s": clock() / 1e6,
    }
    whole = access_token(services, ann, session)
    half = pre_2fa_token(services, ann, replace(session, pending=True))
    assert verify_access(whole, **expected).session_id == session.id
    assert verify_pre_2fa(half, **expected).session_id == session.id
    for verify, token in ((verify_access, half), (verify_pre_2fa, whole)):
        with pytest.raises(InvalidTokenError):
            verify(token, **expected)
