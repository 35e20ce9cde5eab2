"""Keys for programs: shown once, good for what they say and no longer."""

import asyncio

from api.auth.factors.api_keys import MAX_KEYS
from tests.api.auth.factors.acting import LONG_AGO_US, data, key_of
from tests.api.auth.harness import audited, bearer, code, letters, rows, signed_in, statuses
from tests.api.harness import Api, Hands

BODY = {"name": "nightly", "scopes": ["market:read"]}
UNFIT: tuple[dict[str, object], ...] = (
    {"scopes": []},
    {"scopes": ["account:write"]},
    {"scopes": ["users:read"]},
    {"scopes": ["nothing:known"]},
    {"expires_in_days": 0},
    {"expires_in_days": 366},
    {"expires_in_days": "7"},
    {"name": " "},
    {"user_id": "11111111-1111-4111-8111-111111111111"},
    {"role": "admin"},
)
DAY_US = 86_400_000_000
PRICES = "/api/market/instruments"


async def uses(api: Api, key: str, path: str = PRICES) -> int:
    """The status that a key gets."""
    return (await api.client.get(path, headers=bearer(key))).status_code


class TestCreating:
    async def test_is_for_the_user_in_person_who_was_authenticated_lately(
        self, api: Api, clock: Hands
    ) -> None:
        nobody = await api.client.post("/api/auth/api-keys", json=BODY)
        assert code(nobody) == (401, "UNAUTHENTICATED")
        ann = await signed_in(api)
        key = (await key_of(ann))["key"]
        by_key = await api.client.post("/api/auth/api-keys", json=BODY, headers=bearer(key))
        assert code(by_key) == (403, "FORBIDDEN")
        clock.now_us += LONG_AGO_US
        assert code(await ann.send("POST", "api-keys", BODY)) == (403, "STEP_UP_REQUIRED")
        assert len(rows(api, "SELECT * FROM auth.api_keys")) == 1

    async def test_shows_the_key_once_and_tells_the_owner(self, api: Api) -> None:
        ann = await signed_in(api)
        answer = await ann.send("POST", "api-keys", BODY | {"expires_in_days": 7})
        assert answer.status_code == 201
        assert answer.headers["Cache-Control"] == "no-store"
        made = data(answer)
        assert made["key"].startswith("twk_")
        assert (made["name"], made["scopes"]) == ("nightly", ["market:read"])
        assert (made["created_at"][:10], made["expires_at"][:10]) == ("2026-11-24", "2026-12-01")
        listed = await ann.send("GET", "api-keys")
        assert [key["id"] for key in data(listed)] == [made["id"]]
        assert letters(api, ann.email)["api_key_created"]["name"] == "nightly"
        assert audited(api)[-1] == "api_key_created"
        everywhere = listed.text + "".join(
            str(rows(api, f"SELECT * FROM {table}")) for table in ("auth.api_keys", "auth.audit")
        )
        assert made["key"] not in everywhere
        assert "token_hash" not in listed.text

    async def test_what_a_key_cannot_be_is_refused(self, api: Api) -> None:
        ann = await signed_in(api)
        for change in UNFIT:
            assert (await ann.send("POST", "api-keys", BODY | change)).status_code == 422
        assert rows(api, "SELECT * FROM auth.api_keys") == []

    async def test_at_once_there_are_not_more_than_the_most(self, api: Api) -> None:
        ann = await signed_in(api)
        for _ in range(MAX_KEYS - 1):
            await key_of(ann)
        answers = await asyncio.gather(*(ann.send("POST", "api-keys", BODY) for _ in range(5)))
        assert statuses(answers) == [201] + [409] * 4


class TestAKey:
    async def test_may_what_its_scopes_say_until_it_expires(self, api: Api, clock: Hands) -> None:
        ann = await signed_in(api)
        reads = data(await ann.send("POST", "api-keys", BODY | {"expires_in_days": 1}))["key"]
        other = (await key_of(ann, "alerts:read"))["key"]
        assert await uses(api, reads) == 200
        assert await uses(api, other) == 403
        assert await uses(api, reads, "/api/auth/me") == 403
        clock.now_us += DAY_US
        assert await uses(api, reads) == 401


class TestRevoking:
    async def test_is_for_its_owner_alone(self, api: Api) -> None:
        ann = await signed_in(api)
        ben = await signed_in(api, "ben@example.com")
        made = await key_of(ann)
        path = f"api-keys/{made['id']}"
        assert (await api.client.delete(f"/api/auth/{path}")).status_code == 401
        by_key = await api.client.delete(f"/api/auth/{path}", headers=bearer(made["key"]))
        assert code(by_key) == (403, "FORBIDDEN")
        others = await ben.send("DELETE", path)
        missing = await ben.send("DELETE", "api-keys/11111111-1111-4111-8111-111111111111")
        assert others.status_code == 404
        assert others.json()["error"] == missing.json()["error"]
        assert data(await ben.send("GET", "api-keys")) == []
        assert await uses(api, made["key"]) == 200

    async def test_makes_it_void_wherever_it_is_known(self, api: Api) -> None:
        ann = await signed_in(api)
        made = await key_of(ann)
        assert await uses(api, made["key"]) == 200
        assert data(await ann.send("DELETE", f"api-keys/{made['id']}")) == {"status": "done"}
        await api.app.state.services.revocations.poll()
        assert await uses(api, made["key"]) == 401
        assert data(await ann.send("GET", "api-keys")) == []
        assert (await ann.send("DELETE", f"api-keys/{made['id']}")).status_code == 404
        assert audited(api)[-1] == "api_key_revoked"


async def test_keys_are_listed_to_their_owner_in_person(api: Api) -> None:
    ann = await signed_in(api)
    key = (await key_of(ann))["key"]
    assert (await api.get("/api/auth/api-keys")).status_code == 401
    assert await uses(api, key, "/api/auth/api-keys") == 403
