"""What several commands of the command line take, and the settings that they make of it."""

# ruff: noqa: PLC0415 - a command imports what it needs, and only that

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from tradewind.settings import Settings

Feed = Annotated[
    Literal["sandbox", "live", "replay"] | None,
    Parameter(help="Where the prices come from; sandbox, the default, simulates them."),
]
Recordings = Annotated[Path, Parameter(help="Recorded files, or directories of them.")]
Data = Annotated[Path | None, Parameter(help="The data directory.")]
Port = Annotated[int | None, Parameter(help="Where the API and the dashboard listen.")]
DatabaseUrl = Annotated[
    str | None, Parameter(help="A PostgreSQL or TimescaleDB of yours instead of the bundled one.")
]
RedisUrl = Annotated[
    str | None, Parameter(help="A Redis or Valkey of yours instead of the bundled one.")
]

Speed = Annotated[
    str, Parameter(help="How many times as fast as it happened; max: as fast as it goes.")
]
FromStart = Annotated[
    bool,
    Parameter(help="Read from the first row, not from where an earlier run ended.", negative=()),
]
Source = Annotated[
    str | None, Parameter(help="Whose frames the files hold; by default the frames show it.")
]
Symbol = Annotated[
    str | None,
    Parameter(help="Whose bars a table holds that does not say it, such as MSFT."),
]
FullSpeed = Annotated[
    bool,
    Parameter(help="Do not spare the connectors that run on the same database.", negative=()),
]
ShardName = Annotated[
    str,
    Parameter(help="With `store`: this process's part of the sources, such as 1/2 beside a 2/2."),
]
Email = Annotated[str, Parameter(help="The account's address.")]
Symbols = Annotated[
    str, Parameter(help="Instruments, separated by commas; by default all that it quotes.")
]


def settings_of(**given: object) -> "Settings":
    """The settings of this command, and what they say about this process put in place."""
    from tradewind.lifetime import tie_to_supervisor
    from tradewind.settings import load_settings

    settings = load_settings(**given)
    if settings.supervisor is not None:
        tie_to_supervisor(settings.supervisor)
    from tradewind import logs

    logs.configure(settings.log_level, settings.secrets)
    return settings
