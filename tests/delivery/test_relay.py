"""The relay between a real outbox and a real mail server: once each, again after trouble, then dead."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest

from delivery.email import EmailChannel
from delivery.letters import Condition, Letter, opened, post
from delivery.relay import LEASE_S, Relay
from delivery.senders import sender_of
from delivery.smtp import SmtpServer
from identity.keyring import KeyRing
from market.clock import datetime_of, microseconds
from storage.identity import users
from storage.outbox import MOST_ATTEMPTS
from storage.pools import Connection, WritePool
from tests.delivery.mail_servers import MailServer, mail_server

SENDER = sender_of("Tradewind <no-reply@tradewind.example>")
LINK = "http://localhost:8000/verify#token=twm_abc"
WITHIN_S = 10.0


@dataclass
class Office:
    """An outbox, what seals it, and a clock that stands where it was set."""

    pool: WritePool
    ring: KeyRing
    url: str
    now_us: int = microseconds(datetime(2026, 11, 24, 15, 0, tzinfo=UTC))

    async def post(
        self,
        address: str = "ann@example.com",
        letter: Letter = Letter.REGISTRATION,
        condition: Condition = "always",
    ) -> UUID:
        facts = {"link": LINK}
        async with self.pool.transaction() as connection:
            return await post(
                connection, self.ring, letter, address, facts, condition=condition, now=self.now()
            )

    def now(self) -> datetime:
        return datetime_of(self.now_us)

    def later(self, seconds: float) -> None:
        self.now_us += int(seconds * 1_000_000)

    def row(self, id_: UUID) -> tuple[str, int, str | None, bytes]:
        """State, attempts, last error, context."""
        with psycopg.connect(self.url) as connection:
            found = connection.execute(
                "SELECT state, attempts, last_error, context FROM delivery.outbox WHERE id = %s",
                (id_,),
            ).fetchone()
        assert found is not None
        return found

    def forget_error(self, id_: UUID) -> None:
        """So that the next one can be told from it."""
        with psycopg.connect(self.url) as connection:
            connection.execute("UPDATE delivery.outbox SET last_error = NULL WHERE id = %s", (id_,))

    async def until(self, id_: UUID, state: str, attempts: int = 1) -> None:
        """Return once the row says so."""
        await until(lambda: self.row(id_)[:2] == (state, attempts))

    async def until_noted(self, id_: UUID, attempts: int = 1) -> None:
        """Return once that attempt has failed and its error is written down."""
        await until(lambda: self.row(id_)[1] == attempts and self.row(id_)[2] is not None)

    @asynccontextmanager
    async def relaying(self, server: SmtpServer | None) -> AsyncIterator["asyncio.Task[None]"]:
        """A relay to that server until the block ends."""
        channel = None if server is None else EmailChannel(server, SENDER, timeout_s=5)
        relay = Relay(
            self.pool,
            self.ring,
            channel,
            clock=lambda: self.now_us,
            poll_interval_s=0.01,
            leave_within_s=0.2,
        )
        stop = asyncio.Event()
        running = asyncio.create_task(relay.run(stop))
        try:
            yield running
        finally:
            stop.set()
            with suppress(asyncio.CancelledError):
                await running


async def until(holds: Callable[[], bool]) -> None:
    """Return once it holds; TimeoutError where it does not in time."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            if holds():
                return
            await asyncio.sleep(0.005)


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    pool = WritePool(database_url)
    yield Office(pool, KeyRing.generate(), database_url)
    await pool.close()


def ids(mail: MailServer) -> list[str]:
    return [message["Message-ID"] for message in mail.taken]


def message_id(id_: UUID) -> str:
    return f"<{id_}@tradewind.example>"


async def add_user(connection: Connection, email: str, now: datetime) -> None:
    await users.create(connection, uuid4(), email=email, password_hash="x", now=now)


class TestTaken:
    async def test_each_letter_once_and_nothing_is_kept_of_it(self, office: Office) -> None:
        posted = [await office.post(f"{name}@example.com") for name in "abcdefghij"]
        async with mail_server() as mail, office.relaying(mail.server()):
            await mail.until_offered(len(posted))
            for id_ in posted:
                await office.until(id_, "sent")
        assert sorted(ids(mail)) == sorted(map(message_id, posted))
        assert sorted(mail.receivers) == [f"{name}@example.com" for name in "abcdefghij"]
        assert {office.row(id_)[3] for id_ in posted} == {b""}

    async def test_what_it_said(self, office: Office) -> None:
        await office.post()
        async with mail_server() as mail, office.relaying(mail.server()):
            await mail.until_offered(1)
        (message,) = mail.taken
        plain = message.get_body(("plain",))
        assert plain is not None
        assert LINK in plain.get_content()
        assert message["Date"].datetime == datetime(2026, 11, 24, 15, 0, tzinfo=UTC)

    async def test_several_relays_send_each_once(self, office: Office) -> None:
        posted = [await office.post() for _ in range(24)]
        async with (
            mail_server() as mail,
            office.relaying(mail.server()),
            office.relaying(mail.server()),
            office.relaying(mail.server()),
        ):
            await mail.until_offered(len(posted))
            for id_ in posted:
                await office.until(id_, "sent")
        assert sorted(ids(mail)) == sorted(map(message_id, posted))

    async def test_a_letter_that_was_rolled_back_is_never_sent(self, office: Office) -> None:
        with suppress(RuntimeError):
            async with office.pool.transaction() as connection:
                await post(
                    connection,
                    office.ring,
                    Letter.REGISTRATION,
                    "never@example.com",
                    {"link": LINK},
                    now=office.now(),
                )
                raise RuntimeError
        kept = await office.post()
        async with mail_server() as mail, office.relaying(mail.server()):
            await office.until(kept, "sent")
        assert mail.receivers == ["ann@example.com"]


