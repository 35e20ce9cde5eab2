"""Messages and answers of Kraken's documentation."""

from connectors.trades import Wanted
from tests.connectors.mutating import RECEIVED

TICKER = (
    RECEIVED + ' {"channel":"ticker","type":"snapshot","data":[{"symbol":"BTC/USD","bid":105944.20,'
    '"bid_qty":2.5,"ask":105944.30,"ask_qty":3.2,"last":105899.40,"volume":163.28908096,'
    '"vwap":105904.39279,"low":104711.00,"high":106613.10,"change":-250.00,"change_pct":-0.24,'
    '"timestamp":"2022-12-25T09:30:59.123456Z"}]}'
)
TIMELESS = TICKER.replace(',"timestamp":"2022-12-25T09:30:59.123456Z"', "")
TRADES = (
    RECEIVED + ' {"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy",'
    '"price":105944.20,"qty":0.00027625,"ord_type":"limit","trade_id":10218208,'
    '"timestamp":"2023-10-06T17:35:55.440295Z"},{"symbol":"BTC/USD","side":"sell","price":105910.50,'
    '"qty":0.00012460,"ord_type":"market","trade_id":10218209,'
    '"timestamp":"2023-10-06T17:35:56.123456789Z"}]}'
)
HEARTBEAT = RECEIVED + ' {"channel":"heartbeat"}'
STATUS = (
    RECEIVED + ' {"channel":"status","type":"update","data":[{"system":"online","api_version":"v2",'
    '"connection_id":13834774380200032777,"version":"2.0.0"}]}'
)
ACK = (
    RECEIVED + ' {"method":"subscribe","result":{"channel":"ticker","symbol":"BTC/USD",'
    '"snapshot":true},"success":true,"time_in":"2023-09-25T09:04:31.742599Z",'
    '"time_out":"2023-09-25T09:04:31.742648Z","req_id":1}'
)
PONG = (
    RECEIVED + ' {"method":"pong","req_id":42,"time_in":"2023-09-24T14:10:23.799685Z",'
    '"time_out":"2023-09-24T14:10:23.799703Z"}'
)
CANDLE = (
    RECEIVED + ' {"channel":"ohlc","type":"update","data":[{"symbol":"BTC/USD","interval":1,'
    '"interval_begin":"2023-10-04T16:25:00.000000000Z","open":106038.2,"close":106040.1}]}'
)
SPACED = TRADES.replace(",", ", ")
LINES = [TICKER, TIMELESS, TRADES, HEARTBEAT, STATUS, ACK, PONG, CANDLE, SPACED]

FIRST = '["105433.60000","0.00027625",1762795433.9717445,"b","l","",10218208]'
SECOND = '["105410.10000","0.00005000",1762795457.8467374,"s","m","",10218209]'
MINUTE = '[1762795380,"30306.1","30306.2","30305.7","30305.8","30306.1","3.39243896",23]'


def page(*rows: str, key: str = "XXBTZUSD", last: str = '"1762795457846737412"') -> str:
    """An answer of REST."""
    return f'{{"error":[],"result":{{"{key}":[{",".join(rows)}],"last":{last}}}}}'


BODIES = {
    "frames": "\n".join(LINES),
    "ohlc": page(MINUTE, last="1762795380"),
    "trades": page(FIRST, SECOND),
}
CONTEXTS = {
    "ohlc": '{"symbol":"BTC/USD"}',
    "trades": Wanted("BTC/USD", 10_218_208, 10_218_209).text(),
}
