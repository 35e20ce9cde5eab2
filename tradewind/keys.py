"""`tradewind keys rotate`: a new key to sign access tokens with, while everything runs."""

from api.access.signing import SIGNS_AFTER_S, rotate_key
from market.clock import system_clock
from tradewind.master_keys import key_ring
from tradewind.settings import Settings
from tradewind.users import with_pool


def run_rotate(settings: Settings) -> int:
    """Make a new key and retire those there are; the exit status.

    What a retired key has signed is good until it expires.
    """
    ring = key_ring(settings)
    kid = with_pool(settings, lambda pool: rotate_key(pool, ring, system_clock))
    print(
        f"key {kid} signs from {SIGNS_AFTER_S} s on; what older ones signed is good until it expires"
    )
    return 0
