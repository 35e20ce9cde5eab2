"""`tradewind doctor --providers`: what each provider allows, what was used of it, and how it went."""

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from market.clock import Clock, datetime_of, system_clock
from market.quotas import Limit, Period
from storage.errors import StorageError
from storage.provider_census import ProviderState, provider_census
from tradewind.errors import ProcessError
from tradewind.servers import reach_database
from tradewind.servers.state import read_state
from tradewind.settings import Settings

_SPANS = {
    Period.MINUTE: "this minute",
    Period.DAY: "today",
    Period.MONTH: "this month",
}
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def run_provider_report(
    settings: Settings, console: Console | None = None, *, clock: Clock = system_clock
) -> int:
    """Print some lines for each key that was ever used; 1 where the database does not answer.

    The bundled PostgreSQL is started for the question, as by `doctor`. All that is shown is in its
    ledger, which every call was entered in: Redis is not asked.
    """
    console = console or Console()
    try:
        states = _states(settings, clock())
    except (ProcessError, StorageError) as error:
        console.print(f"[red]{escape(str(error))}")
        return 1
    if not states:
        console.print("No provider has been asked yet.")
        return 0
    for state in states:
        key = "without a key" if state.key == "none" else f"key {state.key}"
        console.print(f"[bold]{escape(state.provider)}[/], {escape(key)}")
        for fact in _facts(state, clock()):
            console.print(Padding(escape(fact), (0, 0, 0, 2)))
    return 0


def distance_text(time_us: int | None, now_us: int) -> str:
    """How far an instant is from now, such as "5 min ago" or "in 2 h"; "" where there is none."""
    if time_us is None:
        return ""
    seconds = (time_us - now_us) / 1e6
    size_s, unit = next((each for each in _UNITS if abs(seconds) >= each[0]), _UNITS[-1])
    text = f"{abs(seconds) / size_s:.0f} {unit}"
    return f"in {text}" if seconds > 0 else f"{text} ago"


def _states(settings: Settings, now_us: int) -> list[ProviderState]:
    nowhere = settings.database_url is None and read_state(settings.data) is None
    if nowhere and not (settings.data / "postgres").exists():
        return []
    with reach_database(settings) as url:
        return provider_census(url, now_us)


def _facts(state: ProviderState, now_us: int) -> list[str]:
    failure = distance_text(state.last_failure_us, now_us)
    facts = [
        ", ".join(_calls(limit, state) for limit in state.limits) or "no limit",
        f"last success {distance_text(state.last_success_us, now_us) or 'never'}",
        f"last failure {failure}: {state.last_failure}" if failure else "last failure never",
        f"blocked until {_instant(state.blocked_us, now_us)}" if state.blocked_us else "",
        f"next call {_instant(state.next_us, now_us)}" if state.next_us else "",
    ]
    return [fact for fact in facts if fact]


def _calls(limit: Limit, state: ProviderState) -> str:
    if limit.period is Period.SECOND:
        return f"at most {limit.calls:,} a second"
    return f"{state.used[limit.period]:,} of {limit.calls:,} {_SPANS[limit.period]}"


def _instant(time_us: int, now_us: int) -> str:
    return f"{datetime_of(time_us):%Y-%m-%d %H:%M:%S}Z, {distance_text(time_us, now_us)}"
