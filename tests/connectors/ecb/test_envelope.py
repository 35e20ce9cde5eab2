"""The XML of reference rates: read as it is, and harmless whatever it declares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ecb.envelope import MAX_DEPTH, read_envelope
from connectors.errors import MalformedError
from tests.connectors.ecb.samples import DAILY, NINETY

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def declared(doctype: bytes, at: bytes = b"") -> bytes:
    """The daily document with a document type of its own, and an entity in a rate."""
    return DAILY.replace(DECLARATION, DECLARATION + doctype).replace(b"1.1684", b"1.1684" + at)


def test_days_and_rates_in_the_documents_order() -> None:
    assert read_envelope(DAILY) == [
        ("2026-04-13", {"USD": "1.1684", "JPY": "186.75", "SEK": "10.892"})
    ]
    assert read_envelope(NINETY) == [
        ("2026-04-13", {"USD": "1.1684", "SEK": "10.892"}),
        ("2026-04-10", {"USD": "1.1711", "CHF": "0.9241"}),
    ]


def test_either_quote_and_a_comment_are_xml_too() -> None:
    other = DAILY.replace(b"'", b'"') + b"<!-- cached -->"
    assert read_envelope(other) == read_envelope(DAILY)


@pytest.mark.parametrize(
    ("doctype", "at"),
    [
        (b"<!DOCTYPE gesmes:Envelope>", b""),
        (b'<!DOCTYPE x [<!ENTITY a "1">]>', b"&a;"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>', b"&b;"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>', b"&a;"),
        (b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]>', b""),
        (b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', b""),
        (b'<!DOCTYPE x [<!ATTLIST x y CDATA "z">]>', b""),
    ],
)
def test_declarations_are_refused_before_they_are_read(doctype: bytes, at: bytes) -> None:
    with pytest.raises(MalformedError, match="declarations of its own"):
        read_envelope(declared(doctype, at))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"<html><body>Access denied</body></html>",
        b"<html>",
        DAILY[: len(DAILY) // 2],
        DAILY + b"<x/>",
        DAILY.replace(b"http://www.gesmes.org", b"http://elsewhere"),
        DAILY.replace(b"<Cube time='2026-04-13'>", b"<Cube>"),
        DAILY.replace(b"rate='1.1684'", b"rate='1' rate='2'"),
        DAILY.replace(b"1.1684", b"&unknown;"),
        DAILY.replace(b"1.1684", b"\xff"),
        DAILY.replace(b"<Cube>", b"<Cube>" * (MAX_DEPTH + 1)),
    ],
)
def test_another_document_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        read_envelope(payload)


def test_too_much_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.ecb.envelope.MAX_XML_BYTES", len(DAILY) - 1)
    with pytest.raises(MalformedError, match="bytes of XML"):
        read_envelope(DAILY)


def test_another_encoding_is_not_looked_up() -> None:
    named = DAILY.replace(b"UTF-8", b"cp1252")
    assert read_envelope(named) == read_envelope(DAILY)


@given(at=st.integers(0, len(DAILY)), length=st.integers(0, 30), put=st.binary(max_size=20))
def test_a_mutilated_document_is_read_or_malformed(at: int, length: int, put: bytes) -> None:
    try:
        days = read_envelope(DAILY[:at] + put + DAILY[at + length :])
    except MalformedError:
        return
    assert all(isinstance(rate, str) for _, rates in days for rate in rates.values())
