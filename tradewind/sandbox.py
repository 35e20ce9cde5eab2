"""`tradewind sandbox`: the stand-in for the providers alone, and where each of them is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from connectors.sandbox.mounts import MOUNTS
from connectors.sandbox.playing import Recordings
from connectors.sandbox.recorded import recordings_of
from connectors.sandbox.server import Running, serve
from connectors.sandbox.wire import PROFILES
from market.clock import Clock, system_clock
from tradewind.errors import BadSettingError
from tradewind.lifetime import stop_requested
from tradewind.ports import require_free
from tradewind.settings import Settings

HOST = "127.0.0.1"
MAX_TICKS_PER_S = 100_000.0
MAX_CLOCK_OFFSET_S = 86_400.0


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """What the command line says of one run: `play` holds FILE or PROVIDER=FILE."""

    play: Sequence[str] = ()
    speed: float = 1.0
    clock_offset_s: float = 0.0


def run_sandbox(settings: Settings, options: SandboxOptions) -> int:
    """Serve until Ctrl-C; the exit status.

    BadSettingError and RecordingError say what can't be served, PortTakenError that the port is taken.
    """
    _check(settings, options)
    recordings = recordings_of(options.play)
    require_free(HOST, settings.sandbox_port, "TRADEWIND_SANDBOX_PORT")
    serve(
        HOST,
        settings.sandbox_port,
        profile=settings.sandbox_profile,
        seed=settings.sandbox_seed,
        ticks_per_s=settings.sandbox_ticks_per_s,
        recordings=recordings,
        speed=options.speed,
        clock=shifted(system_clock, options.clock_offset_s),
        stop=stop_requested(),
        ready=lambda server: print_addresses(
            server, recordings, Console(highlight=False, soft_wrap=True)
        ),
    )
    return 0


def shifted(clock: Clock, offset_s: float) -> Clock:
    """A clock that is so many seconds ahead of another; negative: behind."""
    offset_us = round(offset_s * 1e6)
    return lambda: clock() + offset_us


def print_addresses(server: Running, recordings: Recordings, console: Console) -> None:
    """Where the sandbox listens, and the base address of each provider's REST and stream."""
    rows = [("provider", "REST", "stream", "says")]
    for provider, mount in sorted(MOUNTS.items()):
        stream = "" if mount.stream is None else f"{server.websocket_url}/{provider}"
        files = ", ".join(path.name for path in recordings.get(provider, ()))
        rest = "" if files else f"{server.http_url}/{provider}"
        rows.append((provider, rest, stream, files or "simulated"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    console.print(f"Tradewind sandbox on {server.http_url}")
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        console.print("  ".join(cells).rstrip(), markup=False)


def _check(settings: Settings, options: SandboxOptions) -> None:
    if settings.sandbox_profile not in PROFILES:
        raise BadSettingError("--profile", f"is {' or '.join(PROFILES)}")
    if not 0.0 < settings.sandbox_ticks_per_s <= MAX_TICKS_PER_S:
        raise BadSettingError("--ticks-per-s", f"is above 0 and at most {MAX_TICKS_PER_S:.0f}")
    if not 0.0 < options.speed < math.inf:
        raise BadSettingError("--speed", "is a positive number")
    if not abs(options.clock_offset_s) <= MAX_CLOCK_OFFSET_S:
        raise BadSettingError("--clock-offset-s", f"is within {MAX_CLOCK_OFFSET_S:.0f} s")
