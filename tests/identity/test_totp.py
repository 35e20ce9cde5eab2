"""Codes of an authenticator app, against the vectors of RFC 6238 and its rules."""

import xml.etree.ElementTree as ET
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.totp import (
    STEP_S,
    base32,
    code_of,
    new_secret,
    qr_svg,
    step_of,
    uri,
)

RFC_SECRET = b"12345678901234567890"
RFC_6238 = [
    (59, "94287082"),
    (1_111_111_109, "07081804"),
    (1_111_111_111, "14050471"),
    (1_234_567_890, "89005924"),
    (2_000_000_000, "69279037"),
    (20_000_000_000, "65353130"),
]
NOW_S = 1_234_567_890
NOW = NOW_S // STEP_S


class TestCodes:
    @pytest.mark.parametrize(("time_s", "code"), RFC_6238)
    def test_are_those_of_rfc_6238(self, time_s: int, code: str) -> None:
        assert code_of(RFC_SECRET, time_s // STEP_S, digits=8) == code
        step = step_of(RFC_SECRET, code, now_s=time_s, after_step=None, digits=8)
        assert step == time_s // STEP_S

    @pytest.mark.parametrize(("time_s", "code"), RFC_6238)
    def test_of_six_digits_are_their_ends(self, time_s: int, code: str) -> None:
        assert code_of(RFC_SECRET, time_s // STEP_S) == code[-6:]
        step = step_of(RFC_SECRET, code[-6:], now_s=time_s + 0.9, after_step=None)
        assert step == time_s // STEP_S


class TestStepOf:
    @pytest.mark.parametrize("apart", [-1, 0, 1])
    def test_takes_the_neighbours_of_now(self, apart: int) -> None:
        code = code_of(RFC_SECRET, NOW + apart)
        assert step_of(RFC_SECRET, code, now_s=NOW_S, after_step=None) == NOW + apart

    @pytest.mark.parametrize("apart", [-3, -2, 2, 3])
    def test_takes_nothing_further_off(self, apart: int) -> None:
        code = code_of(RFC_SECRET, NOW + apart)
        assert step_of(RFC_SECRET, code, now_s=NOW_S, after_step=None) is None

    def test_takes_no_code_twice(self) -> None:
        code = code_of(RFC_SECRET, NOW)
        assert step_of(RFC_SECRET, code, now_s=NOW_S, after_step=NOW - 1) == NOW
        assert step_of(RFC_SECRET, code, now_s=NOW_S, after_step=NOW) is None

    def test_takes_no_code_before_one_that_was_used(self) -> None:
        code = code_of(RFC_SECRET, NOW - 1)
        assert step_of(RFC_SECRET, code, now_s=NOW_S, after_step=NOW) is None

    def test_takes_the_next_code_after_one_that_was_used(self) -> None:
        code = code_of(RFC_SECRET, NOW + 1)
        assert step_of(RFC_SECRET, code, now_s=NOW_S, after_step=NOW) == NOW + 1

    def test_takes_it_with_spaces(self) -> None:
        code = code_of(RFC_SECRET, NOW)
        assert step_of(RFC_SECRET, f" {code[:3]} {code[3:]}", now_s=NOW_S, after_step=None) == NOW

    @pytest.mark.parametrize("spoil", ["{}0", "0{}", "-{}", "{}\x00", ""])
    def test_takes_no_other_text(self, spoil: str) -> None:
        code = spoil.format(code_of(RFC_SECRET, NOW))
        assert step_of(RFC_SECRET, code, now_s=NOW_S, after_step=None) is None

    def test_takes_no_digits_of_other_scripts(self) -> None:
        code = "".join(chr(0x660 + int(digit)) for digit in code_of(RFC_SECRET, NOW))
        assert step_of(RFC_SECRET, code, now_s=NOW_S, after_step=None) is None

    def test_takes_no_code_of_another_secret(self) -> None:
        code = code_of(new_secret(), NOW)
        codes = {code_of(RFC_SECRET, NOW + apart) for apart in (-1, 0, 1)}
        right = step_of(RFC_SECRET, code, now_s=NOW_S, after_step=None) is not None
        assert right == (code in codes)

    @given(st.text(max_size=20), st.floats(min_value=0, max_value=1e10))
    def test_takes_any_text_at_any_time_for_what_it_is(self, code: str, now_s: float) -> None:
        step = step_of(RFC_SECRET, code, now_s=now_s, after_step=None)
        assert step is None or abs(step - now_s // STEP_S) <= 1


class TestSecret:
    def test_has_160_bits_of_chance(self) -> None:
        secrets = {new_secret() for _ in range(100)}
        assert len(secrets) == 100
        assert {len(secret) for secret in secrets} == {20}

    def test_is_told_to_an_app_by_an_address(self) -> None:
        address = urlsplit(uri(RFC_SECRET, "ann+news@example.com"))
        assert (address.scheme, address.netloc) == ("otpauth", "totp")
        assert unquote(address.path) == "/Tradewind:ann+news@example.com"
        parameters = parse_qs(address.query)
        assert parameters["secret"] == [base32(RFC_SECRET)] == ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"]
        assert parameters["issuer"] == ["Tradewind"]

    def test_is_drawn_as_a_picture(self) -> None:
        picture = ET.fromstring(qr_svg(uri(RFC_SECRET, "ann@example.com")))
        assert picture.tag == "{http://www.w3.org/2000/svg}svg"
        assert picture.get("viewBox") is not None
        assert "script" not in {part.tag.rpartition("}")[2] for part in picture.iter()}

    def test_of_other_text_is_another_picture(self) -> None:
        assert qr_svg("otpauth://totp/a") != qr_svg("otpauth://totp/b")
