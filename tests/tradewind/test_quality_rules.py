"""The file of quality rules: read once, before anything starts, and what is wrong with it is named."""

from pathlib import Path

import pytest

from market.quality import QualityRules, Tolerance
from tradewind.errors import BadSettingError
from tradewind.quality_rules import quality_rules
from tradewind.settings import Settings, load_settings
from tradewind.up import run_up


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rules.toml"


def settings(file: Path | None) -> Settings:
    return load_settings(data=Path("/nowhere"), quality_rules=file)


def test_without_a_file_the_rules_are_the_default() -> None:
    assert quality_rules(settings(None)) == QualityRules()


def test_a_file_changes_what_it_names(file: Path) -> None:
    file.write_text('floor = 0.01\n[instruments."BTC-USDT"]\nwindow = 20\n')
    rules = quality_rules(settings(file))
    assert rules.of("EUR-USD") == Tolerance(floor=0.01)
    assert rules.of("BTC-USDT") == Tolerance(floor=0.01, window=20)


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(BadSettingError, match=f"{file} cannot be read: No such file"):
        quality_rules(settings(file))


@pytest.mark.parametrize(
    ("text", "message"),
    [("floor = ", "is no TOML"), ("flor = 1", "flor is unknown"), ("floor = 7", "between 0 and 1")],
)
def test_up_says_what_is_wrong_before_it_starts_anything(
    file: Path, tmp_path: Path, text: str, message: str
) -> None:
    file.write_text(text)
    with pytest.raises(BadSettingError, match=f"TRADEWIND_QUALITY_RULES: .*{message}"):
        run_up(load_settings(data=tmp_path / "data", quality_rules=file))
    assert not (tmp_path / "data").exists()


def test_a_path_is_made_absolute_for_the_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_QUALITY_RULES", "rules.toml")
    found = load_settings()
    assert found.quality_rules == Path.cwd() / "rules.toml"
    assert found.environment()["TRADEWIND_QUALITY_RULES"] == str(Path.cwd() / "rules.toml")
