"""What the feeds need to know: which providers run, where they are, and how we are known to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connectors.connector import Access
from market.sources import Feed

SANDBOX_KEY = "sandbox"
"""The sandbox takes any key but a wrong one."""
BRISK_S = 2.0

_LIVE = {
    "binance": ("https://data-api.binance.vision", "wss://data-stream.binance.vision"),
    "kraken": ("https://api.kraken.com", "wss://ws.kraken.com"),
    "coinbase": ("https://api.exchange.coinbase.com", "wss://ws-feed.exchange.coinbase.com"),
    "coingecko": ("https://api.coingecko.com", "wss://stream.coingecko.com"),
    "ecb": ("https://www.ecb.europa.eu", ""),
    "alphavantage": ("https://www.alphavantage.co", ""),
    "fixer": ("https://data.fixer.io", ""),
    "openexchangerates": ("https://openexchangerates.org", ""),
}
"""Each provider's addresses, REST and stream."""
_OTHER_HOSTS = {
    ("coingecko", "pro"): "https://pro-api.coingecko.com",
    ("fixer", "gateway"): "https://api.apilayer.com",
    ("alphavantage", "rapidapi"): "https://alpha-vantage.p.rapidapi.com",
}
"""Plans that are served elsewhere, by the first word of their name."""
KEYLESS = ("binance", "kraken", "coinbase", "coingecko", "ecb")
KEYED = ("alphavantage", "fixer", "openexchangerates", "coingecko")
DEFAULT_PLANS: Mapping[str, str] = MappingProxyType({"coingecko": "demo"})
"""The plan of a provider where none is said; of all others it is "free"."""

_SANDBOX_PLANS = {
    "alphavantage": "premium1200",
    "coingecko": "pro",
    "fixer": "professional_plus",
    "openexchangerates": "unlimited",
}


@dataclass(frozen=True, slots=True)
class FeedsConfig:
    """The providers of one feed. Polls are asked every `brisk_s` seconds at least, where it is given."""

    feed: Feed
    access: Mapping[str, Access]
    brisk_s: float | None = None

    @classmethod
    def sandbox(cls, url: str) -> "FeedsConfig":
        """All from the sandbox at this address (`http://127.0.0.1:8010`), briskly."""
        streams = url.replace("http", "ws", 1)
        access = {
            name: Access(
                rest_url=f"{url}/{name}{'/pro' if name == 'coingecko' else ''}",
                stream_url=f"{streams}/{name}",
                key=SANDBOX_KEY,
                plan=_SANDBOX_PLANS.get(name, "free"),
            )
            for name in _LIVE
        }
        return cls(Feed.SIMULATED, access, BRISK_S)

    @classmethod
    def live(
        cls,
        keys: Mapping[str, str] = MappingProxyType({}),
        plans: Mapping[str, str] = MappingProxyType({}),
        *,
        fixer_url: str | None = None,
    ) -> "FeedsConfig":
        """The providers themselves: those that need no key, and those whose key there is.

        `keys` and `plans` are by provider. `fixer_url` replaces Fixer's scheme and host.
        """
        names = [name for name in _LIVE if name in KEYLESS or keys.get(name)]
        hosts = {} if fixer_url is None else {"fixer": fixer_url.rstrip("/")}
        access = {}
        for name in names:
            plan = plans.get(name, DEFAULT_PLANS.get(name, "free")).strip().lower()
            key = keys.get(name)
            access[name] = _live_access(name, key, plan, hosts.get(name))
        return cls(Feed.LIVE, access)


def _live_access(name: str, key: str | None, plan: str, host: str | None) -> Access:
    rest_url, stream_url = _LIVE[name]
    if key is not None:
        rest_url = _OTHER_HOSTS.get((name, plan.replace("-", "_").split("_")[0]), rest_url)
    return Access(host or rest_url, stream_url, key, plan)
