"""Who may come in: support reads, administrators act, and nobody else learns that there is anything."""

from typing import Any

from tests.api.admin.staff import MISSING, ask, staff
from tests.api.auth.factors.acting import key_of
from tests.api.auth.harness import bearer, code, rows, signed_in
from tests.api.harness import Api

READS = ("users", f"users/{MISSING}", f"users/{MISSING}/sessions", "audit")
ACTS: tuple[tuple[str, str, Any], ...] = (
    ("POST", f"users/{MISSING}/lock", {"reason": "a reason"}),
    ("POST", f"users/{MISSING}/unlock", None),
    ("PUT", f"users/{MISSING}/role", {"role": "user"}),
    ("DELETE", f"users/{MISSING}/sessions/{MISSING}", None),
)
EVERY = (*(("GET", path, None) for path in READS), *ACTS)
UNFIT = (
    "users?limit=101",
    "users?page=0",
    "users?role=owner",
    "users?status=gone",
    "users?user_id=1",
    "users?q=%00",
    "users/not-an-id",
    "audit?user_id=1",
    "audit?since=2026-11-24",
    "audit?action=%27",
    "audit?password=1",
)


async def test_nobody_and_no_user_and_no_key_may_anything(api: Api) -> None:
    ann, root = await signed_in(api), await staff(api, "admin")
    key = (await key_of(root))["key"]
    before = rows(api, "SELECT count(*) FROM auth.audit")
    for method, path, body in EVERY:
        assert code(await ask(None, method, path, body, api=api)) == (401, "UNAUTHENTICATED")
        assert code(await ask(ann, method, path, body)) == (403, "FORBIDDEN")
        url = f"/api/admin/{path}"
        by_key = await api.client.request(method, url, json=body, headers=bearer(key))
        assert code(by_key) == (403, "FORBIDDEN")
    assert rows(api, "SELECT count(*) FROM auth.audit") == before


async def test_support_reads_and_does_not_act(api: Api) -> None:
    helper = await staff(api, "support")
    answers = [await ask(helper, "GET", path) for path in READS]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 200]
    for method, path, body in ACTS:
        assert code(await ask(helper, method, path, body)) == (403, "FORBIDDEN")


async def test_administrators_do_both(api: Api) -> None:
    root = await staff(api, "admin")
    answers = [await ask(root, *operation) for operation in EVERY]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 200, 404, 404, 404, 404]


async def test_parameters_are_those_that_are_documented(api: Api) -> None:
    helper = await staff(api, "support")
    for path in UNFIT:
        assert (await ask(helper, "GET", path)).status_code == 422, path
