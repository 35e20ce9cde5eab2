"""Faults and calls over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from connectors.sandbox.control import MAX_BODY_BYTES
from connectors.sandbox.server import Running, running
from tests.connectors.sandbox.support import ADDRESSES, forget

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Running]:
    async with running(ticks_per_s=20) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(shared: Running) -> AsyncIterator[Running]:
    yield shared
    await forget(shared)


@pytest_asyncio.fixture(loop_scope="module")
async def http(sandbox: Running) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=sandbox.http_url) as client:
        yield client


async def put(http: httpx2.AsyncClient, provider: str, said: Any) -> httpx2.Response:
    return await http.put(f"/faults/{provider}", json=said)


class TestFaults:
    async def test_they_are_set_listed_and_cleared(self, http: httpx2.AsyncClient) -> None:
        assert (await http.get("/faults")).json() == {"faults": []}
        fault = {"fault": "http_429", "times": 2, "seconds": None, "retry_after": 53}
        answer = await put(http, "fixer", fault)
        assert answer.status_code == 200
        (listed,) = answer.json()["faults"]
        assert listed == fault | {"provider": "fixer", "struck": 0, "path": ""}
        assert (await http.get(ADDRESSES["fixer"])).status_code == 429
        assert (await http.get("/faults")).json()["faults"][0]["struck"] == 1
        assert (await http.delete("/faults/fixer")).json() == {"faults": []}
        assert (await http.get(ADDRESSES["fixer"])).status_code == 200

    async def test_one_of_several_is_cleared(self, http: httpx2.AsyncClient) -> None:
        await put(http, "fixer", {"fault": "http_500"})
        await put(http, "fixer", {"fault": "nan"})
        left = (await http.delete("/faults/fixer?fault=http_500")).json()["faults"]
        assert [fault["fault"] for fault in left] == ["nan"]

    @pytest.mark.parametrize(
        ("provider", "said", "status"),
        [
            ("nobody", {"fault": "http_500"}, 404),
            ("fixer", {"fault": "nothing"}, 400),
            ("fixer", {"fault": "ws_reset"}, 400),
            ("fixer", {"fault": 5}, 400),
            ("fixer", {}, 400),
            ("fixer", [], 400),
            ("fixer", {"fault": "http_500", "times": 0}, 400),
            ("fixer", {"fault": "http_500", "seconds": "long"}, 400),
            ("fixer", {"fault": "http_500", "provider": "kraken"}, 400),
            ("fixer", {"fault": "http_500", "self": 1}, 400),
        ],
    )
    async def test_bad_input_is_refused_and_sets_nothing(
        self, http: httpx2.AsyncClient, provider: str, said: Any, status: int
    ) -> None:
        answer = await put(http, provider, said)
        assert answer.status_code == status
        assert len(answer.json()["error"]) > 20
        assert (await http.get("/faults")).json() == {"faults": []}

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"\xff", b"[" * 50_000, b" " * (MAX_BODY_BYTES + 1)]
    )
    async def test_a_body_that_is_no_json_is_refused(
        self, http: httpx2.AsyncClient, body: bytes
    ) -> None:
        answer = await http.put("/faults/fixer", content=body)
        assert answer.status_code == 400
        assert "body" in answer.json()["error"]

    async def test_nobodys_faults_can_not_be_cleared(self, http: httpx2.AsyncClient) -> None:
        assert (await http.delete("/faults/nobody")).status_code == 404
        assert (await http.post("/faults/fixer")).status_code == 405


class TestCalls:
    async def test_they_are_counted_without_their_keys(self, http: httpx2.AsyncClient) -> None:
        await http.get("/fixer/api/latest?access_key=secret")
        await put(http, "fixer", {"fault": "http_500", "times": 1})
        await http.get("/fixer/api/latest?access_key=secret")
        answer = await http.get("/calls")
        counted = answer.json()["fixer"]["api/latest"]
        assert counted["calls"] == len(counted["at_us"]) == 2
        assert counted["at_us"] == sorted(counted["at_us"])
        assert "secret" not in answer.text
        await http.delete("/calls")
        assert (await http.get("/calls")).json() == {}
