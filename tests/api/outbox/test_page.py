"""The page of the outbox: messages that can't break out of it, and links that can be clicked."""

import base64
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from api.outbox.page import HEADERS, page_of
from api.outbox.schemas import Message

MESSAGE = Message(
    UUID(int=1),
    datetime(2026, 11, 24, 15, 0, tzinfo=UTC),
    "ann@example.com",
    "registration",
    "sent",
    "Confirm your e-mail address",
    "Please confirm:\n\n  http://localhost:8000/verify#token=twm_abc&x=1\n\nThank you.",
)


def test_without_messages_it_says_so() -> None:
    page = page_of([])
    assert "DEVELOPMENT" in page
    assert "No mail yet." in page


def test_messages_are_shown_in_their_order_with_links() -> None:
    page = page_of([replace(MESSAGE, subject="Second"), MESSAGE])
    assert re.findall("<h2>(.*?)</h2>", page) == ["Second", "Confirm your e-mail address"]
    link = "http://localhost:8000/verify#token=twm_abc&amp;x=1"
    assert f'<a href="{link}" target="_blank" rel="noopener noreferrer">{link}</a>\n\nThank' in page
    assert "<dd>ann@example.com</dd>" in page
    assert "<dd>2026-11-24T15:00:00Z</dd>" in page


def test_what_is_no_longer_kept_is_said() -> None:
    assert "no longer kept" in page_of([replace(MESSAGE, text=None)])


def test_nothing_in_a_message_becomes_markup() -> None:
    evil = '<script>alert(1)</script> http://a/"onclick="x javascript:alert(1)'
    page = page_of([replace(MESSAGE, text=evil, subject=evil, address='"<b>"@x.example')])
    assert "<script" not in page
    assert 'href="http://a/" target' in page
    assert "onclick=&quot;x" in page
    assert "&quot;&lt;b&gt;&quot;@x.example" in page
    assert page.count("href=") == 1


def test_its_policy_allows_its_own_style_and_nothing_else() -> None:
    policy = HEADERS["Content-Security-Policy"]
    style = re.findall("<style>(.*?)</style>", page_of([MESSAGE]), re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in style]
    assert [f"'sha256-{hash_}'" in policy for hash_ in hashes] == [True]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert " style=" not in page_of([MESSAGE])
