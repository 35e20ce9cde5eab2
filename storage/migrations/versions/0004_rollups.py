"""Candles of an hour and of a day, kept beside those of a minute."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    pass
