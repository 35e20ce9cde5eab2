"""Step-up (I7): a session that proves again who it is may do what is sensitive, for five minutes."""

import asyncio

from tests.api.auth.harness import PASSWORD, audited, code, enrolled, post, signed_in, totp
from tests.api.harness import Api, Hands

PROOF = {"password": PASSWORD}
LATER_US = 301_000_000


class TestStepUp:
    async def test_nobody_steps_up(self, api: Api) -> None:
        assert code(await post(api, "step-up", PROOF)) == (401, "UNAUTHENTICATED")

    async def test_a_wrong_password_opens_nothing(self, api: Api, clock: Hands) -> None:
        ann = await signed_in(api)
        clock.now_us += LATER_US
        answer = await ann.send("POST", "step-up", {"password": "no"})
        assert code(answer) == (401, "INVALID_CREDENTIALS")
        assert code(await ann.send("DELETE", "account")) == (403, "STEP_UP_REQUIRED")

    async def test_the_password_opens_sensitive_acts_for_five_minutes(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        clock.now_us += LATER_US
        answer = await ann.send("POST", "step-up", PROOF)
        assert answer.json()["data"] == {"valid_for": 300}
        assert audited(api)[-1] == "stepped_up"
        clock.now_us += LATER_US
        assert code(await ann.send("DELETE", "account")) == (403, "STEP_UP_REQUIRED")
        await ann.send("POST", "step-up", PROOF)
        assert (await ann.send("DELETE", "account")).status_code == 200

    async def test_another_session_is_not_stepped_up(self, api: Api, clock: Hands) -> None:
        ann = await signed_in(api)
        first = ann.access_token
        await ann.login(device_token=ann.device_token)
        clock.now_us += LATER_US
        await ann.send("POST", "step-up", PROOF)
        ann.access_token = first
        assert code(await ann.send("DELETE", "account")) == (403, "STEP_UP_REQUIRED")

    async def test_with_a_second_factor_it_takes_a_code(self, api: Api, clock: Hands) -> None:
        ann = await signed_in(api)
        secret, codes = await enrolled(ann)
        clock.now_us += LATER_US
        assert code(await ann.send("POST", "step-up", PROOF)) == (401, "INVALID_CODE")
        assert code(await ann.send("DELETE", "account")) == (403, "STEP_UP_REQUIRED")
        for proof in ({"code": totp(secret, clock)}, {"backup_code": codes[0]}):
            answer = await ann.send("POST", "step-up", PROOF | proof)
            assert answer.status_code == 200
            again = await ann.send("POST", "step-up", PROOF | proof)
            assert code(again) == (401, "INVALID_CODE")

    async def test_a_thief_of_a_session_guesses_five_times(self, api: Api) -> None:
        ann = await signed_in(api)
        answers = await asyncio.gather(
            *(ann.send("POST", "step-up", {"password": "no"}) for _ in range(10))
        )
        assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 5
