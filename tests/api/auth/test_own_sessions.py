"""Sessions: seen and ended by their owner, and by nobody else."""

from uuid import uuid4

from tests.api.auth.harness import audited, code, letters, member, post, rows, signed_in
from tests.api.harness import Api


class TestList:
    async def test_nobody_sees_sessions(self, api: Api) -> None:
        answer = await api.client.get("/api/auth/sessions")
        assert code(answer) == (401, "UNAUTHENTICATED")

    async def test_ones_own_are_listed_with_device_and_address(self, api: Api) -> None:
        ann = await signed_in(api)
        await signed_in(api, "bob@example.com")
        await ann.login(device_token=ann.device_token)
        listed = (await ann.send("GET", "sessions")).json()["data"]
        assert sorted(session["current"] for session in listed) == [False, True]
        for session in listed:
            assert session["ip_address"] == "127.0.0.1"
            assert session["user_agent"].startswith("python-httpx")
            assert session["transport"] == "bearer"
            assert session["last_used_at"] == "2026-11-24T15:00:30Z"
            assert "token" not in str(session)


class TestEnd:
    async def test_nobody_ends_a_session(self, api: Api) -> None:
        answer = await api.client.delete(f"/api/auth/sessions/{uuid4()}")
        assert code(answer) == (401, "UNAUTHENTICATED")

    async def test_anothers_is_answered_as_a_missing_one(self, api: Api) -> None:
        ann = await signed_in(api)
        bob = await signed_in(api, "bob@example.com")
        [session] = (await bob.send("GET", "sessions")).json()["data"]
        other = await ann.send("DELETE", f"sessions/{session['id']}")
        missing = await ann.send("DELETE", f"sessions/{uuid4()}")
        assert code(other) == code(missing) == (404, "NOT_FOUND")
        assert other.json()["error"] == missing.json()["error"]
        assert (await bob.send("GET", "sessions")).status_code == 200

    async def test_ones_own_ends_alone(self, api: Api) -> None:
        ann = await signed_in(api)
        other = ann.refresh_token
        [session] = (await ann.send("GET", "sessions")).json()["data"]
        await ann.login(device_token=ann.device_token)
        assert (await ann.send("DELETE", f"sessions/{session['id']}")).status_code == 200
        assert len((await ann.send("GET", "sessions")).json()["data"]) == 1
        refused = await post(api, "refresh-token", {"refresh_token": other})
        assert refused.status_code == 401
        assert audited(api)[-1] == "session_ended"
        revoked = rows(api, "SELECT * FROM auth.revocations")
        assert [str(row["subject"]) for row in revoked] == [session["id"]]


class TestLogout:
    async def test_nobody_logs_out(self, api: Api) -> None:
        assert code(await post(api, "logout", {})) == (401, "UNAUTHENTICATED")

    async def test_the_session_ends_and_another_goes_on(self, api: Api) -> None:
        ann = await signed_in(api)
        other = ann.refresh_token
        await ann.login(device_token=ann.device_token)
        assert (await ann.send("POST", "logout", {})).json()["data"] == {"ended": 1}
        mine = await post(api, "refresh-token", {"refresh_token": ann.refresh_token})
        theirs = await post(api, "refresh-token", {"refresh_token": other})
        assert (mine.status_code, theirs.status_code) == (401, 200)
        assert audited(api)[-1] == "logout"

    async def test_everywhere_ends_every_session(self, api: Api) -> None:
        ann = await signed_in(api)
        await ann.login(device_token=ann.device_token)
        answer = await ann.send("POST", "logout", {"everywhere": True})
        assert answer.json()["data"] == {"ended": 2}
        assert rows(api, "SELECT * FROM auth.sessions WHERE revoked_at IS NULL") == []

    async def test_a_browser_forgets_its_tokens_and_stays_a_known_device(self, api: Api) -> None:
        ann = await member(api)
        answer = await ann.login(transport="cookie")
        headers = {
            "X-CSRF-Token": answer.json()["data"]["csrf_token"],
            "Sec-Fetch-Site": "same-origin",
        }
        out = await api.client.post("/api/auth/logout", json={}, headers=headers)
        assert out.status_code == 200
        assert set(api.client.cookies) == {"tradewind_device"}
        await ann.login(transport="cookie")
        assert letters(api, ann.email) == {}
