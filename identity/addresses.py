"""Addresses in the one spelling that they are compared and stored in."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from identity.errors import MalformedAddressError

MAX_EMAIL = 254
MAX_PHONE = 32
"""Characters of what may be a number as people write it."""
_EMAIL = "an e-mail address"
_PHONE = "a phone number in international form"


def normalised_email(text: str) -> str:
    """The address in lower-case ASCII, so that each mailbox is one account; a domain in another script is
    spelled as the DNS does (`xn--…`).

    No mail server is asked. MalformedAddressError where it is not `name@domain` in a form that every mail
    server takes. `.test` may be a domain, since only tests can receive there.
    """
    if len(text) > MAX_EMAIL:
        raise MalformedAddressError(_EMAIL)
    try:
        found = validate_email(
            text.strip(),
            allow_smtputf8=False,
            check_deliverability=False,
            strict=True,
            test_environment=True,
        )
    except EmailNotValidError as error:
        raise MalformedAddressError(_EMAIL) from error
    if found.ascii_email is None:
        raise MalformedAddressError(_EMAIL)
    return found.ascii_email.lower()


def normalised_phone(text: str) -> str:
    """The number in E.164 (`+442079460167`). It begins with + and its country's code, since no country
    is assumed. MalformedAddressError where no country has numbers of that length. Whether it is anybody's
    only a message can tell: which ranges are given out changes more often than any table of them."""
    text = text.strip()
    if len(text) > MAX_PHONE or not text.startswith("+"):
        raise MalformedAddressError(_PHONE)
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException as error:
        raise MalformedAddressError(_PHONE) from error
    if not phonenumbers.is_possible_number(number) or number.extension:
        raise MalformedAddressError(_PHONE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
