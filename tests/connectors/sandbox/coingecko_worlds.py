"""What the tests of CoinGecko's sandbox share: how it is asked."""

from collections.abc import Mapping

from connectors.sandbox import coingecko
from connectors.sandbox.wire import Answer, Request, World
from tests.connectors.sandbox.conftest import NOW_US

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
DAY_US = 1_440 * MINUTE_US
DEMO_KEY = {"x-cg-demo-api-key": "CG-1"}
PRO_KEY = {"x-cg-pro-api-key": "CG-1"}
USD = {"vs_currency": "usd"}
NOTHING: Mapping[str, str] = {}


def ask(
    world: World,
    path: str,
    query: Mapping[str, str] = NOTHING,
    *,
    pro: bool = False,
    now_us: int = NOW_US,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """The answer of the demo host, or of the pro host with a key."""
    prefix = "pro/api/v3/" if pro else "api/v3/"
    if headers is None:
        headers = PRO_KEY if pro else {}
    return coingecko.respond(world, Request(prefix + path, query, headers, now_us))
