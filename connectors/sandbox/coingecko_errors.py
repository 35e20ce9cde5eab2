"""CoinGecko's errors in the sandbox: four shapes of body."""

from connectors.sandbox.wire import Answer, Request, json_answer
from market.clock import rfc3339

MISSING_KEY = (
    "API Key Missing. Please make sure you're using the right authentication method. For Pro API, "
    "ensure you pass in x_cg_pro_api_key parameter with a Pro Key. For Demo API, ensure you pass "
    "in x_cg_demo_api_key parameter with a Demo Key."
)
PLAN = (
    "This request is limited to paid plans. Please visit https://www.coingecko.com/en/api/pricing "
    "to upgrade."
)
RANGE = (
    "Your request exceeds the allowed time range. Public API users are limited to querying "
    "historical data within the past 365 days. Upgrade to a paid plan to enjoy full historical "
    "data access: https://www.coingecko.com/en/api/pricing."
)
LIMIT = (
    "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing "
    "to subscribe to our API plans for higher rate limits."
)


def flat(text: str, status: int) -> Answer:
    """What a parameter or an id gets."""
    return json_answer({"error": text}, status=status)


def missing_key(request: Request) -> Answer:
    """10002: no key, or none that is known."""
    return json_answer({"status": _status(request, 10002, MISSING_KEY)}, status=401)


def restricted(request: Request) -> Answer:
    """10005: not part of the plan."""
    return json_answer({"status": _status(request, 10005, PLAN)}, status=401)


def too_far_back(request: Request) -> Answer:
    """10012: more than 365 days ago, without paying."""
    return json_answer({"error": {"status": _status(request, 10012, RANGE)}}, status=401)


def wrong_host(request: Request, *, pro: bool) -> Answer:
    """A key of the other host: 10011 on the pro host, 10010 on the demo host."""
    mine, other = ("pro-api", "api") if pro else ("api", "pro-api")
    text = (
        f"If you are using {'Demo' if pro else 'Pro'} API key, please change your root URL from "
        f"{mine}.coingecko.com to {other}.coingecko.com"
    )
    code = 10011 if pro else 10010
    body = {"timestamp": _now(request), "error_code": code, "status": {"error_message": text}}
    return json_answer(body, status=400)


def too_many(retry_after_s: int) -> Answer:
    """429: the minute's calls or the month's credits are used up."""
    return json_answer(
        {"status": {"error_code": 429, "error_message": LIMIT}},
        status=429,
        headers={"retry-after": str(retry_after_s)},
    )


def _status(request: Request, code: int, text: str) -> dict[str, str | int]:
    return {"timestamp": _now(request), "error_code": code, "error_message": text}


def _now(request: Request) -> str:
    return rfc3339(request.now_us // 1_000 * 1_000).replace("Z", "+00:00")
