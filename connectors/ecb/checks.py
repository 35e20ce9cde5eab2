"""What an answer of the ECB without rates means. There is no key, no plan and no error of its own."""

from connectors.answers import Answer
from connectors.ecb.days import days_of
from connectors.ecb.envelope import PROVIDER
from connectors.errors import BurstError, MalformedError, TransientError, UnknownAtProviderError

REFUSED_RETRY_S = 3_600.0
"""Nothing new comes sooner than that."""


def check(answer: Answer, request: str) -> None:
    """Raise what an answer means that is no document with a day in it."""
    wait_s = answer.retry_after_s
    if answer.status >= 500:
        raise TransientError(PROVIDER, f"HTTP {answer.status}, asked again", wait_s)
    if answer.status == 429:
        raise BurstError(PROVIDER, REFUSED_RETRY_S if wait_s is None else wait_s)
    if answer.status in (401, 403):
        what = f"HTTP {answer.status}, access is refused for now, asked again in an hour"
        raise TransientError(PROVIDER, what, REFUSED_RETRY_S if wait_s is None else wait_s)
    if answer.status in (404, 410):
        raise UnknownAtProviderError(PROVIDER, request, "look at the provider's address")
    if answer.status >= 400:
        raise MalformedError(PROVIDER, f"HTTP {answer.status}: look at the provider's address")
    days_of(answer.body)
