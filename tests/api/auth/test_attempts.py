"""Attempts: what they are taken from, and which of them are given back."""

from uuid import uuid4

import pytest

from api.access.errors import TooManyAttemptsError
from api.auth.attempts import Kind, attempting, buckets, take_letter
from identity.errors import TooManyHashesError
from identity.keyring import KeyRing
from tests.api.harness import Api

ADDRESS = "ann@example.com"


def test_an_account_and_its_client_are_counted_where_the_device_is_unknown() -> None:
    ring = KeyRing.generate()
    account, client = buckets(ring, Kind.PASSWORD, ADDRESS, "192.0.2.7", None)
    assert client == "password:client:192.0.2.7"
    assert account.startswith("password:account:")
    assert "ann" not in account


def test_a_known_device_is_counted_alone() -> None:
    device = uuid4()
    found = buckets(KeyRing.generate(), Kind.PASSWORD, ADDRESS, "192.0.2.7", device)
    assert found == (f"password:device:{device}",)


def test_passwords_and_codes_are_counted_apart() -> None:
    ring = KeyRing.generate()
    kinds = [set(buckets(ring, kind, ADDRESS, "192.0.2.7", None)) for kind in Kind]
    assert kinds[0].isdisjoint(kinds[1])


class TestAttempting:
    async def _judged(self, api: Api, times: int, *, succeeded: bool) -> None:
        for _ in range(times):
            async with attempting(api.app.state.services, ("a", "b")) as attempt:
                attempt.succeeded = succeeded

    async def test_the_sixth_that_fails_is_refused(self, api: Api) -> None:
        await self._judged(api, 5, succeeded=False)
        with pytest.raises(TooManyAttemptsError) as refused:
            await self._judged(api, 1, succeeded=False)
        assert 1 <= refused.value.retry_after_s <= 900

    async def test_what_succeeds_is_given_back(self, api: Api) -> None:
        await self._judged(api, 10, succeeded=True)
        await self._judged(api, 5, succeeded=False)
        with pytest.raises(TooManyAttemptsError):
            await self._judged(api, 1, succeeded=False)

    async def test_what_could_not_be_judged_is_given_back(self, api: Api) -> None:
        for _ in range(6):
            with pytest.raises(TooManyHashesError):
                async with attempting(api.app.state.services, ("a",)):
                    raise TooManyHashesError(1)
        await self._judged(api, 5, succeeded=False)

    async def test_an_error_of_ours_after_the_judgement_is_counted(self, api: Api) -> None:
        for _ in range(5):
            with pytest.raises(RuntimeError):
                async with attempting(api.app.state.services, ("a",)):
                    raise RuntimeError
        with pytest.raises(TooManyAttemptsError):
            await self._judged(api, 1, succeeded=True)


async def test_an_address_is_sent_five_letters(api: Api) -> None:
    services = api.app.state.services
    for _ in range(5):
        await take_letter(services, ADDRESS)
    with pytest.raises(TooManyAttemptsError):
        await take_letter(services, ADDRESS)
    await take_letter(services, "bob@example.com")
