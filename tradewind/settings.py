"""Settings: the one place that reads the environment, once a process, into a frozen object.

The supervisor hands its settings to its children as environment variables (`environment`), which
win over `.env`: a child sees what its supervisor saw.
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from delivery.smtp import smtp_server
from market.sources import PROVIDERS, Feed
from storage.guarded_sql.role import role_of
from tradewind.errors import BadSettingError
from tradewind.origins import Networks, Origin, Origins, Sender, is_loopback
from tradewind.sockets import (
    bundled_database,
    bundled_redis,
    private_directory,
    socket_directory,
)

if TYPE_CHECKING:
    from storage.keeping import Keeping

PREFIX = "TRADEWIND_"
_REPOSITORY = Path(__file__).resolve().parent.parent


class FeedChoice(StrEnum):
    """Where the prices come from."""

    SANDBOX = "sandbox"
    LIVE = "live"
    REPLAY = "replay"


_FEED_CLASSES = {
    FeedChoice.SANDBOX: Feed.SIMULATED,
    FeedChoice.LIVE: Feed.LIVE,
    FeedChoice.REPLAY: Feed.RECORDED,
}


def feed_class_of(feed: FeedChoice) -> Feed:
    """The class of the data that a feed gives."""
    return _FEED_CLASSES[feed]


_SCHEMES = {
    "database_url": ("postgresql://", "postgres://"),
    "quant_database_url": ("postgresql://", "postgres://"),
    "redis_url": ("redis://", "rediss://", "unix://"),
    "fixer_url": ("https://", "http://"),
}
_KEYED = ("alphavantage", "fixer", "openexchangerates", "coingecko")
_EVERYWHERE = ("0.0.0.0", "::", "")


def _default_data() -> Path:
    home = os.environ.get("XDG_DATA_HOME", "")
    # The XDG rules: a relative path in the variable is to be ignored.
    base = Path(home) if home.startswith("/") else Path.home() / ".local" / "share"
    return base / "tradewind"


class Settings(BaseSettings):
    """What a process may be told from outside. Paths are absolute."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    data: Path = Field(default_factory=_default_data)
    """The data directory: PostgreSQL's files, flow recovery, logs."""
    run: Path | None = None
    """Where Unix sockets live; by default below `data`, or below the temporary directory where that
    path is too long for a socket."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    feed: FeedChoice = FeedChoice.SANDBOX
    replay_paths: Annotated[tuple[Path, ...], NoDecode] = ()
    """The recorded files of `feed=replay`, separated by `:` in the environment."""
    database_url: str | None = None
    """The user's own PostgreSQL or TimescaleDB; None: the bundled one."""
    quant_database_url: str | None = None
    """The way in for callers' statements of SQL where the database is the user's own: see docs/sql.md."""
    redis_url: str | None = None
    """The user's own Redis or Valkey; None: the bundled one."""
    sandbox_port: int = Field(default=8010, ge=1, le=65535)
    sandbox_profile: str = "premium"
    sandbox_seed: int = 1
    sandbox_ticks_per_s: float = 250.0
    """Of all its venues together."""
    store_processes: int = Field(default=1, ge=1, le=len(PROVIDERS))
    """How many processes share the work of flow `store`, each for some of the sources."""
    public_url: Origin | None = None
    """How browsers reach this installation: links in mails, cookies and passkeys belong to it."""
    require_verification: bool = True
    """Whether an account begins only once its e-mail address has answered."""
    mail_from: Sender | None = None
    """The sender of all mail, as `Name <address>` or the address alone."""
    smtp_url: SecretStr | None = None
    """Who takes our mail, see `delivery.smtp`; None: mail is shown on a page of this machine."""
    master_keys: SecretStr | None = None
    """The key ring, newest first; None: a file below `data`, made at the first start."""
    cors_origins: Origins = ()
    """Other origins whose pages may call the API, separated by commas in the environment."""
    trusted_proxies: Networks = ()
    """Networks whose word is taken for a client's address, separated by commas in the environment."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    alphavantage_key: SecretStr | None = None
    fixer_key: SecretStr | None = None
    openexchangerates_key: SecretStr | None = None
    coingecko_key: SecretStr | None = None
    alphavantage_plan: str = "free"
    fixer_plan: str = "free"
    openexchangerates_plan: str = "free"
    coingecko_plan: str = "demo"
    """The plan that a key belongs to, in the provider's own word."""
    fixer_url: str | None = None
    """Fixer's scheme and host where it is not the plan's own: a gateway, or plain HTTP."""
    quality_rules: Path | None = None
    """A TOML file of what differs from the usual rules of quality: see `market.quality.rules_of`."""
    compress_after_days: int = Field(default=7, ge=0)
    """When TimescaleDB compresses ticks and candles; 0: never. Plain PostgreSQL never does."""
    keep_live_days: int | None = Field(default=None, ge=1)
    keep_recorded_days: int | None = Field(default=None, ge=1)
    keep_simulated_days: int = Field(default=2, ge=1)
    """For how long ticks are kept, by their feed class; None: for ever."""
    keep_simulated_candles_days: int = Field(default=31, ge=1)
    """All other candles are kept for ever."""
    dashboard: Path = _REPOSITORY / "dashboard" / "dist"
    """The built dashboard; the API serves none where this directory does not exist."""
    supervisor: int | None = None
    """The process id of the supervisor, set by it for its children: see `tradewind.lifetime`."""

    @field_validator("replay_paths", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return value.split(os.pathsep) if isinstance(value, str) else value

    @field_validator("smtp_url")
    @classmethod
    def _a_mail_server(cls, url: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if url is None:
            return None
        try:
            smtp_server(url.get_secret_value())
        except ValueError as error:
            # Its own sentence, which has nothing of the address in it: that may hold a password.
            raise PydanticCustomError("server", "{why}", {"why": str(error)}) from None
        if info.data.get("mail_from") is None:
            raise PydanticCustomError("sender", f"needs {PREFIX}MAIL_FROM beside it")
        return url

    @field_validator("database_url", "quant_database_url", "redis_url", "fixer_url")
    @classmethod
    def _of_a_known_scheme(cls, url: str | None, info: ValidationInfo) -> str | None:
        schemes = _SCHEMES[str(info.field_name)]
        if url is not None and not url.startswith(schemes):
            # Not with what was given: it may hold a password.
            raise PydanticCustomError("scheme", f"must begin with {' or '.join(schemes)}")
        return url

    @field_validator("data", "run", "dashboard", "quality_rules")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - keeps links

    @field_validator("replay_paths")
    @classmethod
    def _all_absolute(cls, paths: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(path.expanduser().resolve() for path in paths)

    @property
    def provider_keys(self) -> dict[str, str]:
        """The keys there are, by provider, as they are sent: to be handed on and never shown."""
        found = {name: getattr(self, f"{name}_key") for name in _KEYED}
        return {name: key.get_secret_value() for name, key in found.items() if key is not None}

    @property
    def provider_plans(self) -> dict[str, str]:
        """The plan of each provider that takes a key."""
        return {name: getattr(self, f"{name}_plan") for name in _KEYED}

    @property
    def feed_class(self) -> Feed:
        """The class of the data that this feed gives."""
        return feed_class_of(self.feed)

    @property
    def keeping(self) -> "Keeping":
        """What is kept for how long."""
        # Its module imports half of the storage, which most processes do without.
        from storage.keeping import Keeping  # noqa: PLC0415

        return Keeping(
            compress_after_days=self.compress_after_days,
            live_days=self.keep_live_days,
            recorded_days=self.keep_recorded_days,
            simulated_days=self.keep_simulated_days,
            simulated_candle_days=self.keep_simulated_candles_days,
        )

    @property
    def recovery(self) -> Path:
        """Where flows keep their recovery snapshots, one directory a flow."""
        return self.data / "recovery"

    @property
    def logs(self) -> Path:
        """Where the processes of `up` write what they say, one file a process."""
        return self.data / "logs"

    def run_directory(self) -> Path:
        """The directory of the Unix sockets, made for this user alone; SocketPathError where that
        fails."""
        return private_directory(socket_directory(self.data, self.run))

    def database(self) -> str:
        """The address of the database: the user's own, or the bundled server's."""
        if self.database_url is not None:
            return self.database_url
        return bundled_database(socket_directory(self.data, self.run))

    def quant_database(self) -> str | None:
        """The address by which callers' statements of SQL reach the database: the user's own, or the
        bundled server's; None where the database is the user's and no such address was given."""
        if self.quant_database_url is not None or self.database_url is not None:
            return self.quant_database_url
        sockets = socket_directory(self.data, self.run)
        return bundled_database(sockets, role_of(self.feed_class))

    def redis(self) -> str:
        """The address of Redis: the user's own, or the bundled Valkey's."""
        if self.redis_url is not None:
            return self.redis_url
        return bundled_redis(socket_directory(self.data, self.run))

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine reaches the API."""
        return is_loopback(self.host)

    def public(self) -> str:
        """The origin of this installation for browsers, such as http://localhost:8000.

        A name and no number where it can be: passkeys belong to names alone.
        """
        if self.public_url is not None:
            return self.public_url
        local = self.on_loopback or self.host in _EVERYWHERE
        host = "localhost" if local else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def mail_shown(self) -> bool:
        """Whether mail is shown on a page instead of sent: nobody takes it, and only this machine reads.

        Behind a proxy others read too, though the server is bound to loopback.
        """
        local = self.on_loopback and is_loopback(urlsplit(self.public()).hostname or "")
        return self.smtp_url is None and local and not self.trusted_proxies

    @property
    def secrets(self) -> list[str]:
        """Every value that must never show."""
        found = list(self.provider_keys.values())
        if self.master_keys is not None:
            listed = self.master_keys.get_secret_value().split(",")
            found += [key.rpartition(":")[2].strip() for key in listed]
        if self.smtp_url is not None:
            server = smtp_server(self.smtp_url.get_secret_value())
            found += [server.password] if server.password else []
        return found

    def environment(self) -> dict[str, str]:
        """The variables that give a child process these settings."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            PREFIX + name.upper(): _text(value)
            for name, value in values.items()
            if value is not None
        }


def environment_with(variables: Mapping[str, str]) -> dict[str, str]:
    """This process's own variables and these above them, for a program that is not ours."""
    return {**os.environ, **variables}


def _text(value: object) -> str:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case tuple() if all(isinstance(part, Path) for part in value):
            return os.pathsep.join(str(part) for part in value)
        case tuple():
            return ",".join(str(part) for part in value)
        case _:
            return str(value)


def load_settings(**given: object) -> Settings:
    """The settings of the environment and `.env`, with `given` (None: not given) above both.

    BadSettingError names the first that can't be meant.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # names are checked by pydantic
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise BadSettingError(name, first["msg"]) from None


def child_environment(settings: Settings) -> dict[str, str]:
    """The whole environment of a child of this process, which becomes its supervisor: with the
    settings, without what steers Bytewax behind our back."""
    supervised = settings.model_copy(update={"supervisor": os.getpid()})
    inherited = {name: value for name, value in os.environ.items() if not _steers_bytewax(name)}
    return {**inherited, **supervised.environment()}


def forget_bytewax_variables() -> None:
    """Take out of this process's environment what would open Bytewax's web server on all addresses."""
    for name in [name for name in os.environ if _steers_bytewax(name)]:
        del os.environ[name]


def _steers_bytewax(name: str) -> bool:
    return name.startswith("BYTEWAX_")
