"""The commands of accounts, as a person types them."""

import pytest

from tests.tradewind.support import run_cli


@pytest.mark.parametrize(
    "command", ["keys rotate", "users list", "users role", "users lock", "users unlock", "deliver"]
)
def test_every_command_has_help(command: str) -> None:
    said = run_cli(*command.split(), "--help")
    assert f"Usage: tradewind {command}" in said.stdout


def test_a_role_that_is_none_is_refused() -> None:
    said = run_cli("users", "role", "ann@example.com", "king")
    assert said.returncode == 2
    assert "king" in said.stdout + said.stderr
