"""A password as a proof: judged with no connection held, refused alike for nobody."""

import asyncio

import pytest

from api.access.errors import InvalidCredentialsError
from api.auth.proofs import prove_password
from tests.api.auth.harness import CLIENT, PASSWORD, account, audited
from tests.api.harness import Api


async def test_a_right_password_is_a_proof_and_leaves_no_row(api: Api) -> None:
    services, ann = api.app.state.services, await account(api, "ann@example.com")
    assert await prove_password(services, ann.email, ann, PASSWORD, CLIENT, None) == ann
    assert audited(api) == []


@pytest.mark.parametrize("known", [True, False])
async def test_a_wrong_one_is_refused_and_noted(api: Api, known: bool) -> None:
    services, ann = api.app.state.services, await account(api, "ann@example.com")
    user = ann if known else None
    with pytest.raises(InvalidCredentialsError):
        await prove_password(services, ann.email, user, "wrong", CLIENT, None)
    assert audited(api) == ["password_failed"]


async def test_passwords_are_judged_while_every_connection_is_taken(api: Api) -> None:
    services, ann = api.app.state.services, await account(api, "ann@example.com")
    taken, release = asyncio.Semaphore(0), asyncio.Event()

    async def hold() -> None:
        async with services.writes.transaction():
            taken.release()
            await release.wait()

    holders = [asyncio.ensure_future(hold()) for _ in range(8)]
    for _ in holders:
        await taken.acquire()
    assert await prove_password(services, ann.email, ann, PASSWORD, CLIENT, None) == ann
    release.set()
    await asyncio.gather(*holders)
