"""What each key has used up, counted in fixed windows."""

import threading


class Ledger:
    """Counters in memory, exact under threads: a restarted sandbox has forgotten them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: dict[str, tuple[int, int]] = {}
        self._last_us: dict[str, int] = {}

    def spend(self, account: str, window: int, limit: int) -> bool:
        """Count one call in a window; False, and not counted, when the limit was reached."""
        with self._lock:
            counted_window, used = self._used.get(account, (window, 0))
            if counted_window != window:
                used = 0
            if used >= limit:
                return False
            self._used[account] = (window, used + 1)
            return True

    def pace(self, account: str, now_us: int, interval_us: int) -> bool:
        """Whether the account's last granted call is at least `interval_us` ago; then remember this."""
        with self._lock:
            last_us = self._last_us.get(account)
            if last_us is not None and now_us - last_us < interval_us:
                return False
            self._last_us[account] = now_us
            return True
