"""Plays recorded frames with their own text, at the pace at which they were received.

The recording begins with the first client and goes on whoever listens, as a market does: who connects
anew has missed something. At its end the streams are ended and handshakes refused. Times in the frames
stay as they were recorded: a recording with other times would be no recording.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from connectors.sandbox.faults import Faults
from connectors.sandbox.mounts import Mount, Stream
from connectors.sandbox.played_sessions import PLAYED_SESSIONS, PlayedSession
from connectors.sandbox.recorded import Line, merged
from connectors.sandbox.sessions import Session
from connectors.sandbox.streams import Hub
from connectors.sandbox.wire import Answer, Request, World, json_answer

MAX_BATCH = 500
"""Frames are sent so many at once at most, then others have their turn."""
TICK_S = 0.002
MAX_PAUSE_S = 0.1
AFTER_THE_END = 503

Recordings = Mapping[str, Sequence[Path]]


def played_mount(provider: str, mount: Mount) -> Mount:
    """The mount of a provider whose recording is played: its stream alone."""
    assert mount.stream is not None

    def session(world: World, request: Request) -> Session:
        return PLAYED_SESSIONS[provider](request)

    stream: Stream = replace(mount.stream, open=session)
    return Mount(_no_answer, stream)


class RecordingPlayer:
    """Plays recordings of several providers, on one time line, to their hubs."""

    def __init__(
        self, recordings: Recordings, hubs: Mapping[str, Hub], faults: Faults, speed: float
    ) -> None:
        self._recordings = recordings
        self._hubs = {provider: hubs[provider] for provider in recordings}
        self._faults = faults
        self._speed = speed

    async def play(self) -> None:
        """From the first client to the last frame. RecordingError where a file is damaged."""
        await self._first_client()
        lines = merged(self._recordings)
        line = next(lines, None)
        loop = asyncio.get_running_loop()
        began_s, first_ns = loop.time(), line[0] if line else 0
        while line is not None:
            due_ns = first_ns + (loop.time() - began_s) * self._speed * 1e9
            line = self._send_until(line, lines, due_ns)
            if line is not None:
                ahead_s = (line[0] - due_ns) / 1e9 / self._speed
                await asyncio.sleep(max(TICK_S, min(ahead_s, MAX_PAUSE_S)))
        for provider, hub in self._hubs.items():
            hub.end_all()
            self._faults.set(provider, "ws_refused", status=AFTER_THE_END)

    def _send_until(self, line: Line, lines: Iterator[Line], due_ns: float) -> Line | None:
        """Send what is due, at most so many; the line that is next."""
        batches: dict[str, list[str]] = {}
        following: Line | None = line
        for _ in range(MAX_BATCH):
            if following is None or following[0] > due_ns:
                break
            batches.setdefault(following[1], []).append(following[2])
            following = next(lines, None)
        for provider, frames in batches.items():
            self._hubs[provider].send(partial(_played, frames=frames))
        return following

    async def _first_client(self) -> None:
        waiting = [asyncio.ensure_future(hub.occupied.wait()) for hub in self._hubs.values()]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()


def _no_answer(world: World, request: Request) -> Answer:
    return json_answer({"error": "a recording is played here: there is its stream alone"}, 503)


def _played(session: Session, frames: Sequence[str]) -> list[str]:
    return session.played(frames) if isinstance(session, PlayedSession) else []
