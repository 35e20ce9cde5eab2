"""What the sandbox's providers have in common: a request, an answer, the world they answer from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from connectors.sandbox.calls import Calls
from connectors.sandbox.faults import Faults
from connectors.sandbox.hours import AlwaysOpen, Hours, RealHours
from connectors.sandbox.quotas import Ledger
from connectors.sandbox.simulator import Simulator
from connectors.sandbox.tape import BINANCE, VENUE_SHARES, Tape

INVALID_KEY = "invalid"
"""The one key that every provider of the sandbox refuses; any other is accepted."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How generous the providers are; the steps are how often a rate of theirs may change."""

    name: str
    premium: bool
    hours: Hours
    alphavantage_step_s: int
    fixer_step_s: int
    coingecko_step_s: int


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("premium", True, AlwaysOpen(), 1, 2, 2),
        Profile("free", False, RealHours(), 60, 3_600, 60),
    )
}


@dataclass(frozen=True, slots=True)
class Request:
    """One GET: the path below the provider's prefix, its query, its headers in lower case, the time."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    now_us: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One response."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """What a provider answers from; each venue has a tape of its own."""

    simulator: Simulator
    tapes: Mapping[str, Tape]
    profile: Profile
    ledger: Ledger
    faults: Faults = field(default_factory=Faults)
    calls: Calls = field(default_factory=Calls)

    @property
    def tape(self) -> Tape:
        """Binance's tape."""
        return self.tapes[BINANCE]


def build_world(profile: str, seed: int, ticks_per_s: float) -> World:
    """The world of a profile's name; KeyError where there is none. The venues share the ticks."""
    chosen = PROFILES[profile]
    simulator = Simulator(seed, chosen.hours)
    tapes = {
        venue: Tape(simulator, ticks_per_s * share, venue) for venue, share in VENUE_SHARES.items()
    }
    return World(simulator, tapes, chosen, Ledger())


def json_answer(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """An answer whose body is compact JSON, numbers as Python and Ruby write them."""
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return Answer(body, status, headers or {})


def decimal_text(units: int, decimals: int, places: int) -> str:
    """`units / 10**decimals` with exactly so many places, rounded half-even where they are fewer."""
    return f"{Decimal(units).scaleb(-decimals):.{places}f}"
