"""The simulated things: levels, volatilities and what moves them together.

A driver is the dollar value of one currency, coin or share. An instrument is the ratio of two
drivers, so that every cross rate agrees with its legs. Drivers share four common factors; what those
leave over is the driver's own. Append only: a driver's place is its stream of random numbers.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from market.instruments import AssetClass, Instrument

Float64s = npt.NDArray[np.float64]

COMMON_FACTORS = 4
"""Risk appetite, the dollar, coins, shares."""
DAYS_PER_YEAR = 365

_FX = AssetClass.FX
_CRYPTO = AssetClass.CRYPTO
_STOCK = AssetClass.STOCK


@dataclass(frozen=True, slots=True)
class Driver:
    """One dollar value. `volatility` is annual; `loadings`, on the common factors, have norm < 1."""

    name: str
    asset_class: AssetClass
    level: float
    volatility: float
    loadings: tuple[float, float, float, float]

    @property
    def own_loading(self) -> float:
        """The weight of the driver's own noise, so that its return has unit variance."""
        return float(np.sqrt(1.0 - sum(loading**2 for loading in self.loadings)))


def _currency(name: str, level: float, volatility: float, risk: float, dollar: float) -> Driver:
    return Driver(name, _FX, level, volatility, (risk, dollar, 0.0, 0.0))


def _coin(name: str, level: float, volatility: float, coins: float = 0.75) -> Driver:
    return Driver(name, _CRYPTO, level, volatility, (0.35, 0.0, coins, 0.0))


def _share(name: str, level: float, volatility: float, shares: float) -> Driver:
    return Driver(name, _STOCK, level, volatility, (0.45, 0.0, 0.0, shares))


DRIVERS = (
    _currency("EUR", 1.16, 0.075, 0.15, 0.75),
    _currency("GBP", 1.335, 0.085, 0.25, 0.65),
    _currency("JPY", 1 / 152, 0.10, -0.35, 0.45),
    _currency("CHF", 1 / 0.80, 0.08, -0.15, 0.65),
    _currency("AUD", 0.655, 0.10, 0.50, 0.55),
    _currency("NZD", 0.575, 0.105, 0.48, 0.52),
    _currency("CAD", 1 / 1.395, 0.06, 0.40, 0.50),
    _currency("SEK", 1 / 9.45, 0.10, 0.30, 0.68),
    _currency("NOK", 1 / 10.05, 0.115, 0.40, 0.55),
    _currency("PLN", 1 / 3.66, 0.10, 0.25, 0.65),
    _currency("TRY", 1 / 42.0, 0.12, 0.15, 0.10),
    _currency("ZAR", 1 / 17.2, 0.15, 0.45, 0.45),
    _currency("MXN", 1 / 18.4, 0.12, 0.50, 0.40),
    _currency("CNY", 1 / 7.1, 0.035, 0.10, 0.40),
    _currency("INR", 1 / 88.6, 0.04, 0.20, 0.30),
    _currency("NGN", 1 / 1440.0, 0.15, 0.05, 0.05),
    Driver("USDT", _CRYPTO, 0.9995, 0.003, (0.0, 0.0, 0.0, 0.0)),
    _coin("BTC", 94_500.0, 0.48, 0.82),
    _coin("ETH", 3_150.0, 0.65, 0.82),
    _coin("BNB", 905.0, 0.60),
    _coin("SOL", 142.0, 0.80),
    _coin("XRP", 2.21, 0.80, 0.70),
    _coin("ADA", 0.542, 0.85),
    _coin("DOGE", 0.1621, 0.90),
    _coin("AVAX", 15.3, 0.90),
    _coin("LINK", 13.9, 0.85),
    _coin("LTC", 93.0, 0.75, 0.70),
    _coin("DOT", 2.81, 0.85),
    _coin("ATOM", 2.95, 0.85),
    _coin("UNI", 7.2, 0.95),
    _coin("XMR", 378.0, 0.65, 0.40),
    _coin("XLM", 0.2584, 0.85, 0.65),
    _coin("SHIB", 9.13e-06, 0.95),
    _coin("PEPE", 4.87e-06, 1.10, 0.70),
    _share("AAPL", 268.0, 0.27, 0.60),
    _share("MSFT", 498.0, 0.25, 0.65),
    _share("NVDA", 186.0, 0.45, 0.60),
    _share("GOOGL", 284.0, 0.30, 0.58),
    _share("AMZN", 232.0, 0.32, 0.60),
    _share("META", 612.0, 0.36, 0.58),
    _share("TSLA", 408.0, 0.55, 0.45),
    _share("JPM", 303.0, 0.24, 0.45),
    _share("V", 334.0, 0.21, 0.45),
    _share("KO", 71.2, 0.16, 0.25),
    _share("IBM", 303.0, 0.26, 0.40),
    _share("XOM", 117.5, 0.25, 0.30),
)
DRIVER_INDEX = {driver.name: index for index, driver in enumerate(DRIVERS)}

_HALF_SPREAD_BP = {_FX: 0.45, _CRYPTO: 0.03, _STOCK: 0.6}
_WIDE = ("TRY", "ZAR", "MXN", "PLN", "SEK", "NOK", "CNY", "INR", "NGN")
_WIDE_FACTOR = 5.0


def loadings() -> Float64s:
    """The (drivers, common factors + 1) weights; the last column is each driver's own."""
    return np.array([[*driver.loadings, driver.own_loading] for driver in DRIVERS])


def correlations() -> Float64s:
    """The specified correlation matrix of the drivers' returns."""
    common = loadings()[:, :COMMON_FACTORS]
    matrix: Float64s = common @ common.T
    np.fill_diagonal(matrix, 1.0)
    return matrix


def minute_volatilities() -> Float64s:
    """The drivers' standard deviations of one minute's log-return."""
    annual = np.array([driver.volatility for driver in DRIVERS])
    minute: Float64s = annual / np.sqrt(DAYS_PER_YEAR * 1440.0)
    return minute


def half_spread(instrument: Instrument) -> float:
    """Half the usual bid-ask spread, as a fraction of the price."""
    wide = _WIDE_FACTOR if instrument.quote in _WIDE else 1.0
    return _HALF_SPREAD_BP[instrument.asset_class] * wide * 1e-4
