"""A real SMTP server on the loopback interface, whose answers a test may choose."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from delivery.smtp import SmtpServer, Tls

USER, PASSWORD = "tradewind", "p/ss w:rd"
OK = "250 OK"


@dataclass
class MailServer:
    """Keeps what it takes. `answers` are given to the next messages, in turn; then all are taken."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Receivers and what they are refused with."""
    taken: list[EmailMessage] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    offered: int = 0
    hold: asyncio.Event | None = None
    """No answer is given before it is set."""

    async def until_offered(self, count: int) -> None:
        """Return once so many messages have come, whatever the answer was."""
        async with self.arrived:
            await self.arrived.wait_for(lambda: self.offered >= count)

    def server(self, tls: Tls = Tls.NEVER, *, login: bool = False) -> SmtpServer:
        """This server as settings would name it."""
        if login:
            return SmtpServer("127.0.0.1", self.port, tls, USER, PASSWORD)
        return SmtpServer("127.0.0.1", self.port, tls)

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        answer = self.answers.pop(0) if self.answers else OK
        if answer == OK:
            assert isinstance(envelope.content, bytes)
            message = message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            self.taken.append(message)
            self.receivers += envelope.rcpt_tos
        async with self.arrived:
            self.offered += 1
            self.arrived.notify_all()
        if self.hold is not None:
            await self.hold.wait()
        return answer


@asynccontextmanager
async def mail_server(
    *,
    port: int = 0,
    certificate: Path | None = None,
    login: bool = False,
    at_once: bool = False,
    answers: Sequence[str] = (),
) -> AsyncIterator[MailServer]:
    """A mail server until the block ends: with STARTTLS where there is a certificate, or TLS at once."""
    mail = MailServer(answers=list(answers))
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    protocols: list[SMTP] = []

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            # aiosmtpd warns of a login that needs no TLS, which is what one of the tests is about.
            warnings.simplefilter("ignore")
            made = SMTP(
                mail,
                hostname="mail.test",
                enable_SMTPUTF8=True,
                tls_context=None if at_once else tls,
                require_starttls=tls is not None and not at_once,
                authenticator=_authenticate,
                auth_required=login,
                auth_require_tls=False,
            )
        protocols.append(made)
        return made

    loop = asyncio.get_running_loop()
    listener = await loop.create_server(protocol, "127.0.0.1", port, ssl=tls if at_once else None)
    mail.port = listener.sockets[0].getsockname()[1]
    try:
        yield mail
    finally:
        listener.close()
        for made in protocols:
            if isinstance(made.transport, asyncio.Transport):
                made.transport.abort()
            if made._handler_coroutine is not None:
                made._handler_coroutine.cancel()
        await listener.wait_closed()


def _authenticate(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
) -> AuthResult:
    known = LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=given == known, handled=False)


def certificate_for(host: str, folder: Path) -> Path:
    """A file with a certificate of its own for that name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "mail.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
