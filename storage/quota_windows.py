"""The windows of quotas in Redis: one hash a budget, which one script reads and writes in one step.

The hash holds rings of the last calls of each second and minute, the calls of the day and month, and
when the next spread call may be made. It is good for one run of one Redis: one that began anew, even
with what it had saved, or that has forgotten the hash, is filled from the ledger first.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from market.quotas import Budget
from storage.errors import CacheUnavailableError
from storage.quota_rules import Count, Standing, refilled

ANSWER_WITHIN_S = 0.5
KEPT_S = 3_600
"""A budget that nobody asks for so long is forgotten, and filled again when it is needed."""

_PRELUDE = """
local key = KEYS[1]
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local function number(field) return tonumber(redis.call('HGET', key, field) or 0) end
local function write(field, value) redis.call('HSET', key, field, string.format('%.0f', value)) end
"""

_TAKE = (
    _PRELUDE
    + """
if redis.call('HGET', key, 'run') ~= run then return {-1, 0, 0} end
local now, spread, last = tonumber(ARGV[1]), ARGV[2] == '1', number('last')
if last > now + 10000000 then return {-1, 0, 0} end
now = math.max(now, last)
local again, blocked, at = 0, number('blocked'), 3
if blocked > now then again = blocked end
local rings, spans, clamp = {}, {}, 0
for _ = 1, tonumber(ARGV[at]) do
    local name, size, window = ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
    local calls = tonumber(redis.call('HGET', key, name))
    if not calls then return {-1, 0, 0} end
    local free = number(name .. ':' .. (calls % size)) + window
    if free > now then again = math.max(again, free) end
    rings[#rings + 1] = {name, size, calls}
    at = at + 3
end
at = at + 1
for _ = 1, tonumber(ARGV[at]) do
    local name, start, finish = ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
    local calls, used = tonumber(ARGV[at + 4]), 0
    if redis.call('HGET', key, name .. ':start') == start then used = number(name .. ':used') end
    if used >= calls then again = math.max(again, finish)
    else clamp = math.max(clamp, now + math.ceil((finish - now) / (calls - used + 1))) end
    spans[#spans + 1] = {name, start, finish, calls, used + 1}
    at = at + 4
end
local paced = math.min(number('paced'), clamp)
if spread and paced > now then again = math.max(again, paced) end
if again > 0 then return {0, again, 0} end
for _, ring in ipairs(rings) do
    write(ring[1] .. ':' .. (ring[3] % ring[2]), now)
    redis.call('HINCRBY', key, ring[1], 1)
end
paced = 0
for _, span in ipairs(spans) do
    redis.call('HSET', key, span[1] .. ':start', span[2])
    write(span[1] .. ':used', span[5])
    paced = math.max(paced, now + math.ceil((span[3] - now) / (span[4] - span[5] + 1)))
end
if spread then write('paced', paced) end
write('last', now)
redis.call('EXPIRE', key, tonumber(ARGV[#ARGV]))
return {1, 0, number('generation')}
"""
)
# -1: the ledger must fill it first. Times of several callers are taken in the order of their calls; one
# far ahead is of a clock that was set since.

_FILL = (
    _PRELUDE
    + """
local generation = tonumber(ARGV[1])
if redis.call('HGET', key, 'run') == run and number('generation') >= generation then return 0 end
redis.call('DEL', key)
redis.call('HSET', key, 'run', run, 'generation', ARGV[1], 'blocked', ARGV[2], 'paced', ARGV[3],
    'last', ARGV[4])
local at = 5
for _ = 1, tonumber(ARGV[at]) do
    local name, calls = ARGV[at + 1], 0
    for part = at + 2, at + 4, 2 do
        for _ = 1, tonumber(ARGV[part]) do
            redis.call('HSET', key, name .. ':' .. calls, ARGV[part + 1])
            calls = calls + 1
        end
    end
    write(name, calls)
    at = at + 5
end
at = at + 1
for _ = 1, tonumber(ARGV[at]) do
    redis.call('HSET', key, ARGV[at + 1] .. ':start', ARGV[at + 2], ARGV[at + 1] .. ':used', ARGV[at + 3])
    at = at + 3
end
redis.call('EXPIRE', key, tonumber(ARGV[#ARGV]))
return 1
"""
)

_BLOCK = (
    _PRELUDE
    + """
if redis.call('EXISTS', key) == 1 then write('blocked', math.max(number('blocked'), ARGV[1])) end
"""
)

_FORGET = (
    _PRELUDE
    + """
if number('generation') <= tonumber(ARGV[1]) then redis.call('DEL', key) end
"""
)


class Verdict(IntEnum):
    """What the windows say to a call."""

    LOST = -1
    REFUSED = 0
    GRANTED = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict: refused until when, granted in which filling of the windows."""

    verdict: Verdict
    again_us: int
    generation: int


def budget_key(budget: Budget) -> str:
    """The hash of a budget."""
    return f"tw:quota:{budget.provider}:{budget.key}"


class QuotaWindows:
    """One pool of connections. Every method raises CacheUnavailableError when Redis does not answer."""

    def __init__(self, redis_url: str) -> None:
        # Any: its stubs type answers as text, and these are numbers.
        self._redis: Any = redis.asyncio.Redis.from_url(
            redis_url,
            # Its own bound takes a cancellation for an answer at times (`asyncio.wait_for` of 3.11).
            socket_timeout=None,
            socket_connect_timeout=ANSWER_WITHIN_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        self._take = self._redis.register_script(_TAKE)
        self._fill = self._redis.register_script(_FILL)
        self._block = self._redis.register_script(_BLOCK)
        self._forget = self._redis.register_script(_FORGET)

    async def take(
        self, budget: Budget, counted: Sequence[Count], now_us: int, *, spread: bool
    ) -> Answer:
        """Count one call in everything at once, or in nothing."""
        rings, spans = _parted(counted)
        arguments: list[object] = [now_us, int(spread), len(rings)]
        for each in rings:
            arguments += [each.ring, each.calls, each.window_us]
        arguments.append(len(spans))
        for each in spans:
            arguments += [each.name, *each.period.around(now_us), each.calls]
        verdict, again_us, generation = await _run(self._take, budget, [*arguments, KEPT_S])
        return Answer(Verdict(verdict), again_us, generation)

    async def fill(
        self, budget: Budget, counted: Sequence[Count], standing: Standing, now_us: int
    ) -> None:
        """Put in what the ledger knows, unless a later filling is there already."""
        rings, spans = _parted(counted)
        last_us = min(standing.last_us, now_us)
        arguments: list[object] = [standing.generation, standing.blocked_us, standing.paced_us]
        arguments += [last_us, len(rings)]
        for each in rings:
            seen = [*refilled(each, standing, now_us), (0, 0), (0, 0)][:2]
            arguments += [each.ring, *(number for part in seen for number in part)]
        arguments.append(len(spans))
        for each in spans:
            start_us = each.period.around(now_us)[0]
            arguments += [each.name, start_us, standing.used.get((each.name, start_us), 0)]
        await _run(self._fill, budget, [*arguments, KEPT_S])

    async def block(self, budget: Budget, until_us: int) -> None:
        """Grant nothing before this instant."""
        await _run(self._block, budget, [until_us])

    async def forget(self, budget: Budget, generation: int) -> None:
        """Let the ledger fill the windows anew, unless a later filling than this is there."""
        await _run(self._forget, budget, [generation])

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()


def _parted(counted: Sequence[Count]) -> tuple[list[Count], list[Count]]:
    rings = [each for each in counted if each.window_us is not None]
    return rings, [each for each in counted if each.window_us is None]


async def _run(script: Any, budget: Budget, arguments: list[object]) -> Any:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await script(keys=[budget_key(budget)], args=arguments)
    except (RedisError, OSError, TimeoutError) as error:
        raise CacheUnavailableError(str(error)) from error
