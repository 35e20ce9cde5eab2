"""Answers of the doors: what is said, and that it is kept nowhere on the way."""

from tests.api.auth.harness import enrolled, member, post
from tests.api.harness import Api


async def test_tokens_are_not_to_be_stored_by_anything_between(api: Api) -> None:
    ann = await member(api)
    assert (await ann.login()).headers["Cache-Control"] == "no-store"
    await enrolled(ann)
    assert (await ann.login()).headers["Cache-Control"] == "no-store"


async def test_what_is_accepted_and_what_is_done_say_nothing_more(api: Api) -> None:
    answer = await post(api, "password/forgot", {"email": "ann@example.com"})
    assert (answer.status_code, answer.json()["data"]) == (202, {"status": "accepted"})
