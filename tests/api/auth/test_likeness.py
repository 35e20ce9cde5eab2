"""Known and unknown accounts are alike in time too (I3): how well one is told from the other, as AUC."""

import random
import time
from collections.abc import Sequence

import numpy as np
import psycopg
import pytest

from api.config import IdentityConfig
from identity.passwords import Cost
from tests.api.auth.harness import PASSWORD, post
from tests.api.harness import Api

DOORS = {
    "login": {"password": "not the right one"},
    "register": {"password": PASSWORD, "name": "Ann"},
    "password/forgot": {},
}
PAIRS, FEW_PAIRS = 500, 120
FEW_BAND = 0.13
"""Of so few pairs: three and a half standard errors."""

_KNOWN = """
    INSERT INTO auth.users (id, email, name, email_verified, password_hash, role, status,
                            created_at, updated_at, password_changed_at)
    SELECT gen_random_uuid(), 'known' || n || '@example.com', 'Ann', true, %s, 'user', 'active',
           now(), now(), now()
    FROM generate_series(1, %s) n
"""


async def _know(api: Api, count: int) -> None:
    password_hash = await api.app.state.services.hasher.hash(PASSWORD)
    with psycopg.connect(api.app.state.config.database_url, autocommit=True) as connection:
        connection.execute(_KNOWN, (password_hash, count))


async def _auc(api: Api, door: str, pairs: int) -> float:
    """How well the time of an answer tells a known account from an unknown one: 0.5 is not at all."""
    await _know(api, pairs)
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    answers = set()
    for kind in ("known", "unknown") * 5:  # connections, caches and plans are warm then
        await post(api, door, {"email": f"{kind}0@example.com"} | DOORS[door])
    order = random.Random(7)
    for number in range(1, pairs + 1):
        for kind in order.sample(sorted(times), 2):
            body = {"email": f"{kind}{number}@example.com"} | DOORS[door]
            began = time.perf_counter()
            answer = await post(api, door, body)
            times[kind].append(time.perf_counter() - began)
            answers.add((answer.status_code, len(answer.content)))
    assert len(answers) == 1
    return _area(times["known"], times["unknown"])


def _area(known: Sequence[float], unknown: Sequence[float]) -> float:
    """The share of pairs in which the known one took longer."""
    return float((np.array(known)[:, None] > np.array(unknown)[None, :]).mean())


@pytest.fixture
def identity() -> IdentityConfig:
    return IdentityConfig.for_tests(rates=False, most_attempts=100_000, cost=Cost())


class TestFew:
    @pytest.mark.parametrize("door", DOORS)
    async def test_time_does_not_tell_who_has_an_account(self, api: Api, door: str) -> None:
        area = await _auc(api, door, FEW_PAIRS)
        assert abs(area - 0.5) < FEW_BAND


@pytest.mark.slow
@pytest.mark.timeout(600)
class TestMany:
    @pytest.mark.parametrize("door", DOORS)
    async def test_time_does_not_tell_who_has_an_account(self, api: Api, door: str) -> None:
        area = await _auc(api, door, PAIRS)
        print(f"{door}: AUC {area:.3f}")
        assert 0.45 <= area <= 0.55
