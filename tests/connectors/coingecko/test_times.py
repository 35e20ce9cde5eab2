"""Times in seconds, milliseconds and ISO become whole microseconds or a refusal."""

import msgspec
import pytest

from connectors.coingecko.times import US_PER_MS, US_PER_S, iso_us, time_us
from connectors.errors import MalformedError
from tests.connectors.support import us


@pytest.mark.parametrize(
    ("text", "unit_us", "expected"),
    [
        ("1780839768", US_PER_S, 1_780_839_768_000_000),
        ("1747808150.269067", US_PER_S, 1_747_808_150_269_067),
        ("1747808150.2690679", US_PER_S, 1_747_808_150_269_067),
        ('"1779092258"', US_PER_S, 1_779_092_258_000_000),
        ("1779027899041", US_PER_MS, 1_779_027_899_041_000),
    ],
)
def test_a_time_is_exact_to_the_microsecond(text: str, unit_us: int, expected: int) -> None:
    assert time_us(msgspec.Raw(text.encode()), unit_us) == expected


@pytest.mark.parametrize(
    "text", ["null", "true", "0", "-1", "1e9", "NaN", '""', "[]", "99999999999", "0.0000001"]
)
def test_what_is_no_time_is_malformed(text: str) -> None:
    with pytest.raises(MalformedError, match="not a time"):
        time_us(msgspec.Raw(text.encode()), 2 * US_PER_S)


def test_an_iso_time_is_exact() -> None:
    assert iso_us("2026-05-18T12:49:21.599Z") == us("2026-05-18T12:49:21.599")
    assert iso_us("2024-04-08T04:02:01+00:00") == us("2024-04-08T04:02:01")


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-05-18", "2026-05-18T12:49:21", "1779092258"]
)
def test_an_iso_time_without_a_zone_is_malformed(text: str) -> None:
    with pytest.raises(MalformedError, match="not a time"):
        iso_us(text)


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+14:00",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_an_iso_time_nowhere_near_ours_is_malformed(text: str) -> None:
    with pytest.raises(MalformedError, match="not a time"):
        iso_us(text)
