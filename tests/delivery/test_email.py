"""Messages and their way to a real mail server: TLS, logins, refusals, and headers nobody can add to."""

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import UUID

import pytest

from delivery.email import EmailChannel, message_of
from delivery.errors import PostponedError, RefusedError, UnfitAddressError
from delivery.rendering import Rendered
from delivery.senders import sender_of
from delivery.smtp import SmtpServer, Tls
from tests.delivery.mail_servers import MailServer, certificate_for, mail_server

ID = UUID("0b9d1c54-3f3c-4c61-9f0e-7c9b7a1e2d11")
SENDER = sender_of("Tradewind <no-reply@tradewind.example>")
LETTER = Rendered("Grüße", "Hello\nthere €\n", "<p>Hello</p>\n")
WRITTEN_AT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


def message(address: str = "ann@example.com") -> EmailMessage:
    return message_of(ID, SENDER, address, LETTER, WRITTEN_AT)


def channel(server: SmtpServer, certificate: Path | None = None) -> EmailChannel:
    tls = None if certificate is None else ssl.create_default_context(cafile=str(certificate))
    return EmailChannel(server, SENDER, timeout_s=5, tls_context=tls)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_for("localhost", tmp_path_factory.mktemp("tls"))


class TestMessage:
    def test_it_says_from_whom_to_whom_and_that_nobody_wrote_it(self) -> None:
        read = message_from_bytes(bytes(message()), policy=default)
        assert read["From"] == "Tradewind <no-reply@tradewind.example>"
        assert read["To"] == "ann@example.com"
        assert read["Subject"] == "Grüße"
        assert read["Date"] == "Tue, 24 Nov 2026 15:00:00 +0000"
        assert read["Auto-Submitted"] == "auto-generated"

    def test_its_id_is_that_of_the_row(self) -> None:
        assert message()["Message-ID"] == f"<{ID}@tradewind.example>"

    def test_it_has_a_text_and_a_page(self) -> None:
        read = message_from_bytes(bytes(message()), policy=default)
        assert isinstance(read, EmailMessage)
        parts = [
            (part.get_content_type(), part.get_content().replace("\r\n", "\n"))
            for part in read.iter_parts()
        ]
        assert parts == [("text/plain", LETTER.text), ("text/html", LETTER.html)]

    @pytest.mark.parametrize(
        "address",
        [
            "ann@example.com\r\nBcc: eve@evil.example",
            "ann@example.com\nBcc: eve@evil.example",
            "ann@example.com\x00",
            "ann@example.com\u2028Bcc: eve@evil.example",
            "ann@example.com, eve@evil.example",
            "Ann <ann@example.com>",
            "ann",
            "@example.com",
            "ann@",
            "",
        ],
    )
    def test_an_address_adds_no_header_and_no_receiver(self, address: str) -> None:
        with pytest.raises(UnfitAddressError) as raised:
            message(address)
        assert "ann" not in str(raised.value)

    def test_a_subject_adds_no_header(self) -> None:
        evil = replace(LETTER, subject="Hello\r\nBcc: eve@evil.example")
        with pytest.raises(ValueError, match="linefeed or carriage return"):
            message_of(ID, SENDER, "ann@example.com", evil, WRITTEN_AT)


class TestSending:
    async def test_the_server_gets_what_was_written(self) -> None:
        async with mail_server() as mail:
            await channel(mail.server()).send(message())
        assert mail.receivers == ["ann@example.com"]
        assert mail.taken[0]["Message-ID"] == message()["Message-ID"]

    async def test_an_address_beyond_ascii_is_sent_as_it_is(self) -> None:
        async with mail_server() as mail:
            await channel(mail.server()).send(message("jürgen@bücher.example"))
        assert mail.receivers == ["jürgen@xn--bcher-kva.example"]

    async def test_by_starttls_with_a_login(self, certificate: Path) -> None:
        async with mail_server(certificate=certificate, login=True) as mail:
            server = replace(mail.server(Tls.STARTTLS, login=True), host="localhost")
            await channel(server, certificate).send(message())
        assert len(mail.taken) == 1

    async def test_by_tls_from_the_first_byte(self, certificate: Path) -> None:
        async with mail_server(certificate=certificate, at_once=True) as mail:
            server = replace(mail.server(Tls.AT_ONCE), host="localhost")
            await channel(server, certificate).send(message())
        assert len(mail.taken) == 1

    async def test_a_login_without_tls_where_it_is_asked_for(self) -> None:
        async with mail_server(login=True) as mail:
            await channel(mail.server(login=True)).send(message())
        assert len(mail.taken) == 1


class TestNotTaken:
    @pytest.mark.parametrize(
        "spoil",
        [
            lambda mail: mail.answers.append("550 No such user"),
            lambda mail: mail.refused.update({"ann@example.com": "550 No such user"}),
        ],
        ids=["content", "receiver"],
    )
    async def test_for_good(self, spoil: Callable[[MailServer], None]) -> None:
        async with mail_server() as mail:
            spoil(mail)
            with pytest.raises(RefusedError) as raised:
                await channel(mail.server()).send(message())
        assert raised.value.code == 550

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda mail: mail.answers.append("451 Try again"),
            lambda mail: mail.refused.update({"ann@example.com": "451 Try again"}),
        ],
        ids=["content", "receiver"],
    )
    async def test_for_now(self, spoil: Callable[[MailServer], None]) -> None:
        async with mail_server() as mail:
            spoil(mail)
            with pytest.raises(PostponedError) as raised:
                await channel(mail.server()).send(message())
        assert (raised.value.code, raised.value.reason) == (451, "Try again")

    async def test_because_nobody_is_there(self) -> None:
        async with mail_server() as mail:
            server = mail.server()
        with pytest.raises(PostponedError):
            await channel(server).send(message())

    async def test_because_the_password_is_wrong(self) -> None:
        async with mail_server(login=True) as mail:
            server = replace(mail.server(login=True), password="wrong")
            with pytest.raises(PostponedError) as raised:
                await channel(server).send(message())
        assert raised.value.code == 535
        assert "wrong" not in str(raised.value)

    async def test_because_the_server_has_no_tls(self) -> None:
        async with mail_server() as mail:
            with pytest.raises(PostponedError, match="STARTTLS"):
                await channel(mail.server(Tls.STARTTLS, login=True)).send(message())
        assert mail.offered == 0

    async def test_because_its_certificate_is_nobody_s(self, certificate: Path) -> None:
        async with mail_server(certificate=certificate, at_once=True) as mail:
            server = replace(mail.server(Tls.AT_ONCE), host="localhost")
            with pytest.raises(PostponedError, match="certificate verify failed"):
                await channel(server).send(message())
