"""A passkey as a proof: at the door, after a password, before a sensitive act; and copies of one."""

from dataclasses import replace
from typing import Any

from tests.api.auth.factors.acting import (
    LONG_AGO_US,
    ORIGIN,
    REFUSED,
    begin,
    data,
    enrolled,
    finish,
    key_of,
    passkey_of,
    proof,
)
from tests.api.auth.harness import audited, bearer, code, letters, rows, signed_in
from tests.api.harness import Api, Hands
from tests.identity.authenticator import Authenticator

LOGIN, SECOND, STEP_UP = "biometric/verify", "verify-2fa/passkey", "step-up/passkey"


class TestLogin:
    async def test_tells_nobody_whether_there_is_an_account(self, api: Api) -> None:
        before = await begin(api, LOGIN)
        unknown = await proof(api, LOGIN, Authenticator())
        ann = await signed_in(api)
        passkey, _ = await passkey_of(ann)
        after = await begin(api, LOGIN)
        assert before["options"].keys() == after["options"].keys()
        assert after["options"]["allowCredentials"] == []
        wrong = await proof(api, LOGIN, passkey, origin="https://elsewhere.example.com")
        assert code(unknown) == code(wrong) == REFUSED
        assert unknown.json()["error"] == wrong.json()["error"]

    async def test_opens_the_account_with_two_factors(self, api: Api, clock: Hands) -> None:
        ann = await signed_in(api)
        await enrolled(ann, clock)
        passkey, _ = await passkey_of(ann)
        answer = data(await proof(api, LOGIN, passkey))
        assert answer["user"]["id"] == str(ann.id)
        assert answer["device_token"]
        ann.keep(answer)
        assert data(await ann.send("GET", "me"))["email"] == ann.email
        newest = "SELECT * FROM auth.sessions ORDER BY second_factor DESC LIMIT 1"
        assert rows(api, newest)[0]["second_factor"] is True
        assert audited(api)[-1] == "login"
        assert data(await ann.send("GET", "biometric"))[0]["last_used_at"] is not None

    async def test_knows_a_device_that_signed_in_before(self, api: Api) -> None:
        ann = await signed_in(api)
        passkey, _ = await passkey_of(ann)
        known = data(await proof(api, LOGIN, passkey, device_token=ann.device_token))
        assert known["device_token"] is None
        assert "new_device" not in letters(api, ann.email)
        data(await proof(api, LOGIN, passkey))
        assert "new_device" in letters(api, ann.email)

    async def test_refuses_what_was_not_signed_here_by_a_verified_user(self, api: Api) -> None:
        ann = await signed_in(api)
        passkey, id_ = await passkey_of(ann)
        faults: tuple[dict[str, Any], ...] = (
            {"rp_id": "elsewhere.example.com"},
            {"verifies": False},
            {"cross_origin": True},
        )
        for fault in faults:
            assert code(await proof(api, LOGIN, replace(passkey, **fault))) == REFUSED
        refusals = rows(api, "SELECT * FROM auth.audit WHERE action = 'passkey_refused'")
        assert [(row["user_id"], row["actor_id"]) for row in refusals] == [(ann.id, None)] * 3
        assert {row["details"]["passkey"] for row in refusals} == {id_}

    async def test_refuses_another_key_with_the_same_id(self, api: Api) -> None:
        ann = await signed_in(api)
        passkey, _ = await passkey_of(ann)
        forged = Authenticator(
            credential_id=passkey.credential_id, user_handle=passkey.user_handle, count=9
        )
        assert code(await proof(api, LOGIN, forged)) == REFUSED

    async def test_refuses_and_notes_a_copy_whose_count_lags_behind(self, api: Api) -> None:
        ann = await signed_in(api)
        passkey, _ = await passkey_of(ann)
        copy = replace(passkey)
        data(await proof(api, LOGIN, passkey))
        assert code(await proof(api, LOGIN, copy)) == REFUSED
        refusal = rows(api, "SELECT * FROM auth.audit WHERE action = 'passkey_refused'")
        assert "sign count" in refusal[0]["details"]["reason"]
        assert (await proof(api, LOGIN, passkey)).status_code == 200

    async def test_takes_a_passkey_that_does_not_count(self, api: Api) -> None:
        ann = await signed_in(api)
        path, token = "biometric/register", ann.access_token
        passkey = Authenticator(counts=False)
        begun = await begin(api, path, token)
        credential = passkey.create(begun["options"], ORIGIN)
        data(await finish(api, path, token, begun, credential, name="a phone"))
        for _ in range(2):
            assert (await proof(api, LOGIN, passkey)).status_code == 200

    async def test_what_is_quoted_in_the_audit_can_be_stored(self, api: Api) -> None:
        ann = await signed_in(api)
        passkey, _ = await passkey_of(ann)
        assert code(await proof(api, LOGIN, passkey, origin="a\x00\ud800é")) == REFUSED
        assert "passkey_refused" in audited(api)

    async def test_tells_the_owner_of_a_locked_account_that_it_is_locked(self, api: Api) -> None:
        ann = await signed_in(api)
        passkey, _ = await passkey_of(ann)
        rows(
            api,
            "UPDATE auth.users SET status = 'locked', lock_reason = 'x' WHERE id = %s RETURNING 1",
            ann.id,
        )
        assert code(await proof(api, LOGIN, passkey)) == (403, "ACCOUNT_LOCKED")


