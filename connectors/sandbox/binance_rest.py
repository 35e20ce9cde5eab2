"""Binance over REST: klines, and trades of the past by their ids."""

from connectors.sandbox.binance import PLACES, klines
from connectors.sandbox.digits import fixed
from connectors.sandbox.pages import told_ms, trades_before_id, trades_from_id
from connectors.sandbox.tape import BINANCE, VENUE_PAIRS, Pair, Trades
from connectors.sandbox.wire import Answer, Request, World, json_answer

MAX_TRADES = 1_000
DEFAULT_TRADES = 500
WEIGHTS = {"x-mbx-used-weight-1m": "25"}
NOT_FOUND = Answer(b"", status=404)

_PAIRS = {pair.venue_symbol: pair for pair in VENUE_PAIRS[BINANCE]}


def respond(world: World, request: Request) -> Answer:
    """The answer to a path below the provider's prefix."""
    if request.path == "api/v3/klines":
        return klines(world, request)
    if request.path == "api/v3/historicalTrades":
        return historical_trades(world, request)
    return NOT_FOUND


def historical_trades(world: World, request: Request) -> Answer:
    """`GET /api/v3/historicalTrades`: trades from an id on, or the newest; oldest first."""
    query = request.query
    if not query.get("symbol"):
        text = "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."
        return json_answer({"code": -1102, "msg": text}, status=400)
    pair = _PAIRS.get(query["symbol"])
    if pair is None:
        return json_answer({"code": -1121, "msg": "Invalid symbol."}, status=400)
    for name in ("fromId", "limit"):
        if not query.get(name, "0").isdigit():
            problem = f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]*$'."
            return json_answer({"code": -1100, "msg": problem}, status=400)
    limit = max(1, min(int(query.get("limit", DEFAULT_TRADES)), MAX_TRADES))
    tape = world.tapes[BINANCE]
    if "fromId" in query:
        page = trades_from_id(tape, pair, int(query["fromId"]), limit, request.now_us)
    else:
        newest = tape.last_trades(pair, told_ms(request.now_us), 1)
        page = trades_before_id(tape, pair, int(newest.ids[-1]) + 1, limit, request.now_us)
    return json_answer(_rows(pair, page), headers=WEIGHTS)


def _rows(pair: Pair, trades: Trades) -> list[dict[str, object]]:
    decimals, lots = pair.instrument.decimals, pair.lot_decimals
    columns = zip(
        trades.ids.tolist(),
        trades.price.tolist(),
        trades.size.tolist(),
        trades.time_ms.tolist(),
        trades.buyer_is_maker.tolist(),
        strict=True,
    )
    return [
        {
            "id": trade_id,
            "price": fixed(price, decimals, PLACES),
            "qty": fixed(size, lots, PLACES),
            "quoteQty": fixed(price * size, decimals + lots, max(PLACES, decimals + lots)),
            "time": time_ms,
            "isBuyerMaker": maker,
            "isBestMatch": True,
        }
        for trade_id, price, size, time_ms, maker in columns
    ]
