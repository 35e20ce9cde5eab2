"""Challenges: good once, for five minutes, for who asked and what was asked, and spent by a failure."""

import asyncio
from typing import Any

from tests.api.auth.factors.acting import LONG_AGO_US, ORIGIN, REFUSED, begin, finish, passkey_of
from tests.api.auth.harness import code, rows, signed_in, statuses
from tests.api.harness import Api, Hands
from tests.identity.authenticator import Authenticator

LOGIN, REGISTER, STEP_UP = "biometric/verify", "biometric/register", "step-up/passkey"


def left(api: Api) -> int:
    """How many challenges wait for an answer."""
    return len(rows(api, "SELECT * FROM auth.challenges"))


async def test_an_answer_is_good_once_even_when_it_is_sent_twenty_times_at_once(api: Api) -> None:
    ann = await signed_in(api)
    passkey, _ = await passkey_of(ann)
    begun = await begin(api, LOGIN)
    credential = passkey.get(begun["options"], ORIGIN)
    answers = await asyncio.gather(*(finish(api, LOGIN, "", begun, credential) for _ in range(20)))
    # A machine that is busy refuses some unheard (503): that is no second success either.
    assert statuses(answers)[:2] == [200, 401]
    assert set(statuses(answers)) <= {200, 401, 503}
    assert code(await finish(api, LOGIN, "", begun, credential)) == REFUSED
    assert left(api) == 0


async def test_a_challenge_expires(api: Api, clock: Hands) -> None:
    ann = await signed_in(api)
    passkey, _ = await passkey_of(ann)
    begun = await begin(api, LOGIN)
    clock.now_us += LONG_AGO_US
    credential = passkey.get(begun["options"], ORIGIN)
    assert code(await finish(api, LOGIN, "", begun, credential)) == REFUSED
    assert left(api) == 0


async def test_a_challenge_is_spent_by_an_answer_that_is_refused(api: Api) -> None:
    ann = await signed_in(api)
    passkey, _ = await passkey_of(ann)
    begun = await begin(api, LOGIN)
    wrong = passkey.get(begun["options"], "https://elsewhere.example.com")
    assert code(await finish(api, LOGIN, "", begun, wrong)) == REFUSED
    right = passkey.get(begun["options"], ORIGIN)
    assert code(await finish(api, LOGIN, "", begun, right)) == REFUSED
    assert left(api) == 0


async def test_an_answer_that_is_none_spends_the_challenge(api: Api) -> None:
    none: tuple[dict[str, Any], ...] = ({}, {"rawId": 1}, {"rawId": "é"}, {"rawId": "AAAA"})
    for credential in none:
        begun = await begin(api, LOGIN)
        assert code(await finish(api, LOGIN, "", begun, credential)) == REFUSED
        assert left(api) == 0


async def test_a_challenge_is_the_sessions_that_asked_for_it(api: Api) -> None:
    ann = await signed_in(api)
    passkey, _ = await passkey_of(ann)
    first = ann.access_token
    await ann.login()
    for path in (STEP_UP, REGISTER):
        begun = await begin(api, path, first)
        if path == REGISTER:
            credential = Authenticator().create(begun["options"], ORIGIN)
            refused = await finish(api, path, ann.access_token, begun, credential, name="mine")
        else:
            credential = passkey.get(begun["options"], ORIGIN)
            refused = await finish(api, path, ann.access_token, begun, credential)
        assert code(refused) == REFUSED
    assert left(api) == 0
    assert len(rows(api, "SELECT * FROM auth.biometric_credentials")) == 1


async def test_a_challenge_does_for_nothing_but_its_purpose(api: Api) -> None:
    ann = await signed_in(api)
    passkey, _ = await passkey_of(ann)
    login = await begin(api, LOGIN)
    credential = passkey.get(login["options"], ORIGIN)
    refused = await finish(api, STEP_UP, ann.access_token, login, credential)
    assert code(refused) == REFUSED
    step_up = await begin(api, STEP_UP, ann.access_token)
    credential = passkey.get(step_up["options"], ORIGIN)
    assert code(await finish(api, LOGIN, "", step_up, credential)) == REFUSED


async def test_the_challenge_of_another_ceremony_does_not_do(api: Api) -> None:
    ann = await signed_in(api)
    passkey, _ = await passkey_of(ann)
    first, second = await begin(api, LOGIN), await begin(api, LOGIN)
    assert first["options"]["challenge"] != second["options"]["challenge"]
    credential = passkey.get(first["options"], ORIGIN)
    assert code(await finish(api, LOGIN, "", second, credential)) == REFUSED
    assert (await finish(api, LOGIN, "", first, credential)).status_code == 200
