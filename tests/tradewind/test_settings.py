"""Settings: from the environment, `.env` and what is given, and on to child processes."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.config import KEYED
from market.sources import Feed
from storage.keeping import Keeping
from tradewind.errors import BadSettingError
from tradewind.settings import (
    PREFIX,
    FeedChoice,
    Settings,
    child_environment,
    environment_with,
    forget_bytewax_variables,
    load_settings,
)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without `.env`, and an environment without our variables."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestSources:
    def test_nothing_said_means_the_sandbox_on_loopback_with_bundled_servers(self) -> None:
        settings = load_settings()
        assert (settings.feed, settings.host, settings.port) == ("sandbox", "127.0.0.1", 8000)
        assert (settings.database_url, settings.redis_url) == (None, None)

    def test_what_is_given_goes_before_the_environment_and_that_before_the_file(
        self, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (elsewhere / ".env").write_text(
            "TRADEWIND_PORT=1\nTRADEWIND_SANDBOX_PORT=2\nTRADEWIND_SANDBOX_SEED=3\n"
        )
        monkeypatch.setenv("TRADEWIND_PORT", "4")
        monkeypatch.setenv("TRADEWIND_SANDBOX_PORT", "5")
        settings = load_settings(port=6, host=None)
        assert (settings.port, settings.sandbox_port, settings.sandbox_seed) == (6, 5, 3)
        assert settings.host == "127.0.0.1"

    def test_an_empty_variable_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TRADEWIND_FIXER_KEY", "")
        assert load_settings().fixer_key is None

    def test_what_is_kept_for_how_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert load_settings().keeping == Keeping()
        days = {"KEEP_LIVE_DAYS": 1, "KEEP_RECORDED_DAYS": 2, "KEEP_SIMULATED_DAYS": 3}
        days |= {"KEEP_SIMULATED_CANDLES_DAYS": 4, "COMPRESS_AFTER_DAYS": 0}
        for name, value in days.items():
            monkeypatch.setenv(PREFIX + name, str(value))
        assert load_settings().keeping == Keeping(0, 1, 2, 3, 4)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("PORT", "0"),
            ("PORT", "70000"),
            ("FEED", "x"),
            ("STORE_PROCESSES", "0"),
            ("KEEP_LIVE_DAYS", "0"),
            ("COMPRESS_AFTER_DAYS", "-1"),
        ],
    )
    def test_what_makes_no_sense_is_refused(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv(PREFIX + name, value)
        with pytest.raises(BadSettingError, match=f"^{PREFIX}{name}: Input should be "):
            load_settings()

    @pytest.mark.parametrize(
        ("name", "schemes"),
        [
            ("DATABASE_URL", "postgresql:// or postgres://"),
            ("QUANT_DATABASE_URL", "postgresql:// or postgres://"),
            ("REDIS_URL", "redis:// or rediss:// or unix://"),
            ("FIXER_URL", "https:// or http://"),
        ],
    )
    def test_an_address_of_another_scheme_is_named_and_not_shown(
        self, name: str, schemes: str
    ) -> None:
        with pytest.raises(BadSettingError) as raised:
            load_settings(**{name.lower(): "mysql://me:hidden@here/db"})
        assert str(raised.value) == f"{PREFIX}{name}: must begin with {schemes}"

    def test_they_cannot_be_changed(self) -> None:
        with pytest.raises(ValidationError, match="frozen"):
            load_settings().port = 1


class TestPaths:
    def test_they_are_absolute_and_keep_their_links(
        self, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", "/home/somebody")
        (elsewhere / "link").symlink_to("/elsewhere")
        assert load_settings(data="link/d").data == elsewhere / "link" / "d"
        assert load_settings(data="~/d").data == Path("/home/somebody/d")

    def test_data_lives_where_the_desktop_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", "/home/somebody")
        monkeypatch.delenv("XDG_DATA_HOME", raising=False)
        assert load_settings().data == Path("/home/somebody/.local/share/tradewind")
        monkeypatch.setenv("XDG_DATA_HOME", "/srv/share")
        assert load_settings().data == Path("/srv/share/tradewind")
        monkeypatch.setenv("XDG_DATA_HOME", "relative")
        assert load_settings().data == Path("/home/somebody/.local/share/tradewind")

    def test_the_parts_of_the_data_directory(self) -> None:
        settings = load_settings(data="/srv/d")
        assert settings.recovery == Path("/srv/d/recovery")
        assert settings.logs == Path("/srv/d/logs")
        assert "/srv/d/run" in settings.database()
        assert settings.redis() == "unix:///srv/d/run/valkey.sock?db=0"

    def test_servers_of_the_user_go_before_the_bundled(self) -> None:
        settings = load_settings(database_url="postgresql://u@h/d", redis_url="redis://h")
        assert (settings.database(), settings.redis()) == ("postgresql://u@h/d", "redis://h")

    def test_statements_have_a_login_of_their_own_into_the_bundled_database(self) -> None:
        way_in = load_settings(data="/srv/d", feed="live").quant_database()
        assert way_in == "postgresql://tradewind_quant_live@/tradewind?host=/srv/d/run"

    def test_statements_have_no_way_into_the_user_s_database_but_the_user_s(self) -> None:
        settings = load_settings(database_url="postgresql://u@h/d")
        assert settings.quant_database() is None
        way_in = "postgresql://q@h/d"
        assert load_settings(quant_database_url=way_in).quant_database() == way_in

    def test_the_directory_of_sockets_is_made(self, elsewhere: Path) -> None:
        made = load_settings(data=elsewhere / "d", run=elsewhere / "r").run_directory()
        assert made == elsewhere / "r"
        assert made.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("choice", "feed"),
    [
        (FeedChoice.SANDBOX, Feed.SIMULATED),
        (FeedChoice.LIVE, Feed.LIVE),
        (FeedChoice.REPLAY, Feed.RECORDED),
    ],
)
def test_each_feed_gives_data_of_one_class(choice: FeedChoice, feed: Feed) -> None:
    assert load_settings(feed=choice).feed_class is feed


class TestChildren:
    def test_a_child_sees_what_its_supervisor_saw(
        self, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given = load_settings(
            feed="replay",
            replay_paths=["a.zip", "b c.zip"],
            fixer_key="abc",
            database_url="postgresql://u:p%40@h/d",
            cors_origins="https://a.example,http://b.example:3000",
            trusted_proxies="10.0.0.0/8",
            mail_from="Trade <t@x.example>",
            smtp_url="smtp://u:p@h",
            master_keys="1:abc",
        )
        environment = child_environment(given)
        (elsewhere / ".env").write_text("TRADEWIND_PORT=1\nTRADEWIND_FIXER_KEY=other\n")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        seen = load_settings()
        assert seen.supervisor == os.getpid()
        assert seen.model_copy(update={"supervisor": None}) == given
        assert seen.replay_paths == (elsewhere / "a.zip", elsewhere / "b c.zip")

    def test_nothing_steers_bytewax_behind_our_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BYTEWAX_DATAFLOW_API_ENABLED", "1")
        assert "BYTEWAX_DATAFLOW_API_ENABLED" not in child_environment(load_settings())
        forget_bytewax_variables()
        assert "BYTEWAX_DATAFLOW_API_ENABLED" not in os.environ


class TestKeys:
    def test_they_are_not_shown(self) -> None:
        assert "abc" not in repr(Settings(fixer_key="abc"))  # type: ignore[arg-type]  # pydantic wraps it

    def test_those_there_are_by_provider(self) -> None:
        settings = load_settings(openexchangerates_key="abc", coingecko_key="def")
        assert settings.provider_keys == {"openexchangerates": "abc", "coingecko": "def"}

    def test_every_provider_that_takes_a_key_has_one(self) -> None:
        assert set(load_settings().provider_plans) == set(KEYED)

    def test_plans_are_the_free_ones(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TRADEWIND_ALPHAVANTAGE_PLAN", "premium75")
        assert load_settings().provider_plans == {
            "alphavantage": "premium75",
            "fixer": "free",
            "openexchangerates": "free",
            "coingecko": "demo",
        }


class TestMail:
    def test_without_a_server_it_is_shown_on_this_machine_alone(self) -> None:
        assert load_settings().mail_shown
        assert load_settings(public_url="http://127.0.0.1:8000").mail_shown
        assert not load_settings(host="0.0.0.0").mail_shown
        assert not load_settings(public_url="https://tradewind.example").mail_shown
        assert not load_settings(trusted_proxies="127.0.0.1").mail_shown
        sent = load_settings(mail_from="t@x.example", smtp_url="smtp://h")
        assert not sent.mail_shown

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"smtp_url": "http://hidden@h"}, "SMTP_URL: must begin with smtp:// or smtps://"),
            ({"smtp_url": "smtp://u:hidden@h"}, "SMTP_URL: needs TRADEWIND_MAIL_FROM beside it"),
            ({"mail_from": "x"}, "MAIL_FROM: must be an address, or a name and an <address>"),
        ],
    )
    def test_what_makes_no_sense_is_refused_and_not_shown(
        self, given: dict[str, str], said: str
    ) -> None:
        with pytest.raises(BadSettingError) as raised:
            load_settings(**given)
        assert str(raised.value) == f"{PREFIX}{said}"

    def test_its_password_and_the_master_keys_are_among_the_secrets(self) -> None:
        settings = load_settings(
            fixer_key="f",
            mail_from="t@x.example",
            smtp_url="smtp://u:p%40@h",
            master_keys="2:bbb=,1:aaa=",
        )
        assert settings.secrets == ["f", "bbb=", "aaa=", "p@"]
        assert not any(secret in repr(settings) for secret in ("bbb", "aaa", "p%40"))


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ({}, "http://localhost:8000"),
        ({"port": 81, "host": "0.0.0.0"}, "http://localhost:81"),
        ({"host": "::1"}, "http://localhost:8000"),
        ({"host": "10.0.0.7"}, "http://10.0.0.7:8000"),
        ({"host": "fd00::7"}, "http://[fd00::7]:8000"),
        ({"public_url": "https://Tradewind.example/"}, "https://tradewind.example"),
    ],
)
def test_how_browsers_reach_it(given: dict[str, object], origin: str) -> None:
    assert load_settings(**given).public() == origin


def test_a_program_of_others_has_our_variables_and_those_above(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGUSER", "somebody")
    monkeypatch.setenv("PGPORT", "5433")
    found = environment_with({"PGUSER": "tradewind"})
    assert (found["PGUSER"], found["PGPORT"]) == ("tradewind", "5433")
