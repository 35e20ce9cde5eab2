"""The authenticator: not in use before a code of it, and its codes good once."""

import asyncio

from tests.api.auth.factors.acting import LONG_AGO_US, STEP_US, data, enrolled, key_of, told, totp
from tests.api.auth.harness import (
    Person,
    audited,
    bearer,
    code,
    post,
    rows,
    signed_in,
    statuses,
)
from tests.api.harness import Api, Hands

OPERATIONS = (
    ("POST", "2fa/enrol", None),
    ("POST", "2fa/confirm", {"code": "123456"}),
    ("POST", "2fa/backup-codes", None),
    ("DELETE", "2fa", None),
)


async def second_step(person: Person, body: dict[str, str]) -> int:
    """The status of a second factor after a right password."""
    assert data(await person.login())["two_factor_required"] is True
    headers = bearer(person.pre_2fa_token)
    path = "/api/auth/verify-2fa"
    return (await person.api.client.post(path, json=body, headers=headers)).status_code


class TestEveryChange:
    async def test_is_for_the_user_in_person_who_was_authenticated_lately(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        key = (await key_of(ann))["key"]
        clock.now_us += LONG_AGO_US
        for method, path, body in OPERATIONS:
            url = f"/api/auth/{path}"
            nobody = await api.client.request(method, url, json=body)
            assert code(nobody) == (401, "UNAUTHENTICATED")
            by_key = await api.client.request(method, url, json=body, headers=bearer(key))
            assert code(by_key) == (403, "FORBIDDEN")
            assert code(await ann.send(method, path, body)) == (403, "STEP_UP_REQUIRED")
        assert rows(api, "SELECT * FROM auth.two_factor_auth") == []


class TestEnrolment:
    async def test_gives_a_secret_that_is_not_in_use_until_a_code_of_it(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        answer = await ann.send("POST", "2fa/enrol")
        assert answer.headers["Cache-Control"] == "no-store"
        enrolment = data(answer)
        assert enrolment["secret"] in enrolment["uri"]
        assert enrolment["uri"].startswith("otpauth://totp/")
        assert "<svg" in enrolment["qr_svg"]
        assert "access_token" in data(await ann.login())
        assert data(await ann.send("GET", "2fa")) == {
            "enabled": False,
            "enabled_at": None,
            "backup_codes_left": 0,
        }
        stored = str(rows(api, "SELECT * FROM auth.two_factor_auth"))
        assert enrolment["secret"] not in stored
        wrong = "000000" if totp(enrolment["secret"], clock) != "000000" else "111111"
        refused = await ann.send("POST", "2fa/confirm", {"code": wrong})
        assert code(refused) == (401, "INVALID_CODE")

    async def test_a_second_enrolment_takes_the_place_of_the_first(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        first = data(await ann.send("POST", "2fa/enrol"))["secret"]
        second = data(await ann.send("POST", "2fa/enrol"))["secret"]
        assert first != second
        refused = await ann.send("POST", "2fa/confirm", {"code": totp(first, clock)})
        assert code(refused) == (401, "INVALID_CODE")
        data(await ann.send("POST", "2fa/confirm", {"code": totp(second, clock)}))

    async def test_a_secret_that_was_sealed_by_a_lost_key_is_enrolled_anew(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        secret = data(await ann.send("POST", "2fa/enrol"))["secret"]
        rows(api, "UPDATE auth.two_factor_auth SET secret = 'lost' RETURNING 1")
        refused = await ann.send("POST", "2fa/confirm", {"code": totp(secret, clock)})
        assert code(refused) == (401, "INVALID_CODE")
        await enrolled(ann, clock)

    async def test_without_an_enrolment_there_is_nothing_to_confirm(self, api: Api) -> None:
        ann = await signed_in(api)
        refused = await ann.send("POST", "2fa/confirm", {"code": "123456"})
        assert code(refused) == (404, "NOT_FOUND")

    async def test_confirmed_it_gives_ten_backup_codes_and_tells_the_owner(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        secret, codes = await enrolled(ann, clock)
        assert len(set(codes)) == 10
        state = data(await ann.send("GET", "2fa"))
        assert (state["enabled"], state["backup_codes_left"]) == (True, 10)
        assert audited(api)[-1] == "two_factor_enabled"
        assert "was turned on" in told(ann, "two_factor_changed")
        assert code(await ann.send("POST", "2fa/enrol")) == (409, "CONFLICT")
        again = await ann.send("POST", "2fa/confirm", {"code": totp(secret, clock)})
        assert code(again) == (409, "CONFLICT")
        stored = str(rows(api, "SELECT * FROM auth.backup_codes"))
        noted = str(rows(api, "SELECT * FROM auth.audit"))
        assert not [code for code in codes if code in stored + noted]

    async def test_confirmed_it_ends_what_a_password_alone_had_opened(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        before = ann.access_token
        await ann.login()
        clock.now_us += STEP_US
        await enrolled(ann, clock)
        await api.app.state.services.revocations.poll()
        weaker = await api.client.get("/api/auth/me", headers=bearer(before))
        assert code(weaker) == (401, "UNAUTHENTICATED")
        assert (await ann.send("GET", "me")).status_code == 200
        left = rows(api, "SELECT * FROM auth.sessions WHERE revoked_at IS NULL")
        assert [session["second_factor"] for session in left] == [True]
        assert left[0]["authenticated_at"] == left[0]["created_at"]

    async def test_the_code_that_confirms_opens_nothing_afterwards(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        secret, _ = await enrolled(ann, clock)
        assert await second_step(ann, {"code": totp(secret, clock)}) == 401
        clock.now_us += STEP_US
        assert await second_step(ann, {"code": totp(secret, clock)}) == 200

    async def test_confirmed_twenty_times_at_once_it_is_confirmed_once(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        body = {"code": totp(data(await ann.send("POST", "2fa/enrol"))["secret"], clock)}
        answers = await asyncio.gather(*(ann.send("POST", "2fa/confirm", body) for _ in range(20)))
        # A machine that is busy refuses some unheard (503): that is no second success either.
        assert statuses(answers)[:2] == [200, 409]
        assert set(statuses(answers)) <= {200, 409, 503}
        assert len(rows(api, "SELECT * FROM auth.backup_codes")) == 10


class TestBackupCodes:
    async def test_new_ones_take_the_place_of_the_old(self, api: Api, clock: Hands) -> None:
        ann = await signed_in(api)
        assert code(await ann.send("POST", "2fa/backup-codes")) == (409, "CONFLICT")
        _, old = await enrolled(ann, clock)
        new = data(await ann.send("POST", "2fa/backup-codes"))["backup_codes"]
        assert len(set(new)) == 10
        assert set(new).isdisjoint(old)
        assert "has new backup codes" in told(ann, "two_factor_changed")
        assert audited(api)[-1] == "backup_codes_renewed"
        assert await second_step(ann, {"backup_code": old[0]}) == 401
        assert await second_step(ann, {"backup_code": new[0]}) == 200
        assert await second_step(ann, {"backup_code": new[0]}) == 401
        assert data(await ann.login())["methods"] == ["totp", "backup_code"]


class TestTurningOff:
    async def test_has_the_password_alone_open_the_account(self, api: Api, clock: Hands) -> None:
        ann = await signed_in(api)
        assert code(await ann.send("DELETE", "2fa")) == (409, "CONFLICT")
        await enrolled(ann, clock)
        assert data(await ann.send("DELETE", "2fa")) == {"status": "done"}
        assert "access_token" in data(await ann.login())
        assert rows(api, "SELECT * FROM auth.backup_codes") == []
        assert "was turned off" in told(ann, "two_factor_changed")
        assert "two_factor_disabled" in audited(api)

    async def test_a_session_that_owes_the_second_factor_cannot(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        await enrolled(ann, clock)
        await ann.login()
        headers = bearer(ann.pre_2fa_token)
        refused = await api.client.delete("/api/auth/2fa", headers=headers)
        assert code(refused) == (401, "UNAUTHENTICATED")


async def test_the_state_is_told_to_who_is_signed_in(api: Api) -> None:
    assert (await api.get("/api/auth/2fa")).status_code == 401
    assert (await post(api, "2fa/enrol", None)).status_code == 401