class TestConditions:
    @pytest.mark.parametrize(
        ("known", "condition", "state"),
        [
            (True, "if_account", "sent"),
            (True, "if_no_account", "dropped"),
            (False, "if_account", "dropped"),
            (False, "if_no_account", "sent"),
        ],
    )
    async def test_it_is_decided_when_the_letter_is_delivered(
        self, office: Office, known: bool, condition: Condition, state: str
    ) -> None:
        id_ = await office.post(condition=condition)
        if known:
            async with office.pool.transaction() as connection:
                await add_user(connection, "ann@example.com", office.now())
        last = await office.post("last@example.com")
        async with mail_server() as mail, office.relaying(mail.server()):
            await office.until(last, "sent")
        assert office.row(id_)[0] == state
        assert ("ann@example.com" in mail.receivers) is (state == "sent")


class TestTrouble:
    async def test_after_a_451_it_is_sent_again_later(self, office: Office) -> None:
        id_ = await office.post()
        async with mail_server(answers=["451 Greylisted"]) as mail, office.relaying(mail.server()):
            await office.until_noted(id_)
            state, _, error, context = office.row(id_)
            assert (state, mail.taken) == ("waiting", [])
            assert error is not None
            assert "451" in error
            assert opened(office.ring, id_, context) == {"link": LINK}
            office.later(3_600)
            await office.until(id_, "sent", attempts=2)
        assert ids(mail) == [message_id(id_)]

    async def test_a_550_ends_it_at_once(self, office: Office) -> None:
        id_ = await office.post()
        async with mail_server(answers=["550 No"]) as mail, office.relaying(mail.server()):
            await office.until(id_, "dead")
            office.later(86_400)
            other = await office.post("bob@example.com")
            await office.until(other, "sent")
        assert (mail.offered, office.row(id_)[3]) == (2, b"")
        assert "550" in str(office.row(id_)[2])

    async def test_it_ends_after_many_attempts(self, office: Office) -> None:
        id_ = await office.post()
        async with mail_server(answers=["451 Later"] * 99) as mail, office.relaying(mail.server()):
            for attempt in range(1, MOST_ATTEMPTS):
                await office.until_noted(id_, attempt)
                office.forget_error(id_)
                office.later(3_600)
            await office.until(id_, "dead", MOST_ATTEMPTS)
            office.later(86_400)
        assert mail.offered == MOST_ATTEMPTS

    async def test_a_server_that_was_down_gets_it_once_it_is_up(self, office: Office) -> None:
        async with mail_server() as gone:
            server = gone.server()
        id_ = await office.post()
        async with office.relaying(server):
            await office.until_noted(id_)
            async with mail_server(port=server.port) as mail:
                office.later(3_600)
                await office.until(id_, "sent", attempts=2)
        assert ids(mail) == [message_id(id_)]

    async def test_an_address_that_no_message_can_carry_ends_it(self, office: Office) -> None:
        id_ = await office.post("ann@example.com\r\nBcc: eve@evil.example")
        async with mail_server() as mail, office.relaying(mail.server()):
            await office.until(id_, "dead")
        assert mail.offered == 0

    async def test_what_can_not_be_opened_holds_up_nobody(self, office: Office) -> None:
        stranger = Office(office.pool, KeyRing.generate(), office.url, office.now_us)
        id_ = await stranger.post()
        good = await office.post("bob@example.com")
        async with mail_server() as mail, office.relaying(mail.server()):
            await office.until_noted(id_)
            await office.until(good, "sent")
        assert office.row(id_)[::2][:2] == ("waiting", "UnsealError")
        assert mail.receivers == ["bob@example.com"]

    async def test_killed_between_sending_and_noting_it_sends_the_same_id_again(
        self, office: Office
    ) -> None:
        id_ = await office.post()
        async with mail_server() as mail:
            mail.hold = asyncio.Event()
            async with office.relaying(mail.server()) as running:
                await mail.until_offered(1)
                running.cancel()  # the server has it; nobody notes that
            assert office.row(id_)[0] == "waiting"
            mail.hold.set()
            async with office.relaying(mail.server()):
                office.later(LEASE_S + 1)
                await office.until(id_, "sent", attempts=2)
        assert ids(mail) == [message_id(id_)] * 2


async def test_without_a_server_letters_are_taken_and_kept_for_the_page(office: Office) -> None:
    id_ = await office.post()
    async with office.relaying(None):
        await office.until(id_, "sent")
    assert opened(office.ring, id_, office.row(id_)[3]) == {"link": LINK}
