"""One spelling for each address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.addresses import normalised_email, normalised_phone
from identity.errors import MalformedAddressError


class TestEmail:
    @pytest.mark.parametrize(
        ("text", "address"),
        [
            ("ann@example.com", "ann@example.com"),
            (" Ann.Miller+News@Example.COM\n", "ann.miller+news@example.com"),
            ("ann@exämple.de", "ann@xn--exmple-cua.de"),
            ("ann@XN--exmple-cua.de", "ann@xn--exmple-cua.de"),
            ("ann@tradewind.test", "ann@tradewind.test"),
        ],
    )
    def test_is_in_lower_case_ascii(self, text: str, address: str) -> None:
        assert normalised_email(text) == address

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "ann",
            "ann@",
            "@example.com",
            "ann@localhost",
            "ann@example..com",
            "a..b@example.com",
            "ann@[127.0.0.1]",
            "ann@127.0.0.1",
            "Ann <ann@example.com>",
            "ann@example.com, bob@example.com",
            "ann@example.com\r\nBcc: bob@example.com",
            "änn@example.com",
            '"a b"@example.com',
            "ann@exam\x00ple.com",
            "a" * 65 + "@example.com",
            "ann@" + "a" * 250 + ".com",
        ],
    )
    def test_that_is_none_is_refused_and_not_told(self, text: str) -> None:
        with pytest.raises(MalformedAddressError) as caught:
            normalised_email(text)
        assert str(caught.value) == "that is not an e-mail address"

    @given(st.emails() | st.text(max_size=60))
    def test_is_normalised_once_and_for_all(self, text: str) -> None:
        try:
            address = normalised_email(text)
        except MalformedAddressError:
            return
        assert address.isascii()
        assert normalised_email(address) == address == address.lower()


class TestPhone:
    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("+442079460167", "+442079460167"),
            (" +44 (0)20 7946-0167 ", "+442079460167"),
            ("+1 202-555-0143", "+12025550143"),
            ("+49 30 901820", "+4930901820"),
        ],
    )
    def test_is_in_e_164(self, text: str, number: str) -> None:
        assert normalised_phone(text) == number

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "+",
            "+44",
            "020 7946 0167",
            "+999 123456789",
            "+1 202 555 0143 ext. 7",
            "+" + "1" * 40,
            "+44 20 7946 0167 or +44 20 7946 0168",
            "call me",
        ],
    )
    def test_that_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(MalformedAddressError):
            normalised_phone(text)

    @given(st.text(max_size=40, alphabet="+0123456789 ()-x"))
    def test_is_normalised_once_and_for_all(self, text: str) -> None:
        try:
            number = normalised_phone(text)
        except MalformedAddressError:
            return
        assert normalised_phone(number) == number
