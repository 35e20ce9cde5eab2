"""A letter as it is read: subject, plain text and HTML, made of its templates and its facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from delivery.letters import FORMS, OPTIONAL, Letter, require_fit

FOOTER = "You get this message because of an account, or the wish for one, with this address."
MOST_FACT = 500
"""Characters of a fact that are told."""
TO_STRANGERS = (Letter.REGISTRATION, Letter.ALREADY_REGISTERED)
"""Anybody may have these sent to anybody, so they hold no word of who asked: else they would carry spam."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a person reads."""

    subject: str
    text: str
    html: str


def rendered(letter: Letter, facts: Mapping[str, str]) -> Rendered:
    """The letter with these facts, escaped in HTML; UnfitFactsError where they are not its own."""
    require_fit(letter, facts)
    subject = FORMS[letter].subject
    said = {name: _one_line(value) for name, value in facts.items()}
    told = {**dict.fromkeys(OPTIONAL, ""), **said, "subject": subject, "footer": FOOTER}
    if letter in TO_STRANGERS:
        told["person"] = ""
    environment = _environment()
    return Rendered(
        subject,
        environment.get_template(f"{letter}.txt").render(told),
        environment.get_template(f"{letter}.html").render(told),
    )


def _one_line(fact: str) -> str:
    """The fact without what would end a line, so that nothing in it can pass for a line of ours."""
    return " ".join(fact.split())[:MOST_FACT]


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("delivery"),
        autoescape=lambda name: name is None or not name.endswith(".txt"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
