"""What was asked is counted."""

from connectors.sandbox.calls import KEPT_TIMES, MAX_PATHS, OTHER_PATHS, Calls


def test_calls_are_counted_by_provider_and_path_with_their_times() -> None:
    calls = Calls()
    for time_us, path in enumerate(["query", "query", "other"]):
        calls.count("alphavantage", path, time_us)
    calls.count("fixer", "api/latest", 9)
    assert calls.total("alphavantage") == 3
    assert calls.times("alphavantage", "query") == [0, 1]
    assert calls.listing()["fixer"] == {"api/latest": {"calls": 1, "at_us": [9]}}
    assert (calls.total("ecb"), calls.times("ecb", "x")) == (0, [])
    calls.clear()
    assert calls.listing() == {}


def test_times_and_paths_are_bounded_and_counts_are_not() -> None:
    calls = Calls()
    for number in range(KEPT_TIMES + 5):
        calls.count("fixer", "a", number)
    assert calls.times("fixer", "a")[0] == 5
    for number in range(MAX_PATHS + 5):
        calls.count("ecb", str(number), 0)
    listed = calls.listing()["ecb"]
    assert len(listed) == MAX_PATHS + 1
    assert listed[OTHER_PATHS]["calls"] == 5
    assert calls.total("fixer") == KEPT_TIMES + 5
