"""The queue of one client: in order, bounded, and a snapshot where something was left out."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from api.stream.subscriber import MAX_QUEUED_BYTES, Subscriber

BIG = b"x" * (MAX_QUEUED_BYTES // 2 + 1)


def subscriber() -> Subscriber:
    return Subscriber(lambda: b"snapshot")


async def test_the_snapshot_comes_first_and_then_what_was_pushed_after_it() -> None:
    queue = subscriber()
    queue.push(b"before")
    assert await queue.next() == b"snapshot"
    queue.push(b"1")
    queue.push(b"2")
    assert await queue.next() == b"12"


async def test_next_waits_for_a_push() -> None:
    queue = subscriber()
    await queue.next()
    waiting = asyncio.ensure_future(queue.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.push(b"1")
    assert await waiting == b"1"


async def test_a_full_queue_gives_way_to_a_snapshot() -> None:
    queue = subscriber()
    await queue.next()
    assert queue.push(BIG) is False
    assert queue.push(BIG) is True
    assert queue.push(b"in between") is False
    assert await queue.next() == b"snapshot"
    queue.push(b"after")
    assert await queue.next() == b"after"


async def test_close_ends_a_wait_and_all_that_follows() -> None:
    queue = subscriber()
    await queue.next()
    waiting = asyncio.ensure_future(queue.next())
    await asyncio.sleep(0)
    queue.close()
    assert await waiting is None
    queue.push(b"1")
    assert await queue.next() is None


async def test_a_wait_that_was_given_up_leaves_nothing_behind() -> None:
    queue = subscriber()
    await queue.next()
    waiting = asyncio.ensure_future(queue.next())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    queue.push(b"1")
    assert await queue.next() == b"1"


@settings(deadline=None)
@given(st.lists(st.one_of(st.integers(1, MAX_QUEUED_BYTES), st.none())))
def test_what_is_missed_is_always_followed_by_a_snapshot(steps: list[int | None]) -> None:
    """A number pushes a frame of so many bytes, None takes what is there."""

    async def play() -> None:
        newest = 0
        queue = Subscriber(lambda: b"S" + str(newest).encode())
        seen = -1
        for step in [None, *steps, None]:
            if step is not None:
                newest += 1
                queue.push(b" " * step + str(newest).encode())
                assert queue._queued_bytes <= MAX_QUEUED_BYTES
            elif queue.behind or queue._queue:
                data = await queue.next()
                assert data is not None
                if data.startswith(b"S"):
                    seen = int(data[1:])
                else:
                    numbers = list(map(int, data.split()))
                    assert numbers == list(range(seen + 1, newest + 1))
                    seen = newest
                assert seen == newest

    asyncio.run(play())
