"""CoinGecko's coins and currencies in the sandbox, their prices, and how it writes numbers."""

from dataclasses import dataclass

from connectors.sandbox.universe import DRIVER_INDEX, DRIVERS
from connectors.sandbox.wire import Request, World
from market.instruments import AssetClass

TURNOVER = 0.03
"""A day's volume as a share of the market's value."""
_SIGNIFICANT_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Coin:
    """A coin that is quoted: id, ticker, name, circulating supply and, where there is one, its bound."""

    id: str
    ticker: str
    name: str
    supply: int
    max_supply: int | None = None


COINS = {
    coin.id: coin
    for coin in (
        Coin("bitcoin", "BTC", "Bitcoin", 19_950_000, 21_000_000),
        Coin("ethereum", "ETH", "Ethereum", 120_700_000),
        Coin("binancecoin", "BNB", "BNB", 137_700_000, 200_000_000),
        Coin("solana", "SOL", "Solana", 556_000_000),
        Coin("ripple", "XRP", "XRP", 60_300_000_000, 100_000_000_000),
        Coin("cardano", "ADA", "Cardano", 36_600_000_000, 45_000_000_000),
        Coin("dogecoin", "DOGE", "Dogecoin", 152_000_000_000),
        Coin("avalanche-2", "AVAX", "Avalanche", 427_000_000, 720_000_000),
        Coin("chainlink", "LINK", "Chainlink", 697_000_000, 1_000_000_000),
        Coin("litecoin", "LTC", "Litecoin", 76_500_000, 84_000_000),
        Coin("polkadot", "DOT", "Polkadot", 1_640_000_000),
        Coin("cosmos", "ATOM", "Cosmos Hub", 478_000_000),
        Coin("uniswap", "UNI", "Uniswap", 630_000_000, 1_000_000_000),
        Coin("monero", "XMR", "Monero", 18_450_000),
        Coin("stellar", "XLM", "Stellar", 32_100_000_000, 50_001_806_812),
        Coin("shiba-inu", "SHIB", "Shiba Inu", 589_000_000_000_000),
        Coin("pepe", "PEPE", "Pepe", 420_690_000_000_000, 420_690_000_000_000),
    )
}
DEAD = Coin("bitconnect", "BCC", "Bitconnect", 0)
"""Listed, and without a price for years: its numbers are null."""
DEAD_SINCE_S = 1_535_932_800
VS_CURRENCIES = {"usd": "USD"} | {
    driver.name.lower(): driver.name
    for driver in DRIVERS
    if driver.asset_class is AssetClass.FX or driver.name in ("BTC", "ETH", "BNB", "XRP", "LTC")
}
"""The provider's code → ours. There is no usdt."""


def price_of(world: World, coin: Coin, currency: str, time_us: int) -> float:
    """What a coin is worth in a currency of `VS_CURRENCIES`."""
    return world.simulator.rate(coin.ticker, VS_CURRENCIES[currency], time_us)


def shown(price: float, precision: str) -> float | int:
    """Full precision as it is; so many decimals when a number says so; else rounded for a screen."""
    if precision == "full":
        return price
    if precision.isdigit():
        rounded = round(price, int(precision))
    elif price >= 1.0:
        rounded = round(price, 2)
    else:
        rounded = float(f"{price:.{_SIGNIFICANT_DIGITS}g}")
    return int(rounded) if rounded == int(rounded) else rounded


def asked(request: Request, flag: str) -> bool:
    """Whether a boolean parameter is set."""
    return request.query.get(flag, "").lower() == "true"


assert all(coin.ticker in DRIVER_INDEX for coin in COINS.values())
