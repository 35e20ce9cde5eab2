"""The settings of a command put in place what they say about its process."""

import logging
from pathlib import Path

import pytest

from tradewind import logs
from tradewind.parameters import settings_of


def test_a_command_s_settings_begin_its_log_and_name_what_must_not_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(logs, "configure", lambda *arguments: told.append(arguments))
    settings = settings_of(data=tmp_path, log_level="debug", fixer_key="hidden", port=None)
    assert told == [("debug", ["hidden"])]
    assert (settings.data, settings.port) == (tmp_path, 8000)
    assert logging.getLogger().level != logging.DEBUG
