"""The rules of quality out of the user's file: both flows and every replay are given the same."""

import tomllib

from market.instruments import ALL_INSTRUMENTS
from market.quality import BadRulesError, QualityRules, rules_of
from tradewind.errors import BadSettingError
from tradewind.settings import Settings

_NAME = "TRADEWIND_QUALITY_RULES"


def quality_rules(settings: Settings) -> QualityRules:
    """The rules of these settings; the default ones where no file is named. BadSettingError says what
    is wrong with the file."""
    path = settings.quality_rules
    if path is None:
        return QualityRules()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return rules_of(document, ALL_INSTRUMENTS)
    except OSError as error:
        raise BadSettingError(_NAME, f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettingError(_NAME, f"{path} is no TOML: {error}") from error
    except BadRulesError as error:
        raise BadSettingError(_NAME, f"{path}: {error}") from error
