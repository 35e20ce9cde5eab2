"""The address of a mail server: what it says, and what is refused without being shown."""

import pytest

from delivery.smtp import SmtpServer, Tls, smtp_server


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://h", SmtpServer("h", 587, Tls.STARTTLS)),
        ("smtp://u:p@h:2525", SmtpServer("h", 2525, Tls.STARTTLS, "u", "p")),
        ("smtps://u%40x:p%2F%3A@h", SmtpServer("h", 465, Tls.AT_ONCE, "u@x", "p/:")),
        ("smtp://10.0.0.7:25?starttls=never", SmtpServer("10.0.0.7", 25, Tls.NEVER)),
        (
            "smtp://u:p@127.0.0.1:25?starttls=never",
            SmtpServer("127.0.0.1", 25, Tls.NEVER, "u", "p"),
        ),
    ],
)
def test_what_an_address_says(url: str, server: SmtpServer) -> None:
    assert smtp_server(url) == server


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://h", "must begin with smtp"),
        ("smtp://", "must be a host"),
        ("smtp://h/inbox", "must be a host"),
        ("smtp://h:99999", "has a port"),
        ("smtp://user@h", "a user and a password"),
        ("smtp://h?starttls=maybe", "starttls=never"),
        ("smtps://h?starttls=never", "starttls=never"),
        ("smtp://u:hidden@h?starttls=never", "in the open"),
    ],
)
def test_what_is_none_is_refused(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as raised:
        smtp_server(url)
    assert "hidden" not in str(raised.value)


def test_the_password_is_not_shown() -> None:
    server = smtp_server("smtp://u:hidden@h:25")
    assert str(server) == "h:25"
    assert "hidden" not in repr(server)
