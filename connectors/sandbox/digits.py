"""Numbers and times in text, as venues write them."""

from market.clock import datetime_of


def fixed(units: int, decimals: int, places: int) -> str:
    """`units / 10**decimals` with so many places, exactly; not fewer than `decimals`."""
    sign = "-" if units < 0 else ""
    whole, fraction = divmod(abs(units) * 10 ** (places - decimals), 10**places)
    return f"{sign}{whole}.{fraction:0{places}d}" if places else f"{sign}{whole}"


def stamp(time_us: int) -> str:
    """RFC 3339 in UTC with six decimals and a Z."""
    return datetime_of(time_us).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
