"""What can be asked of Alpha Vantage: one address, told apart by `function`."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from connectors.alphavantage.bulk import MAX_SYMBOLS
from connectors.alphavantage.fields import Context
from connectors.answers import Request
from market.instruments import AssetClass, Instrument

REALTIME = "realtime"
COMPACT = "compact"
FULL = "full"
"""The newest 100 rows, or all of them: of a daily series 20 years, of an intraday one 30 days."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a configuration asks. `url` is the whole address, up to and with `/query`.

    `entitlement` is what the plan gives of US stocks: "realtime", "delayed", or "" for the day's end.
    """

    url: str
    entitlement: str = ""
    csv: bool = False

    def global_quote(self, instrument: Instrument) -> Request:
        """The newest price of a stock."""
        params = {"symbol": instrument.symbol, **self._entitled(), **self._format()}
        return self._request("GLOBAL_QUOTE", self._context(instrument.symbol), params)

    def exchange_rate(self, instrument: Instrument) -> Request:
        """The newest quote of a pair of currencies, or of a coin in a currency."""
        params = {"from_currency": instrument.base, "to_currency": instrument.quote}
        return self._request("CURRENCY_EXCHANGE_RATE", self._context(instrument.symbol), params)

    def bulk_quotes(self, instruments: Sequence[Instrument]) -> Request:
        """The newest prices of up to 100 US stocks (ValueError: of more)."""
        if not 0 < len(instruments) <= MAX_SYMBOLS:
            raise ValueError(f"{len(instruments)} symbols in one call, 1 to {MAX_SYMBOLS} go")
        symbols = ",".join(each.symbol for each in instruments)
        params = {"symbol": symbols, **self._entitled(), **self._format()}
        return self._request("REALTIME_BULK_QUOTES", self._context(symbols), params)

    def intraday(
        self,
        instrument: Instrument,
        since_us: int = 0,
        *,
        interval: str = "1min",
        size: str = FULL,
        month: str = "",
    ) -> Request:
        """Bars of minutes; the answer may begin long before `since_us`.

        Of stocks they are as traded and hold extended hours; `month` ("2026-04") asks for one of the
        past.
        """
        symbol = instrument.symbol
        params = {"interval": interval, "outputsize": size, **self._subject(instrument)}
        if instrument.asset_class is AssetClass.STOCK:
            params |= {"adjusted": "false", **self._entitled()} | (
                {"month": month} if month else {}
            )
        function = _INTRADAY[instrument.asset_class]
        context = self._context(symbol, since_us, interval)
        return self._request(function, context, params | self._format())

    def daily(
        self,
        instrument: Instrument,
        since_us: int = 0,
        *,
        size: str = COMPACT,
        adjusted: bool = False,
    ) -> Request:
        """Bars of days; those of stocks are as traded. `adjusted` ones hold splits and dividends too."""
        function = _DAILY[instrument.asset_class] + ("_ADJUSTED" if adjusted else "")
        params = dict(self._subject(instrument))
        if instrument.asset_class is not AssetClass.CRYPTO:
            params["outputsize"] = size
        if adjusted:
            params |= self._entitled()
        context = self._context(instrument.symbol, since_us)
        return self._request(function, context, params | self._format())

    def longer(self, instrument: Instrument, period: str) -> Request:
        """Bars of weeks or months: `period` is "WEEKLY" or "MONTHLY"."""
        function = _DAILY[instrument.asset_class].replace("DAILY", period)
        params = self._subject(instrument) | self._format()
        return self._request(function, self._context(instrument.symbol), params)

    def search(self, keywords: str) -> Request:
        """Listings of this name or symbol; read with `reference.parse_search`."""
        return self._request("SYMBOL_SEARCH", keywords, {"keywords": keywords})

    def market_status(self) -> Request:
        """Which markets are open; read with `reference.parse_market_status`."""
        return self._request("MARKET_STATUS", "", {})

    def _request(self, function: str, context: str, params: dict[str, str]) -> Request:
        return Request(function, context, self.url, {"function": function, **params})

    def _entitled(self) -> dict[str, str]:
        return {"entitlement": self.entitlement} if self.entitlement else {}

    def _format(self) -> dict[str, str]:
        return {"datatype": "csv"} if self.csv else {}

    def _context(self, symbol: str, since_us: int = 0, interval: str = "") -> str:
        entitlement = self.entitlement if self.csv else ""
        context = Context(symbol, since_us, interval, entitlement)
        return msgspec.json.encode(context).decode()

    @staticmethod
    def _subject(instrument: Instrument) -> dict[str, str]:
        if instrument.asset_class is AssetClass.FX:
            return {"from_symbol": instrument.base, "to_symbol": instrument.quote}
        if instrument.asset_class is AssetClass.CRYPTO:
            return {"symbol": instrument.base, "market": instrument.quote}
        return {"symbol": instrument.symbol}


_INTRADAY = {
    AssetClass.STOCK: "TIME_SERIES_INTRADAY",
    AssetClass.FX: "FX_INTRADAY",
    AssetClass.CRYPTO: "CRYPTO_INTRADAY",
}
_DAILY = {
    AssetClass.STOCK: "TIME_SERIES_DAILY",
    AssetClass.FX: "FX_DAILY",
    AssetClass.CRYPTO: "DIGITAL_CURRENCY_DAILY",
}
