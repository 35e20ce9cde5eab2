"""E-mail: a letter as a message, and the way of a message to a mail server.

The id of a message is that of its row in the outbox: a letter that is sent twice, because nobody was
left to note the first time, is one that a receiver can tell for the same.
"""

import asyncio
import re
import ssl
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from uuid import UUID

import aiosmtplib

from delivery.errors import PostponedError, RefusedError, UnfitAddressError
from delivery.rendering import Rendered
from delivery.smtp import SmtpServer, Tls

TIMEOUT_S = 10.0
"""For each step of a delivery: connecting, and each answer."""
MOST_REASON = 200
"""Characters that are kept of what a server says."""

_ADDRESS = re.compile(r"""([^\s@"(),:;<>\[\]\\]{1,64})@([^\s@"(),:;<>\[\]\\]{1,255})""")
"""Whatever has no meaning of its own in a header or an envelope."""


def message_of(
    id_: UUID, sender: Address, address: str, letter: Rendered, written_at: datetime
) -> EmailMessage:
    """The message to that address; the same for the same arguments but for its MIME boundary.

    UnfitAddressError where the address can't stand in a header or an envelope.
    """
    receiver = _receiver(address)
    message = EmailMessage(policy=SMTP if receiver.username.isascii() else SMTPUTF8)
    message["From"] = sender
    message["To"] = receiver
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(written_at)
    message["Message-ID"] = f"<{id_}@{sender.domain}>"
    # No vacation notice should come back (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _receiver(address: str) -> Address:
    """The address with its domain in ASCII, as every server knows it."""
    found = _ADDRESS.fullmatch(address)
    if found is None or not address.isprintable():
        raise UnfitAddressError
    try:
        domain = found[2].encode("idna").decode("ascii")
    except UnicodeError:
        raise UnfitAddressError from None
    return Address(username=found[1], domain=domain)


class EmailChannel:
    """Hands messages to one mail server, each by a connection of its own."""

    def __init__(
        self,
        server: SmtpServer,
        sender: Address,
        *,
        timeout_s: float = TIMEOUT_S,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self.sender = sender
        self.server = server
        self._timeout_s = timeout_s
        self._tls_context = tls_context

    async def send(self, message: EmailMessage) -> None:
        """Return once the server has taken the message.

        RefusedError where it never will; PostponedError where it may later, is not there, or does not
        let us in, which somebody has to mend.
        """
        try:
            async with self._client() as client:
                try:
                    await client.send_message(message)
                except asyncio.CancelledError:
                    client.close()  # without a farewell, which would wait for the server
                    raise
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refusal(error.recipients[0]) from error
        except (aiosmtplib.SMTPDataError, aiosmtplib.SMTPRecipientRefused) as error:
            raise _refusal(error) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _postponed(error) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise PostponedError(reason[:MOST_REASON]) from error

    def _client(self) -> aiosmtplib.SMTP:
        server = self.server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.tls is Tls.AT_ONCE,
            start_tls=server.tls is Tls.STARTTLS,
            tls_context=self._tls_context,
            timeout=self._timeout_s,
        )


def _refusal(error: aiosmtplib.SMTPResponseException) -> RefusedError | PostponedError:
    return RefusedError(error.code) if 500 <= error.code < 600 else _postponed(error)


def _postponed(error: aiosmtplib.SMTPResponseException) -> PostponedError:
    return PostponedError(error.message[:MOST_REASON], error.code)
