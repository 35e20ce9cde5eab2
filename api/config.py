"""What the API is told at its start; it reads no environment of its own."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from identity.keyring import KeyRing
from identity.passwords import Cost
from market.clock import Clock, system_clock
from market.instruments import CATALOGUE, InstrumentTable
from market.sources import Feed

MAX_STREAMS = 5_000
"""Price streams open at once: each holds a file, and up to `MAX_QUEUED_BYTES` of frames."""
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class IdentityConfig:
    """How accounts work here.

    `ring` seals and signs for every process of an installation: without one there is a new one, whose
    seals and cookies end with the process. `public_url` is where browsers find the dashboard; cookies,
    the links of mails and passkeys are bound to it. `trusted_proxies` are addresses or networks whose
    X-Forwarded-For is believed, `cors_origins` are exact origins. `mail_shown` opens the page of
    messages that a machine without a mail server shows instead of sending.
    """

    issuer: str = "http://localhost:8000"
    public_url: str = "http://localhost:8000"
    audience: str = "tradewind"
    ring: KeyRing = field(default_factory=KeyRing.generate)
    cost: Cost = field(default_factory=Cost)
    require_verification: bool = True
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    access_s: int = 900
    pre_2fa_s: int = 300
    refresh_s: int = 30 * DAY_S
    step_up_s: int = 300
    most_attempts: int = 5
    attempt_window_s: int = 900
    rates: bool = True
    """Whether requests are counted and limited; a load test turns it off."""
    mail_shown: bool = False

    @property
    def secure(self) -> bool:
        """Whether browsers come by https, so that cookies may be bound to it."""
        return self.public_url.startswith("https://")

    @property
    def host(self) -> str:
        """The name of the public URL, which passkeys are bound to."""
        return urlsplit(self.public_url).hostname or "localhost"

    @classmethod
    def for_tests(cls, **others: Any) -> "IdentityConfig":
        """The same with passwords that cost next to nothing, and requests that nobody counts."""
        cheap = Cost(memory_kib=64, time=1, lanes=1)
        return cls(**{"cost": cheap, "rates": False, **others})


@dataclass(frozen=True, slots=True)
class ApiConfig:
    """Where the data is, and which feed class is served: the three never mix.

    `dashboard_dir` is the built dashboard; without one, `/` says how to build it. `quant_url` is the way
    in for callers' statements of SQL (`storage.guarded_sql`); without one they are refused.
    """

    database_url: str
    redis_url: str
    feed: Feed
    dashboard_dir: Path | None = None
    quant_url: str | None = None
    max_streams: int = MAX_STREAMS
    instruments: InstrumentTable = CATALOGUE
    clock: Clock = system_clock
    identity: IdentityConfig = field(default_factory=IdentityConfig)
