"""Days out of XML, CSV and archives."""

import io
import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ecb.days import Day, days_of
from connectors.errors import MalformedError
from tests.connectors.ecb.samples import DAILY, NINETY, recorded

CSV = b"Date,USD,SEK,HRK,\n2026-04-13,1.1684,10.892,N/A,\n2026-04-10,1.1711,10.836,N/A,\n"


def zipped(data: bytes, name: str = "x.csv", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


ZIP = zipped(CSV)


class TestRecorded:
    def test_the_whole_history(self) -> None:
        days = days_of(recorded("eurofxref-hist.zip"))
        assert len(days) == 6_983
        assert (days[0].day, days[-1].day) == (date(1999, 1, 4), date(2026, 4, 13))
        assert len({code for each in days for code in each.rates}) == 41
        assert sum(len(each.rates) for each in days) == 217_555
        assert all(each.day and each.rates for each in days)
        assert [each.day for each in days] == sorted(each.day for each in days if each.day)

    def test_holes_are_skipped(self) -> None:
        days = days_of(recorded("eurofxref-hist.zip"))
        assert (len(days[0].rates), len(days[-1].rates)) == (27, 29)
        assert "N/A" not in {rate for each in days for rate in each.rates.values()}
        assert (days[0].rates["USD"], days[0].rates["ZAR"]) == ("1.1789", "6.9358")
        assert "BGN" not in days[0].rates
        assert (days[-1].rates["USD"], days[-1].rates["ZAR"]) == ("1.1684", "19.3849")

    def test_the_file_of_one_day(self) -> None:
        (day,) = days_of(recorded("eurofxref.csv"))
        assert (day.text, day.day, len(day.rates)) == ("13 April 2026", date(2026, 4, 13), 29)
        assert (day.rates["USD"], day.rates["HUF"], day.rates["ZAR"]) == (
            "1.1684",
            "366.90",
            "19.3849",
        )


def test_days_come_oldest_first_whatever_the_format() -> None:
    newest = Day("2026-04-13", date(2026, 4, 13), {"USD": "1.1684", "SEK": "10.892"})
    assert [each.text for each in days_of(NINETY)] == ["2026-04-10", "2026-04-13"]
    assert days_of(NINETY)[1] == newest
    assert days_of(CSV)[1] == days_of(ZIP)[1] == newest


def test_a_row_of_another_length_has_no_rates() -> None:
    cut = CSV[:-10]
    assert [(each.text, each.rates) for each in days_of(cut)] == [
        ("2026-04-10", {}),
        ("2026-04-13", {"USD": "1.1684", "SEK": "10.892"}),
    ]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1 May 2026", date(2026, 5, 1)),
        ("13 April 2026", date(2026, 4, 13)),
        ("31 April 2026", None),
        ("13 Avril 2026", None),
        ("013 April 2026", None),
        ("13", None),
        ("", None),
        ("1998-12-31", None),
    ],
)
def test_a_day_may_be_written_out(text: str, day: date | None) -> None:
    (found,) = days_of(f"Date, USD, \n{text}, 1.1684, \n".encode())
    assert (found.day, found.text) == (day, text)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"not found",
        b"Date,USD,\n",
        b"<html></html>",
        b"PK",
        ZIP[:-30],
        ZIP[:45] + bytes([ZIP[45] ^ 1]) + ZIP[46:],
        zipped(b"not a table"),
        zipped(CSV, method=zipfile.ZIP_BZIP2),
        zipped(CSV, method=zipfile.ZIP_LZMA),
    ],
)
def test_another_document_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        days_of(payload)


def test_an_archive_of_many_files_is_malformed() -> None:
    buffer = io.BytesIO(ZIP)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("y.csv", CSV)
    with pytest.raises(MalformedError, match="one file"):
        days_of(buffer.getvalue())


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.ecb.days.MAX_CSV_BYTES", 1_000_000)
    bomb = zipped(b"Date,USD\n" + b"0" * 1_100_000)
    assert len(bomb) < 2_000
    with pytest.raises(MalformedError, match="1000000 bytes unpacked"):
        days_of(bomb)


@given(
    sample=st.sampled_from([DAILY, CSV, ZIP]),
    place=st.floats(0, 1),
    length=st.integers(0, 30),
    put=st.binary(max_size=20),
)
def test_a_mutilated_document_is_read_or_malformed(
    sample: bytes, place: float, length: int, put: bytes
) -> None:
    at = int(place * len(sample))
    try:
        days = days_of(sample[:at] + put + sample[at + length :])
    except MalformedError:
        return
    assert days
