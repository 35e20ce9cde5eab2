"""The views that a quant may read, and the role that may read nothing else."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    pass
