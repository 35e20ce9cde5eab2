"""What is shown of addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.masking import masked_email, masked_phone


@pytest.mark.parametrize(
    ("email", "masked"),
    [
        ("test@example.com", "t***@e***.com"),
        ("test@mail.example.co.uk", "t***@m***.uk"),
        ("a@b.c", "a***@b***.c"),
        ('"a@b"@example.com', '"***@e***.com'),
        ("test@localhost", "t***@***"),
        ("test@", "t***@***"),
        ("@example.com", "***"),
        ("secret", "***"),
        ("", "***"),
    ],
)
def test_of_an_email_address_are_first_letters_and_the_top_domain(email: str, masked: str) -> None:
    assert masked_email(email) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+442079460167", "+4***67"),
        ("+1234567", "+1***67"),
        ("+123456", "***"),
        ("", "***"),
    ],
)
def test_of_a_phone_number_are_its_ends(phone: str, masked: str) -> None:
    assert masked_phone(phone) == masked


@given(st.text(min_size=2, alphabet="abc.+"), st.text(min_size=1, alphabet="xyz."))
def test_no_address_is_left_whole(local: str, domain: str) -> None:
    masked = masked_email(f"{local}@{domain}")
    assert "***" in masked
    assert local not in masked
