"""The command line. Each command imports what it needs when it runs: `--help` answers at once."""

# ruff: noqa: PLC0415 - a command imports what it needs, and only that

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from tradewind.account_commands import keys, users
from tradewind.parameters import (
    Data,
    DatabaseUrl,
    Feed,
    FromStart,
    FullSpeed,
    Port,
    Recordings,
    RedisUrl,
    ShardName,
    Source,
    Speed,
    Symbol,
    Symbols,
    settings_of,
)

if TYPE_CHECKING:
    from tradewind.settings import Settings

app = App(
    name="tradewind",
    help="A real-time market-data platform: ticks in, candles, live prices and history out.",
    help_format="plaintext",
)

app.command(keys)
app.command(users)


@app.command
def up(
    *paths: Recordings,
    feed: Feed = None,
    data: Data = None,
    port: Port = None,
    database_url: DatabaseUrl = None,
    redis_url: RedisUrl = None,
) -> int:
    """Run everything on this machine, until Ctrl-C."""
    if (feed == "replay") != bool(paths):
        raise SystemExit("tradewind: `--feed replay` and the files to replay go together")
    settings = settings_of(
        feed=feed,
        data=data,
        port=port,
        database_url=database_url,
        redis_url=redis_url,
        replay_paths=paths or None,
    )
    if settings.database_url is not None or settings.redis_url is not None:
        from tradewind.reaching import require_servers

        require_servers(settings)
    from tradewind.up import run_up

    return run_up(settings)


@app.command
def down(*, data: Data = None) -> int:
    """Stop what runs on the data directory, and wait for its end."""
    settings = settings_of(data=data)
    from tradewind.up import run_down

    return run_down(settings)


@app.command
def replay(
    *paths: Recordings,
    source: Source = None,
    symbol: Symbol = None,
    data: Data = None,
    speed: Speed = "max",
    from_start: FromStart = False,
    full_speed: FullSpeed = False,
    database_url: DatabaseUrl = None,
) -> int:
    """Store the ticks and bars of recorded files, beside a running `up` or on its own."""
    if not paths:
        raise SystemExit("tradewind: which files?")
    times = _speed(speed)
    settings = settings_of(data=data, database_url=database_url)
    from tradewind.replay import Manner, run_replay

    _without_bytewax_variables()
    manner = Manner(source, times, from_start=from_start, full_speed=full_speed, symbol=symbol)
    return run_replay(paths, settings, manner)


@app.command
def record(
    path: Annotated[Path, Parameter(help="The file to write, such as kraken.gz.")],
    *,
    source: Annotated[str, Parameter(help="The provider to record.")],
    feed: Annotated[
        Literal["sandbox", "live"] | None,
        Parameter(help="From the sandbox or the provider itself."),
    ] = None,
    symbols: Symbols = "",
    seconds: Annotated[float | None, Parameter(help="For so long; until Ctrl-C otherwise.")] = None,
    data: Data = None,
) -> int:
    """Write what a provider says into a file, as it came, for `replay`."""
    settings = settings_of(data=data, feed=feed)
    from tradewind.record import run_record

    wanted = [symbol.strip() for symbol in symbols.split(",") if symbol.strip()]
    return run_record(path, settings, source, symbols=wanted, seconds=seconds)


@app.command
def pipeline(name: str, *, shard: ShardName = "1/1", data: Data = None) -> int:
    """Run one flow, `store` or `live`, or a part of it."""
    from market.shards import NoShardError, Shard

    try:
        part = Shard.of(shard)
    except NoShardError as error:
        raise SystemExit(f"tradewind: --shard: {error}") from None
    settings = _reaching(settings_of(data=data))
    from tradewind.flows import run_pipeline

    _without_bytewax_variables()
    return run_pipeline(name, settings, part)


@app.command
def feeds(*, data: Data = None) -> int:
    """Run the connectors: from the providers into the inbox."""
    settings = _reaching(settings_of(data=data))
    from tradewind.feeds import run_feeds

    return run_feeds(settings)


@app.command
def api(*, data: Data = None, port: Port = None) -> int:
    """Run the HTTP server: API, streams and dashboard."""
    settings = _reaching(settings_of(data=data, port=port))
    from tradewind.web import run_api

    return run_api(settings)


@app.command
def deliver(*, data: Data = None) -> int:
    """Take mail from the outbox to the mail server, and keep accounts in order."""
    settings = _reaching(settings_of(data=data))
    from tradewind.mail import run_deliver

    return run_deliver(settings)


