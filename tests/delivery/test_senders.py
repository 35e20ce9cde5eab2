"""A sender is one address, with a name or without."""

import pytest

from delivery.senders import sender_of


@pytest.mark.parametrize(
    ("text", "name", "spec"),
    [
        ("a@b.example", "", "a@b.example"),
        ("Tradewind <a@b.example>", "Tradewind", "a@b.example"),
        ('"Trade, Wind" <a@localhost>', "Trade, Wind", "a@localhost"),
    ],
)
def test_an_address_with_a_name_or_without(text: str, name: str, spec: str) -> None:
    sender = sender_of(text)
    assert (sender.display_name, sender.addr_spec) == (name, spec)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a@", "@b.example", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example"],
)
def test_what_is_none_or_several_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a sender is one"):
        sender_of(text)
