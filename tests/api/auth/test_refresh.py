"""Rotation (I2): one successor, the same to who asks again in time, and the end of a family for reuse."""

import asyncio

import httpx2
import pytest

from tests.api.auth.harness import Person, audited, bearer, code, post, rows, signed_in
from tests.api.harness import Api, Hands

SECOND_US = 1_000_000
STRANGE: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": "a.b"},
    {"Origin": "https://elsewhere.example"},
]
"""Headers that do not prove that a page of ours sends a request."""


async def _refresh(person: Person, token: str | None = None) -> httpx2.Response:
    body = {"refresh_token": token or person.refresh_token}
    return await post(person.api, "refresh-token", body)


async def _successor(person: Person, token: str | None = None) -> str:
    answer = await _refresh(person, token)
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["data"]["refresh_token"]
    return found


class TestRefresh:
    async def test_nothing_and_nonsense_are_refused(self, api: Api) -> None:
        assert code(await post(api, "refresh-token", {})) == (401, "UNAUTHENTICATED")
        for token in ("twr_" + "A" * 43, "x", "twd_" + "A" * 43):
            answer = await post(api, "refresh-token", {"refresh_token": token})
            assert code(answer) == (401, "UNAUTHENTICATED")

    async def test_an_access_token_is_no_refresh_token(self, api: Api) -> None:
        ann = await signed_in(api)
        answer = await _refresh(ann, ann.access_token[:128])
        assert code(answer) == (401, "UNAUTHENTICATED")

    async def test_a_refresh_token_is_no_access_token(self, api: Api) -> None:
        ann = await signed_in(api)
        answer = await api.client.get("/api/auth/me", headers=bearer(ann.refresh_token))
        assert code(answer) == (401, "UNAUTHENTICATED")

    async def test_a_token_gives_its_successor_and_an_access_token(self, api: Api) -> None:
        ann = await signed_in(api)
        answer = await _refresh(ann)
        data = answer.json()["data"]
        assert data["refresh_token"] != ann.refresh_token
        me = await api.client.get("/api/auth/me", headers=bearer(data["access_token"]))
        assert me.status_code == 200

    async def test_twenty_at_once_are_given_one_successor(self, api: Api) -> None:
        ann = await signed_in(api)
        answers = await asyncio.gather(*(_refresh(ann) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        given = {answer.json()["data"]["refresh_token"] for answer in answers}
        assert len(given) == 1
        assert len(rows(api, "SELECT * FROM auth.refresh_tokens")) == 2

    async def test_who_asks_again_within_ten_seconds_gets_the_same(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        first = await _successor(ann)
        clock.now_us += 10 * SECOND_US - 1
        assert await _successor(ann) == first

    async def test_who_asks_again_later_ends_the_family(self, api: Api, clock: Hands) -> None:
        ann = await signed_in(api)
        successor = await _successor(ann)
        clock.now_us += 10 * SECOND_US
        assert code(await _refresh(ann)) == (401, "UNAUTHENTICATED")
        assert code(await _refresh(ann, successor)) == (401, "UNAUTHENTICATED")
        assert audited(api)[-1] == "refresh_reused"
        [session] = rows(api, "SELECT * FROM auth.sessions")
        assert session["revoked_reason"] == "reuse"

    async def test_a_used_token_whose_successor_is_used_ends_the_family(self, api: Api) -> None:
        ann = await signed_in(api)
        last = await _successor(ann, await _successor(ann))
        assert code(await _refresh(ann)) == (401, "UNAUTHENTICATED")
        assert code(await _refresh(ann, last)) == (401, "UNAUTHENTICATED")

    async def test_another_session_of_the_account_outlives_a_reuse(self, api: Api) -> None:
        ann = await signed_in(api)
        first = ann.refresh_token
        await ann.login(device_token=ann.device_token)
        await _successor(ann, await _successor(ann, first))
        assert (await _refresh(ann, first)).status_code == 401
        assert (await _refresh(ann)).status_code == 200

    async def test_a_session_ends_thirty_days_after_its_login(self, api: Api, clock: Hands) -> None:
        ann = await signed_in(api)
        clock.now_us += 15 * 86_400 * SECOND_US
        successor = await _successor(ann)
        clock.now_us += 15 * 86_400 * SECOND_US
        assert code(await _refresh(ann, successor)) == (401, "UNAUTHENTICATED")

    @pytest.mark.parametrize(
        "closed", ["status = 'locked'", "status = 'deleted', deleted_at = now()"]
    )
    async def test_an_account_that_is_closed_refreshes_nothing(self, api: Api, closed: str) -> None:
        ann = await signed_in(api)
        rows(api, f"UPDATE auth.users SET {closed} RETURNING id")
        assert code(await _refresh(ann)) == (401, "UNAUTHENTICATED")


class TestByCookie:
    async def test_a_page_of_ours_is_given_new_cookies(self, api: Api) -> None:
        ann = await signed_in(api)
        answer = await ann.login(transport="cookie")
        headers = {
            "X-CSRF-Token": answer.json()["data"]["csrf_token"],
            "Sec-Fetch-Site": "same-origin",
        }
        refreshed = await api.client.post("/api/auth/refresh-token", json={}, headers=headers)
        assert refreshed.status_code == 200
        assert refreshed.json()["data"]["refresh_token"] is None
        names = {c.split("=", 1)[0] for c in refreshed.headers.get_list("set-cookie")}
        assert {"tradewind_access", "tradewind_refresh"} <= names

    async def test_anything_else_is_refused_and_changes_nothing(self, api: Api) -> None:
        ann = await signed_in(api)
        await ann.login(transport="cookie")
        for headers in STRANGE:
            answer = await api.client.post("/api/auth/refresh-token", json={}, headers=headers)
            assert code(answer) == (403, "CSRF_FAILED"), headers
        assert rows(api, "SELECT * FROM auth.refresh_tokens WHERE used_at IS NOT NULL") == []
