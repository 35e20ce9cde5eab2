"""`tradewind keys rotate`: a new key signs, those before it are retired and stay."""

from pathlib import Path

import psycopg
import pytest

from tradewind.keys import run_rotate
from tradewind.master_keys import key_ring
from tradewind.settings import load_settings


def test_the_newest_key_alone_is_not_retired(
    tmp_path: Path, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings(data=tmp_path, database_url=database_url)
    made = []
    for _ in range(2):
        assert run_rotate(settings) == 0
        made.append(capsys.readouterr().out.split()[1])
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT kid, retired_at IS NULL, private_sealed FROM auth.signing_keys"
            " ORDER BY created_at"
        ).fetchall()
    assert [row[:2] for row in found] == [(made[0], False), (made[1], True)]
    ring = key_ring(settings)
    opened = {ring.open(row[2], of=f"auth.signing_keys/{row[0]}/private") for row in found}
    assert [len(private) for private in opened] == [32, 32]
