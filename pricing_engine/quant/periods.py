"""How many intervals a year of trading has: what a deviation of returns is annualised by."""

from market.instruments import AssetClass
from market.intervals import DAY_US, Interval, Unit

DAYS_A_YEAR = {AssetClass.STOCK: 252.0, AssetClass.FX: 260.0, AssetClass.CRYPTO: 365.0}
"""Sessions of the New York Stock Exchange, five days of each of 52 weeks, and every day."""
HOURS_A_DAY = {AssetClass.STOCK: 6.5, AssetClass.FX: 24.0, AssetClass.CRYPTO: 24.0}
DAYS_A_WEEK = {AssetClass.STOCK: 252 / 52, AssetClass.FX: 5.0, AssetClass.CRYPTO: 7.0}
MONTHS_A_YEAR = 12.0
_HOUR_US = DAY_US / 24


def periods_per_year(interval: Interval, asset_class: AssetClass) -> float:
    """Buckets with trades in a year: 252 days, 52 weeks, 12 months of stocks; 365 days of crypto.

    Below a day, a day of stocks has 6.5 hours (390 minutes) and at least one bucket; FX and crypto have
    24. So stocks have 252 x 390 = 98,280 minutes, FX 260 x 1,440 and crypto 365 x 1,440. Days of FX are
    those of a fixing, five a week; of ticks there are six, the evening of Sunday being one.
    """
    days = DAYS_A_YEAR[asset_class]
    if interval.unit is Unit.MONTH:
        return MONTHS_A_YEAR / interval.count
    if interval.unit is Unit.WEEK:
        return days / DAYS_A_WEEK[asset_class] / interval.count
    if interval.unit is Unit.DAY:
        return days / interval.count
    hours = (interval.width_us or 0) / _HOUR_US
    if hours >= 24:
        return days * 24 / hours
    return days * max(1.0, HOURS_A_DAY[asset_class] / hours)
