"""Alpha Vantage's SYMBOL_SEARCH and MARKET_STATUS."""

from datetime import datetime
from difflib import SequenceMatcher

from connectors.sandbox.hours import NEW_YORK
from connectors.sandbox.wire import Answer, Request, World, json_answer
from market.clock import datetime_of
from market.instruments import CATALOGUE, AssetClass, Instrument

MAX_MATCHES = 10
_WORST_SCORE = 0.3


def symbol_search(world: World, request: Request) -> Answer:
    """The stocks that sound like the keywords, the best first."""
    keywords = request.query.get("keywords", "").lower()
    stocks = (each for each in CATALOGUE if each.asset_class is AssetClass.STOCK)
    scored = sorted(((_score(keywords, each), each) for each in stocks), key=lambda pair: -pair[0])
    local = datetime_of(request.now_us).astimezone(NEW_YORK)
    matches = [_match(stock, score, local) for score, stock in scored if score > _WORST_SCORE]
    return json_answer({"bestMatches": matches[:MAX_MATCHES]})


def market_status(world: World, request: Request) -> Answer:
    """Which markets are open at this moment."""
    hours = world.simulator.hours
    session = hours.session(request.now_us)
    is_open = {
        "Equity": request.now_us < session.close_us,
        "Forex": hours.last_open(AssetClass.FX, request.now_us) == request.now_us,
        "Cryptocurrency": True,
    }
    places = {
        "Equity": ("United States", "NASDAQ, NYSE, AMEX, BATS", "09:30", "16:15"),
        "Forex": ("Global", "Global", "00:00", "23:59"),
        "Cryptocurrency": ("Global", "Global", "00:00", "23:59"),
    }
    markets = [
        {
            "market_type": kind,
            "region": region,
            "primary_exchanges": exchanges,
            "local_open": opens,
            "local_close": closes,
            "current_status": "open" if is_open[kind] else "closed",
            "notes": "",
        }
        for kind, (region, exchanges, opens, closes) in places.items()
    ]
    return json_answer({"endpoint": "Global Market Open & Close Status", "markets": markets})


def _score(keywords: str, stock: Instrument) -> float:
    if not keywords:
        return 0.0
    names = (stock.symbol.lower(), stock.name.lower())
    return max(SequenceMatcher(None, keywords, name).ratio() for name in names)


def _match(stock: Instrument, score: float, local: datetime) -> dict[str, str]:
    offset = local.utcoffset()
    assert offset is not None
    return {
        "1. symbol": stock.symbol,
        "2. name": stock.name,
        "3. type": "Equity",
        "4. region": "United States",
        "5. marketOpen": "09:30",
        "6. marketClose": "16:00",
        "7. timezone": f"UTC{round(offset.total_seconds() / 3_600):+03}",
        "8. currency": stock.quote,
        "9. matchScore": f"{score:.4f}",
    }
