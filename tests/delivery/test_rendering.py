"""Every letter as it is read: all its facts, escaped where they must be, and nothing unfilled."""

import re

import pytest

from delivery.errors import UnfitFactsError
from delivery.letters import FORMS, Letter
from delivery.rendering import rendered

EVIL = "<script>alert(1)</script>\r\nhttp://evil.example {{ 7 * 7 }}"


def facts_of(letter: Letter) -> dict[str, str]:
    """Facts that can be told apart."""
    return {name: f"the-{name}" for name in FORMS[letter].facts}


@pytest.mark.parametrize("letter", Letter)
class TestEveryLetter:
    def test_it_tells_all_its_facts_in_text_and_in_html(self, letter: Letter) -> None:
        found = rendered(letter, facts_of(letter))
        for fact in facts_of(letter).values():
            assert fact in found.text
            assert fact in found.html
        assert found.subject == FORMS[letter].subject
        assert found.subject in found.html

    def test_nothing_is_left_unfilled(self, letter: Letter) -> None:
        found = rendered(letter, facts_of(letter))
        for text in (found.text, found.html):
            assert not re.search(r"\{\{|\{%|None|Undefined", text)
        assert found.text.startswith("Hello,\n\n")
        assert "\n\n\n" not in found.text
        assert "<script" not in found.html

    def test_facts_are_no_markup_no_lines_and_no_templates(self, letter: Letter) -> None:
        found = rendered(letter, dict.fromkeys(FORMS[letter].facts, EVIL))
        assert "<script" not in found.html
        assert "49" not in found.html + found.text
        assert not any(line.startswith("http://evil") for line in found.text.splitlines())

    def test_a_missing_and_an_unknown_fact_are_named(self, letter: Letter) -> None:
        facts = facts_of(letter)
        first = min(facts)
        del facts[first]
        with pytest.raises(UnfitFactsError) as raised:
            rendered(letter, {**facts, "other": ""})
        assert (raised.value.missing, raised.value.unknown) == ([first], ["other"])


def test_who_is_known_by_name_is_called_by_it() -> None:
    found = rendered(Letter.ACCOUNT_LOCKED, {"reason": "x", "person": "Ann <b>"})
    assert found.text.startswith("Hello Ann <b>,\n")
    assert "Hello Ann &lt;b&gt;," in found.html


@pytest.mark.parametrize("letter", [Letter.REGISTRATION, Letter.ALREADY_REGISTERED])
def test_who_has_not_answered_yet_is_told_nothing_of_a_stranger_s(letter: Letter) -> None:
    found = rendered(letter, {**facts_of(letter), "person": "win at evil.example"})
    assert "evil" not in found.text + found.html


def test_a_fact_is_told_at_a_bounded_length() -> None:
    found = rendered(Letter.ACCOUNT_LOCKED, {"reason": "x" * 10_000})
    assert found.text.count("x") < 600
