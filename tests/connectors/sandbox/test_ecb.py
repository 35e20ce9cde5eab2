"""The ECB's documents, against the recorded history and their own parsers."""

from datetime import date, timedelta

import pytest

from connectors.ecb.days import days_of
from connectors.ecb.envelope import read_envelope
from connectors.ecb.publications import parse_rates
from connectors.sandbox import ecb
from connectors.sandbox.ecb import is_working_day
from connectors.sandbox.wire import Answer, Request, World
from market.instruments import CATALOGUE
from tests.connectors.ecb.samples import recorded
from tests.connectors.sandbox.conftest import NOW_US, get
from tests.connectors.support import record, us


def ask(world: World, document: str, now_us: int = NOW_US) -> Answer:
    return ecb.respond(world, get(f"stats/eurofxref/{document}", now_us))


def test_working_days_are_those_of_the_recorded_history() -> None:
    """Since 2002 TARGET has had the holidays that it has now."""
    published = {each.day for each in days_of(recorded("eurofxref-hist.zip"))}
    first, last = date(2002, 1, 1), date(2026, 4, 13)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    assert [day for day in days if is_working_day(day)] == [day for day in days if day in published]


class TestDaily:
    def test_it_is_the_xml_of_one_day(self, premium: World) -> None:
        answer = ask(premium, "eurofxref-daily.xml")
        assert answer.headers["content-type"] == "text/xml"
        assert b"\t\t<Cube time='2026-11-24'>\n\t\t\t<Cube currency='USD' rate='" in answer.body
        ((day, table),) = read_envelope(answer.body)
        assert day == "2026-11-24"
        fixed_us = us("2026-11-24T13:15")
        assert table["USD"] == f"{premium.simulator.mid('EUR-USD', fixed_us):.4f}"
        assert table["GBP"] == f"{premium.simulator.mid('EUR-GBP', fixed_us):.5f}"
        assert "NGN" not in table

    @pytest.mark.parametrize(
        ("now", "day"),
        [
            ("2026-11-24T14:59:59", "2026-11-23"),
            ("2026-11-22T12:00", "2026-11-20"),  # a Sunday
            ("2026-07-01T14:00", "2026-07-01"),  # summer time
            ("2026-12-27T12:00", "2026-12-24"),  # after Christmas
            ("2026-04-07T12:00", "2026-04-02"),  # Easter Tuesday, before 16:00
        ],
    )
    def test_a_day_comes_out_at_16_00_in_frankfurt(
        self, premium: World, now: str, day: str
    ) -> None:
        ((found, _),) = read_envelope(ask(premium, "eurofxref-daily.xml", us(now)).body)
        assert found == day

    def test_what_has_not_changed_is_304(self, premium: World) -> None:
        first = ask(premium, "eurofxref-daily.xml")
        assert first.headers["last-modified"] == "Tue, 24 Nov 2026 15:00:00 GMT"
        for header, value in (("if-none-match", "etag"), ("if-modified-since", "last-modified")):
            headers = {header: first.headers[value]}
            path = "stats/eurofxref/eurofxref-daily.xml"
            evening = Request(path, {}, headers, us("2026-11-24T20:00"))
            assert ecb.respond(premium, evening).status == 304
            tomorrow = Request(path, {}, headers, us("2026-11-25T15:00"))
            assert ecb.respond(premium, tomorrow).status == 200


class TestHistory:
    def test_ninety_days_without_weekends_newest_first(self, premium: World) -> None:
        answer = ask(premium, "eurofxref-hist-90d.xml")
        days = [day for day, _ in read_envelope(answer.body)]
        assert (days[0], days[-1], len(days)) == ("2026-11-24", "2026-08-27", 64)
        assert all(date.fromisoformat(day).weekday() < 5 for day in days)
        rates = [rate for _, table in read_envelope(answer.body) for rate in table.values()]
        assert not any("." in rate and rate.endswith(("0", ".")) for rate in rates)

    def test_the_newest_day_is_that_of_the_daily_document(self, premium: World) -> None:
        (newest, *_) = read_envelope(ask(premium, "eurofxref-hist-90d.xml").body)
        (daily,) = read_envelope(ask(premium, "eurofxref-daily.xml").body)
        assert newest[0] == daily[0]
        assert {code: float(rate) for code, rate in newest[1].items()} == {
            code: float(rate) for code, rate in daily[1].items()
        }

    def test_the_archive_holds_a_csv_with_holes(self, premium: World) -> None:
        answer = ask(premium, "eurofxref-hist.zip")
        assert answer.headers["content-type"] == "application/zip"
        days = days_of(answer.body)
        assert (days[-1].text, days[0].text) == ("2026-11-24", "2025-11-25")
        assert all(len(each.rates) == 15 and "BGN" not in each.rates for each in days)


def test_its_documents_are_read_by_its_parser(premium: World) -> None:
    for document, count in (("eurofxref-daily.xml", 11), ("eurofxref-hist-90d.xml", 64 * 11)):
        payload = ask(premium, document).body
        parsed = parse_rates(record("ecb", document, payload, "", NOW_US), CATALOGUE)
        assert (len(parsed.ticks), parsed.refused) == (count, ())
    assert parsed.ticks.row(len(parsed.ticks) - 1).time_us == us("2026-11-24T15:00")


def test_another_path_is_a_page(premium: World) -> None:
    answer = ask(premium, "nothing.xml")
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html")
