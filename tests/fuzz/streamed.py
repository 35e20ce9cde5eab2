"""The corpus of venues: frames as recorded or documented, their REST answers, recorded ticks."""

import gzip
import itertools
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from connectors.oanda import context_of
from market.clock import datetime_of
from tests.connectors.binance import samples as binance
from tests.connectors.coinbase import samples as coinbase
from tests.connectors.kraken import samples as kraken
from tests.connectors.support import us
from tests.fuzz.entry import Entry

FRAMES = 8
MAX_FRAME_BYTES = 400
"""Snapshots of a book are longer, and no ticks."""
OANDA_ROWS = 6

_COUNTS: dict[tuple[str, str], dict[str, int]] = {
    ("binance", "frames"): {"ticks": 3},
    ("binance", "klines"): {"bars": 1},
    ("binance", "trades"): {"ticks": 1},
    ("coinbase", "frames"): {"ticks": 5, "beats": 1},
    ("coinbase", "candles"): {"bars": 1},
    ("coinbase", "trades"): {"ticks": 2},
    ("kraken", "frames"): {"ticks": 6},
    ("kraken", "ohlc"): {"bars": 1},
    ("kraken", "trades"): {"ticks": 2},
}
_COINGECKO_LINES = [
    '{"c":"C1","i":"bitcoin","vs":"usd","p":61696.67928656691,"pp":1.4192404041947198,'
    '"m":1236047139289.684,"v":30595921115.54,"t":1780839768}',
    '{"p":0.0000071,"t":1747808150.269067,"c":"C1","i":"pepe","pp":null,"m":null,"v":null}',
    '{"c":"C1","i":"bitcoin","vs":"usd","p":null,"t":1780839768}',
    '{"code":3000,"message":"Connection established","uuid":"S"}',
    '{"type":"ping","message":1780839768}',
]


def venues(data: Path) -> Iterator[Entry]:
    """Streams and REST answers of the exchanges."""
    recorded = data / "crypto_ws" / "binance_spot_2024" / "btcusdt_20240808.gz"
    with gzip.open(recorded) as lines:
        short = (line for line in lines if len(line) < MAX_FRAME_BYTES)
        payload = b"".join(itertools.islice(short, FRAMES))
    ticks = payload.count(b"@trade") + payload.count(b"@bookTicker")
    yield Entry("binance", "frames", payload, ticks=ticks)
    for provider, samples in (("binance", binance), ("coinbase", coinbase), ("kraken", kraken)):
        for kind, body in samples.BODIES.items():
            context = samples.CONTEXTS.get(kind, "")
            counts = _COUNTS[provider, kind]
            yield Entry(provider, kind, body.encode(), context=context, **counts)
    quiet = kraken.MINUTE.replace("3.39243896", "0.00000000")
    minutes = kraken.page(kraken.MINUTE, quiet).encode()
    yield Entry("kraken", "ohlc", minutes, bars=1, context=kraken.CONTEXTS["ohlc"])
    controls = [f"1780839768500000000 {line}" for line in _COINGECKO_LINES]
    yield Entry("coingecko", "frames", _packed(controls), ticks=2, refused=1)


def oanda(data: Path) -> Iterator[Entry]:
    """Recorded ticks of the first of May 2014."""
    with zipfile.ZipFile(data / "fx_ticks" / "oanda_eurusd" / "20140501_quote.zip") as archive:
        rows = archive.read(archive.namelist()[0]).splitlines(keepends=True)[:OANDA_ROWS]
    context = context_of("EUR-USD", datetime_of(us("2014-05-01")).date(), 0)
    yield Entry("oanda", "ticks", b"".join(rows), ticks=OANDA_ROWS, context=context)


def _packed(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
