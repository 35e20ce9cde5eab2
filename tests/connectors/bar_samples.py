"""A row or two of every table of bars, by whose it is and its kind."""

from connectors.recorded_bars import BarsOf

_QUOTES = b"20140501 00:00,1.38,1.39,1.37,1.38,7,1.381,1.391,1.371,1.381,9\r\n"
_TRADES = b"20141201 00:00,300,370,300,370,0.05655554\n"

BODIES = {
    ("oanda", "quote_bars"): _QUOTES,
    ("coinbase", "quote_bars"): _QUOTES,
    ("coinbase", "trade_bars"): _TRADES,
    ("quandl", "quandl_days"): (
        b",Date,Open,High,Low,Close,Volume,ExDividend,SplitRatio,"
        b"AdjOpen,AdjHigh,AdjLow,AdjClose,AdjVolume,Stock\n"
        b"0,2017-12-29,170.52,170.59,169.22,169.23,25643711.0,0.0,1.0,17,18,16,17,9.0,AAPL\n"
    ),
    ("nasdaq", "nasdaq_days"): (
        b'"date","close","volume","open","high","low"\n'
        b'"2018/10/15","259.5900","6189026.0000","259.0600","263.2800","254.5367"\n'
    ),
    ("yahoo", "yahoo_days"): (
        b"Date,AAPL.Open,AAPL.High,AAPL.Low,AAPL.Close,AAPL.Volume,AAPL.Adjusted,"
        b"dn,mavg,up,direction\n"
        b"2015-02-17,127.48,128.88,126.92,127.83,63152400,122.9,106.7,117.9,129.1,Increasing\n"
    ),
    ("yahoo_adjusted", "adjusted_closes"): b'"MSFT","AAPL","Date"\n23.95,11.08,"2007-01-03"\n',
}
CONTEXTS = {
    key: BarsOf(
        {"oanda": "EUR-USD", "coinbase": "BTC-USD", "nasdaq": "TSLA"}.get(key[0], "")
    ).text()
    for key in BODIES
}
