"""The ECB's documents for tests: the XML as it is published, and the recorded files."""

from tests.connectors.support import DATA

_ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" \
xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
\t<gesmes:subject>Reference rates</gesmes:subject>
\t<gesmes:Sender>
\t\t<gesmes:name>European Central Bank</gesmes:name>
\t</gesmes:Sender>
\t<Cube>
{days}\t</Cube>
</gesmes:Envelope>
"""
_DAY = "\t\t<Cube time='{day}'>\n{rates}\t\t</Cube>\n"
_RATE = "\t\t\t<Cube currency='{code}' rate='{rate}'/>\n"


def envelope(days: dict[str, dict[str, str]]) -> bytes:
    """The XML of these days."""
    return _ENVELOPE.format(
        days="".join(
            _DAY.format(
                day=day,
                rates="".join(_RATE.format(code=code, rate=rate) for code, rate in rates.items()),
            )
            for day, rates in days.items()
        )
    ).encode()


DAILY = envelope({"2026-04-13": {"USD": "1.1684", "JPY": "186.75", "SEK": "10.892"}})
NINETY = envelope(
    {
        "2026-04-13": {"USD": "1.1684", "SEK": "10.892"},
        "2026-04-10": {"USD": "1.1711", "CHF": "0.9241"},
    }
)


def recorded(name: str) -> bytes:
    """A recorded file."""
    return (DATA / "fx_bars" / "ecb" / name).read_bytes()