@app.command
def sandbox(
    *,
    port: Annotated[int | None, Parameter(help="Where it listens.")] = None,
    profile: Annotated[
        Literal["free", "premium"] | None,
        Parameter(help="free: the quotas, hours and caches of free plans; premium: none of them."),
    ] = None,
    seed: Annotated[int | None, Parameter(help="Equal seeds give equal prices.")] = None,
    ticks_per_s: Annotated[float | None, Parameter(help="Of all venues together.")] = None,
    play: Annotated[
        tuple[str, ...],
        Parameter(
            help="Recorded streams instead of simulated ones: FILE or PROVIDER=FILE.",
            consume_multiple=True,
            negative=(),
        ),
    ] = (),
    speed: Annotated[float, Parameter(help="How many times as fast as it happened.")] = 1.0,
    clock_offset_s: Annotated[
        float, Parameter(help="How far its clock is ahead; negative: behind.")
    ] = 0.0,
) -> int:
    """Run the local stand-in for the providers."""
    settings = settings_of(
        sandbox_port=port,
        sandbox_profile=profile,
        sandbox_seed=seed,
        sandbox_ticks_per_s=ticks_per_s,
    )
    from tradewind.sandbox import SandboxOptions, run_sandbox

    return run_sandbox(settings, SandboxOptions(play, speed, clock_offset_s))


@app.command
def migrate(*, data: Data = None, database_url: DatabaseUrl = None) -> int:
    """Bring the database to the current schema."""
    settings = settings_of(data=data, database_url=database_url)
    from storage.migrate import migrate as migrate_database
    from tradewind.servers import reach_database

    # A supervisor runs the servers already, and holds the directory.
    if settings.supervisor is not None:
        migrate_database(settings.database())
        return 0
    with reach_database(settings) as url:
        migrate_database(url)
    return 0


@app.command
def backup(
    path: Annotated[Path, Parameter(help="The file to write; it must not be there yet.")],
    *,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> int:
    """Write the whole database into a file, beside a running `up` or on its own."""
    settings = settings_of(data=data, database_url=database_url)
    from tradewind.backup import run_backup

    return run_backup(path, settings)


@app.command
def restore(
    path: Annotated[Path, Parameter(help="A file of `backup`.")],
    *,
    replace: Annotated[
        bool, Parameter(help="Throw away what the database holds.", negative=())
    ] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> int:
    """Bring an empty database to what a backup holds, while nothing runs on it."""
    settings = settings_of(data=data, database_url=database_url)
    from tradewind.backup import run_restore

    return run_restore(path, settings, replace=replace)


@app.command(show=False)
def warm() -> int:
    """Compile what the flows run; `up` does it before they start."""
    settings_of()
    from tradewind.warm import compile_kernels

    compile_kernels()
    return 0


@app.command
def doctor(
    *,
    providers: Annotated[
        bool, Parameter(help="What each provider allows, and how calls went.", negative=())
    ] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> int:
    """Say which servers are used, what runs, and how large everything is."""
    settings = settings_of(data=data, database_url=database_url)
    if providers:
        from tradewind.provider_report import run_provider_report

        return run_provider_report(settings)
    from tradewind.doctor import run_doctor

    return run_doctor(settings)


def main() -> None:
    """Run the command; an error of one of our rooms is one line on stderr and status 1."""
    from connectors.errors import ConnectorError
    from storage.errors import StorageError
    from tradewind.errors import ProcessError
    from tradewind.lifetime import leave

    try:
        status = app(result_action="return_value")
    except (ProcessError, ConnectorError, StorageError) as error:
        from tradewind.console import print_error

        print_error(error)
        status = 1
    leave(status if isinstance(status, int) else 0)


def _speed(text: str) -> float | None:
    """Event seconds a second; None for `max`."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.0 < speed < float("inf"):
        raise SystemExit(f"tradewind: --speed is a positive number or `max`, not {text!r}")
    return speed


def _without_bytewax_variables() -> None:
    from tradewind.settings import forget_bytewax_variables

    forget_bytewax_variables()


def _reaching(settings: "Settings") -> "Settings":
    """With the addresses of a running `up`, for a command that was started by hand."""
    if settings.supervisor is not None:
        return settings
    from tradewind.servers.bundle import with_running

    return with_running(settings)