class TestSecondFactor:
    async def test_is_for_who_has_given_the_password(self, api: Api, clock: Hands) -> None:
        url = f"/api/auth/{SECOND}/begin"
        assert (await api.client.post(url)).status_code == 401
        ann = await signed_in(api)
        wrong = await api.client.post(url, headers=bearer(ann.access_token))
        assert code(wrong) == (401, "UNAUTHENTICATED")

    async def test_opens_the_session_once(self, api: Api, clock: Hands) -> None:
        ann = await signed_in(api)
        await enrolled(ann, clock)
        passkey, _ = await passkey_of(ann)
        assert data(await ann.login())["methods"] == ["totp", "backup_code", "passkey"]
        waiting = ann.pre_2fa_token
        options = (await begin(api, SECOND, waiting))["options"]
        assert len(options["allowCredentials"]) == 1
        ann.keep(data(await proof(api, SECOND, passkey, waiting)))
        assert (await ann.send("GET", "me")).status_code == 200
        again = await api.client.post(f"/api/auth/{SECOND}/begin", headers=bearer(waiting))
        if again.status_code == 200:  # the revocation has not been seen yet
            begun = data(again)
            credential = passkey.get(begun["options"], ORIGIN)
            again = await finish(api, SECOND, waiting, begun, credential)
        assert code(again) == (401, "UNAUTHENTICATED")

    async def test_stays_with_the_device_that_gave_the_password(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        await enrolled(ann, clock)
        passkey, _ = await passkey_of(ann)
        await ann.login(device_token=ann.device_token)
        answer = data(await proof(api, SECOND, passkey, ann.pre_2fa_token))
        assert answer["device_token"] is None
        assert len(rows(api, "SELECT * FROM auth.devices")) == 1

    async def test_refuses_somebody_elses_passkey(self, api: Api, clock: Hands) -> None:
        ann = await signed_in(api)
        ben = await signed_in(api, "ben@example.com")
        await enrolled(ann, clock)
        bens, _ = await passkey_of(ben)
        await ann.login()
        assert code(await proof(api, SECOND, bens, ann.pre_2fa_token)) == REFUSED


class TestStepUp:
    async def test_is_for_the_user_in_person(self, api: Api) -> None:
        url = f"/api/auth/{STEP_UP}/begin"
        assert (await api.client.post(url)).status_code == 401
        ann = await signed_in(api)
        key = (await key_of(ann))["key"]
        assert (await api.client.post(url, headers=bearer(key))).status_code == 403

    async def test_opens_sensitive_acts_again(self, api: Api, clock: Hands) -> None:
        ann = await signed_in(api)
        passkey, _ = await passkey_of(ann)
        clock.now_us += LONG_AGO_US
        assert (await ann.send("POST", "2fa/enrol")).status_code == 403
        proved = await proof(api, STEP_UP, passkey, ann.access_token)
        assert data(proved) == {"valid_for": 300}
        assert (await ann.send("POST", "2fa/enrol")).status_code == 200
        assert audited(api)[-1] == "stepped_up"

    async def test_refuses_somebody_elses_passkey(self, api: Api, clock: Hands) -> None:
        ann = await signed_in(api)
        ben = await signed_in(api, "ben@example.com")
        bens, _ = await passkey_of(ben)
        clock.now_us += LONG_AGO_US
        assert code(await proof(api, STEP_UP, bens, ann.access_token)) == REFUSED
        assert code(await ann.send("POST", "2fa/enrol")) == (403, "STEP_UP_REQUIRED")
