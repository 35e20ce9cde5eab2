"""What Alpha Vantage says instead of prices, word for word, and nearly always with HTTP 200."""

from connectors.sandbox.wire import Answer, json_answer

_SITE = "https://www.alphavantage.co"
_THANKS = "Thank you for using Alpha Vantage!"
_PLANS = f"any of the premium plans at {_SITE}/premium/ to"

BAD_KEY = (
    "the parameter apikey is invalid or missing. Please claim your free API key on "
    f"({_SITE}/support/#api-key). It should take less than 20 seconds."
)
_STANDARD = "our standard API rate limit is 25 requests per day. Please subscribe to"
_REMOVE = "instantly remove all daily rate limits."
DAILY_QUOTA = f"{_THANKS} O{_STANDARD[1:]} {_PLANS} {_REMOVE}"
BURST = (
    f"{_THANKS} Please consider spreading out your free API requests more sparingly "
    f"(1 request per second). You may subscribe to {_PLANS} lift the free key rate limit "
    "(25 requests per day), raise the per-second burst limit, and instantly unlock all premium "
    "endpoints"
)
PREMIUM = (
    f"{_THANKS} This is a premium endpoint. You may subscribe to {_PLANS} instantly unlock all premium "
    "endpoints"
)
DEMO = (
    "The **demo** API key is for demo purposes only. Please claim your free API key at "
    f"({_SITE}/support/#api-key) to explore our full API offerings. It takes fewer than 20 seconds."
)
ACCEPT = "Could not satisfy the request Accept header."


def echoing_quota(key: str) -> str:
    """The variant of the daily quota's text that repeats the caller's key."""
    return f"We have detected your API key as {key} and {_STANDARD} {_PLANS} {_REMOVE}"


def error(text: str) -> Answer:
    """An `Error Message`."""
    return json_answer({"Error Message": text})


def information(text: str) -> Answer:
    """An `Information`: quota, burst, plan or demo."""
    return json_answer({"Information": text})


def invalid_call(function: str) -> Answer:
    """What an unknown symbol or a wrong parameter gets from most functions."""
    return error(
        f"Invalid API call. Please retry or visit the documentation ({_SITE}/documentation/) "
        f"for {function}."
    )


def refused_table(header: str) -> Answer:
    """A CSV function's refusal: a row with the letters of the word Information, as far as they go."""
    return table([header, "I,n,f,o,r,m,a"])


def table(lines: list[str]) -> Answer:
    """A CSV answer of these lines."""
    body = "".join(f"{line}\r\n" for line in lines).encode()
    return Answer(body, headers={"content-type": "application/x-download"})
