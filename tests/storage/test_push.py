"""Pushed records: the same at the other end, and never a reason to wait or to fail."""

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.push import MAX_DATAGRAM_BYTES, PushListener, PushSender
from tests.storage.making import record


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="tw-") as path:
        yield Path(path)


@pytest.fixture
def sender(directory: Path) -> Iterator[PushSender]:
    sender = PushSender(directory)
    yield sender
    sender.close()


def test_a_record_arrives_as_it_was_sent(directory: Path, sender: PushSender) -> None:
    listener = PushListener(directory, "store")
    sent = record(7, payload=b'{"a":1}\n1700 {"b":2}\n\x00\xff')
    sender.send(sent)
    assert listener.wait(5)
    assert list(listener.received()) == [sent]
    assert not listener.wait(0)
    listener.close()


def test_every_listener_hears_every_record_in_order(directory: Path, sender: PushSender) -> None:
    listeners = [PushListener(directory, name) for name in ("store", "live")]
    for offset in range(5):
        sender.send(record(offset))
    for listener in listeners:
        assert [item.offset for item in listener.received()] == [0, 1, 2, 3, 4]
        listener.close()


def test_nobody_listening_is_no_failure(directory: Path, sender: PushSender) -> None:
    sender.send(record(0))
    PushListener(directory, "store").close()
    sender.send(record(1))


def test_a_socket_that_a_killed_process_left_is_no_failure(
    directory: Path, sender: PushSender
) -> None:
    left = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    left.bind(str(directory / "dead.inbox"))
    left.close()
    listener = PushListener(directory, "dead")
    sender.send(record(0))
    assert [item.offset for item in listener.received()] == [0]
    listener.close()


def test_a_full_queue_loses_the_rest_and_never_blocks(directory: Path, sender: PushSender) -> None:
    listener = PushListener(directory, "store")
    for offset in range(5_000):
        sender.send(record(offset, payload=b"x" * 1_000))
    heard = [item.offset for item in listener.received()]
    assert heard == list(range(len(heard)))
    assert len(heard) < 5_000
    sender.send(record(9_999))
    assert [item.offset for item in listener.received()] == [9_999]
    listener.close()


def test_a_record_too_large_for_a_datagram_is_left_to_the_table(
    directory: Path, sender: PushSender
) -> None:
    listener = PushListener(directory, "store")
    sender.send(record(0, payload=b"x" * MAX_DATAGRAM_BYTES))
    sender.send(record(1))
    assert [item.offset for item in listener.received()] == [1]
    listener.close()


def test_a_later_listener_takes_the_place_and_keeps_it(directory: Path, sender: PushSender) -> None:
    older = PushListener(directory, "store")
    later = PushListener(directory, "store")
    older.close()
    sender.send(record(0))
    assert [item.offset for item in later.received()] == [0]
    later.close()
    assert list(directory.iterdir()) == []


def test_what_is_no_record_is_passed_over(directory: Path, sender: PushSender) -> None:
    listener = PushListener(directory, "store")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        for garbage in (b"", b"hello", b"7\nx", b"[1,2]\nx", b'["p",0,999,"k","c",1]\nx'):
            stranger.sendto(garbage, str(directory / "store.inbox"))
    sender.send(record(0))
    assert [item.offset for item in listener.received()] == [0]
    listener.close()
