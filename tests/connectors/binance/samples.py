"""Frames and answers of Binance: of the recording, and of its documentation."""

from connectors.trades import Wanted
from tests.connectors.mutating import RECEIVED

TRADE = (
    RECEIVED + ' {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT",'
    '"t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}'
)
BOOK = (
    RECEIVED + ' {"stream":"ethusdt@bookTicker","data":{"u":50093239212,"s":"ETHUSDT",'
    '"b":"2683.80000000","B":"3.78826000","a":"2683.81000000","A":"1.54698000"}}'
)
DEPTH = RECEIVED + ' {"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","b":[["1","2"]]}}'
ACK = RECEIVED + ' {"result":null,"id":1}'
SPACED = TRADE.replace(",", ", ")
LINES = [TRADE, BOOK, DEPTH, ACK, SPACED]

KLINE = (
    '[1499040000000,"0.01634790","0.80000000","0.01575800","0.01577100","148976.11427815",'
    '1499040059999,"2434.19055334",308,"1756.87402397","28.46694368","0"]'
)
ROW = (
    '{"id":3735683259,"price":"61837.63000000","qty":"0.02000000","quoteQty":"1236.7526",'
    '"time":1723161255342,"isBuyerMaker":true,"isBestMatch":true}'
)
"""The same trade over REST."""

BODIES = {"frames": "\n".join(LINES), "klines": f"[{KLINE}]", "trades": f"[{ROW}]"}
CONTEXTS = {
    "klines": '{"symbol":"BTCUSDT"}',
    "trades": Wanted("BTCUSDT", 3_735_683_259, 3_735_683_259).text(),
}
