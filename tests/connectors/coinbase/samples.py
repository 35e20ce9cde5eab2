"""Messages and answers of Coinbase's documentation and of recordings."""

from connectors.trades import Wanted
from tests.connectors.mutating import RECEIVED

TICKER = (
    RECEIVED + ' {"type":"ticker","sequence":37475248783,"product_id":"ETH-USD","price":"1285.22",'
    '"open_24h":"1310.79","volume_24h":"245532.79269678","low_24h":"1280.52","high_24h":"1313.8",'
    '"volume_30d":"9788783.60117027","best_bid":"1285.04","best_bid_size":"0.46688654",'
    '"best_ask":"1285.27","best_ask_size":"1.56637040","side":"buy",'
    '"time":"2022-10-19T23:28:22.061769Z","trade_id":370843401,"last_size":"11.4396987"}'
)
OLD_TICKER = TICKER.replace('"best_bid_size":"0.46688654",', "").replace(
    '"best_ask_size":"1.56637040",', ""
)
"""As it was in 2021."""
MATCH = (
    RECEIVED + ' {"type":"match","trade_id":881613,'
    '"maker_order_id":"27fff20b-af29-4f45-8744-56dd1ef57dc0",'
    '"taker_order_id":"1da6ce16-c8da-4732-9f71-6049f4c6aaf8","side":"sell","size":"0.04",'
    '"price":"14.7775","product_id":"DOT-USD","sequence":333938798,'
    '"time":"2021-04-17T16:43:30.244075Z"}'
)
LAST_MATCH = MATCH.replace('"match"', '"last_match"')
HEARTBEAT = (
    RECEIVED + ' {"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD",'
    '"time":"2014-11-07T08:19:28.464459Z"}'
)
SUBSCRIPTIONS = (
    RECEIVED + ' {"type":"subscriptions","channels":[{"name":"ticker","product_ids":["ETH-USD"]}]}'
)
ERROR = (
    RECEIVED + ' {"type":"error","message":"Failed to subscribe",'
    '"reason":"FOO-USD is not a valid product"}'
)
UNKNOWN = RECEIVED + ' {"type":"auction","product_id":"LTC-USD","sequence":3262786978}'
SPACED = MATCH.replace(",", ", ")
LINES = [TICKER, OLD_TICKER, MATCH, LAST_MATCH, HEARTBEAT, SUBSCRIPTIONS, ERROR, UNKNOWN, SPACED]

ROW = (
    '{"time":"2020-03-20T00:36:59.860123Z","trade_id":86327327,"price":"6225.32000000",'
    '"size":"0.06469797","side":"sell"}'
)
OLDER = ROW.replace("86327327", "86327326")
MINUTE = "[1762795380, 30305.7, 30306.20, 30306.1, 30305.8, 3.39243896]"
BODIES = {"candles": f"[{MINUTE}]", "frames": "\n".join(LINES), "trades": f"[{ROW},{OLDER}]"}
CONTEXTS = {
    "candles": '{"symbol":"BTC-USD"}',
    "trades": Wanted("BTC-USD", 86_327_326, 86_327_327).text(),
}
