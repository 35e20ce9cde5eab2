"""The audit: who, what, from where, by which request."""

from api.auth.auditing import record
from tests.api.auth.harness import CLIENT, account, member, rows, signed_in
from tests.api.harness import Api

_ROWS = "SELECT * FROM auth.audit ORDER BY id"


async def test_a_row_says_who_did_what_from_where(api: Api) -> None:
    services = api.app.state.services
    ann = await account(api, "ann@example.com")
    async with services.writes.transaction() as connection:
        await record(services, connection, "login", CLIENT, ann.id, session="s")
        await record(services, connection, "login_failed", CLIENT, ann.id, by_owner=False)
    did, suffered = rows(api, _ROWS)
    assert (did["action"], did["actor_id"], did["user_id"]) == ("login", ann.id, ann.id)
    assert str(did["ip_address"]) == CLIENT.address
    assert (did["user_agent"], did["request_id"]) == (CLIENT.user_agent, CLIENT.request_id)
    assert did["details"] == {"session": "s"}
    assert (suffered["actor_id"], suffered["user_id"]) == (None, ann.id)


async def test_a_request_is_named_by_the_id_of_its_answer(api: Api) -> None:
    ann = await member(api)
    answer = await ann.login()
    assert {row["request_id"] for row in rows(api, _ROWS)} == {answer.headers["X-Request-Id"]}


async def test_a_row_holds_nothing_personal_beside_the_address(api: Api) -> None:
    ann = await signed_in(api)
    await ann.send("PATCH", "me", {"name": "Bob", "phone": "+442079460958"})
    await ann.login(password="wrong")
    for row in rows(api, _ROWS):
        assert "ann@" not in str(row)
        assert "Bob" not in str(row)
        assert "wrong" not in str(row)
