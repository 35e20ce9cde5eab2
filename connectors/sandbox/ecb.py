"""The ECB's documents: the reference rates of a day, of ninety days, and of a year as a zipped CSV.

They are fixed at 14:15 in Frankfurt and published at 16:00, on weekdays that are no holiday of TARGET.
The document of a day keeps trailing zeros, the others drop them.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from connectors.sandbox.rates import day_rates, fresh_or_304
from connectors.sandbox.wire import Answer, Request, World
from market.clock import datetime_of, microseconds

CODES = "USD JPY GBP PLN SEK CHF NOK TRY AUD CAD CNY INR MXN NZD ZAR".split()
BASE = "EUR"
NINETY_DAYS = 90
ALL_DAYS = 365
"""As far back as the sandbox's whole history reaches."""

_FRANKFURT = ZoneInfo("Europe/Berlin")
_FIXED_AT = time(14, 15)
_PUBLISHED_AT = time(16)
_PLACES: Mapping[str, int] = {"JPY": 2, "GBP": 5}
_FIXED_HOLIDAYS = ((1, 1), (5, 1), (12, 25), (12, 26))
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
    'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">\n'
    "\t<gesmes:subject>Reference rates</gesmes:subject>\n"
    "\t<gesmes:Sender>\n\t\t<gesmes:name>European Central Bank</gesmes:name>\n\t</gesmes:Sender>\n"
)
_TAIL = "</gesmes:Envelope>"

Day = tuple[date, dict[str, str]]


def respond(world: World, request: Request) -> Answer:
    """The answer of `GET stats/eurofxref/<document>`; another path is a page that says 404."""
    name = request.path.removeprefix("stats/eurofxref/")
    days = _publications(request.now_us)
    newest = next(days)
    recent = _while_since(newest, days, NINETY_DAYS if name.endswith("90d.xml") else ALL_DAYS)
    if name == "eurofxref-daily.xml":
        answer = _xml(_daily((newest, _rates(world, newest))))
    elif name == "eurofxref-hist-90d.xml":
        answer = _xml(_many([(day, _rates(world, day)) for day in recent]))
    elif name == "eurofxref-hist.zip":
        answer = _zip([(day, _rates(world, day)) for day in recent])
    else:
        page = b"<html><head><title>404 Not Found</title></head></html>"
        return Answer(page, 404, {"content-type": "text/html"})
    return fresh_or_304(answer, request, _at(newest, _PUBLISHED_AT))


def is_working_day(day: date) -> bool:
    """Whether TARGET is open: no weekend, New Year, Good Friday, Easter Monday, May or Christmas."""
    easter = _easter(day.year)
    moving = (easter - timedelta(days=2), easter + timedelta(days=1))
    return day.weekday() < 5 and day not in moving and (day.month, day.day) not in _FIXED_HOLIDAYS


def _publications(now_us: int) -> Iterator[date]:
    """The days whose rates are out, the newest first, without end."""
    day = datetime_of(now_us).astimezone(_FRANKFURT).date()
    while True:
        if is_working_day(day) and _at(day, _PUBLISHED_AT) <= now_us:
            yield day
        day -= timedelta(days=1)


def _while_since(newest: date, days: Iterator[date], count: int) -> Iterator[date]:
    yield newest
    for day in days:
        if (newest - day).days >= count:
            return
        yield day


def _rates(world: World, day: date) -> dict[str, str]:
    """As they are written, with all of their decimals."""
    table = day_rates(world, BASE, CODES, _at(day, _FIXED_AT))
    return {code: f"{rate:.{_PLACES.get(code, 4)}f}" for code, rate in table.items()}


def _daily(day: Day) -> str:
    when, table = day
    lines = "".join(
        f"\t\t\t<Cube currency='{code}' rate='{rate}'/>\n" for code, rate in table.items()
    )
    return f"\t<Cube>\n\t\t<Cube time='{when}'>\n{lines}\t\t</Cube>\n\t</Cube>\n"


def _many(days: list[Day]) -> str:
    cubes = "".join(
        f'<Cube time="{when}">'
        + "".join(
            f'<Cube currency="{code}" rate="{_short(rate)}"/>' for code, rate in table.items()
        )
        + "</Cube>"
        for when, table in days
    )
    return f"\t<Cube>{cubes}</Cube>\n"


def _xml(cubes: str) -> Answer:
    data = f"{_HEAD}{cubes}{_TAIL}".encode()
    return Answer(data, headers={"content-type": "text/xml"})


def _zip(days: list[Day]) -> Answer:
    """A column without a rate stands as N/A: BGN, which is no more."""
    rows = [f"Date,{','.join(CODES)},BGN,"]
    rows += [f"{day},{','.join(map(_short, table.values()))},N/A," for day, table in days]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        newest = days[0][0]
        member = zipfile.ZipInfo(
            "eurofxref-hist.csv", (newest.year, newest.month, newest.day, 16, 0, 0)
        )
        member.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(member, "\n".join(rows) + "\n")
    return Answer(buffer.getvalue(), headers={"content-type": "application/zip"})


def _short(rate: str) -> str:
    return rate.rstrip("0").rstrip(".")


@lru_cache(maxsize=64)
def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the anonymous algorithm of 1876."""
    golden, century = year % 19, year // 100
    skipped = century - century // 4 - (8 * century + 13) // 25
    epact = (skipped + 19 * golden + 15) % 30
    epact -= (epact // 28) * (1 - (29 // (epact + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + epact + 2 - century + century // 4) % 7
    since_march = epact - weekday
    month = 3 + (since_march + 40) // 44
    return date(year, month, since_march + 28 - 31 * (month // 4))


def _at(day: date, clock: time) -> int:
    return microseconds(datetime.combine(day, clock, _FRANKFURT).astimezone(UTC))
