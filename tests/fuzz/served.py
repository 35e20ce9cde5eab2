"""The application with everything that it needs, served beside a test that is not asynchronous."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2
import psycopg
from anyio.from_thread import start_blocking_portal

from api.config import ApiConfig
from market.sources import Feed, source_of
from storage.guarded_sql.role import role_of
from tests.api.harness import quote, serve, store_ticks

FEED = Feed.SIMULATED
SYMBOL = "EUR-USD"
"""What is known of the instruments of `store_prices`: with it a request gets beyond its checks."""
_PASSWORD = "correct horse battery staple"


@dataclass
class Served:
    """A served application, whose e-mail addresses need no confirmation."""

    url: str
    document: dict[str, object]
    database_url: str

    def __post_init__(self) -> None:
        self._numbers = itertools.count()

    def sign_in(self, role: str) -> dict[str, str]:
        """The headers of a new account with that role."""
        account = {
            "email": f"caller{next(self._numbers)}@example.com",
            "password": _PASSWORD,
        }
        with httpx2.Client(base_url=f"{self.url}/api/auth") as client:
            answer = client.post("/register", json={**account, "name": "Caller"})
            if role != "user":
                self._promote(account["email"], role)
                answer = client.post("/login", json=account)
        assert answer.is_success, answer.text
        return {"Authorization": f"Bearer {answer.json()['data']['access_token']}"}

    def _promote(self, email: str, role: str) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            statement = "UPDATE auth.users SET role = %s WHERE email = %s"
            connection.execute(statement, (role, email))


@contextmanager
def served(config: ApiConfig) -> Iterator[Served]:
    """Serve it in a thread of its own, until the context ends."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(serve(config)) as api,
    ):
        url = f"http://127.0.0.1:{api.port}"
        yield Served(url, api.app.openapi(), config.database_url)


def quant_url(database_url: str) -> str:
    """The way in for callers' statements of SQL."""
    return database_url.replace("//tradewind@", f"//{role_of(FEED)}@")


def store_prices(database_url: str, now_us: int) -> None:
    """A few ticks, the newest of them now."""
    oanda = source_of("oanda", FEED).id
    ticks = [quote(now_us - second * 1_000_000, oanda, "1.1", "1.2") for second in range(10)]
    store_ticks(database_url, ticks)
