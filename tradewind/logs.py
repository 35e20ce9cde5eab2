"""Logging: one JSON object a line on stderr, for our own events and those of libraries, without secrets
and with addresses and telephone numbers masked."""

import logging
import re
import sys
from collections.abc import Sequence

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from identity.masking import masked_email, masked_phone

HIDDEN = "[hidden]"

_SECRET_FIELD = re.compile(
    r"key$|keys$|token|secret|passw|authorization|cookie|csrf|backup_code|totp", re.IGNORECASE
)
_SECRET_PARAMETER = re.compile(
    r"(\b\w*(?:key|token|secret|password)=)[^&\s\"']+|(://[^/@\s:]*:)[^/@\s]+(?=@)",
    re.IGNORECASE,
)
_SECRET_MEMBER = re.compile(
    # In JSON, and in what Python says of a dictionary.
    r"""(["']\w*(?:key|token|secret|passw|backup_code)\w*["']\s*:\s*b?)(?:"[^"]*"|'[^']*')""",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    # Ours, JSON Web Tokens or their beginnings, addresses that carry a TOTP secret, codes of six digits.
    r"""\b(tw[rdkmt]_)[A-Za-z0-9_-]{16,}|\b(eyJ)[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*|(otpauth://)[^\s"']+"""
    r"""|(\bcode["']?\s*[:=]\s*["']?)\d{6,8}\b"""
)
_EMAIL = re.compile(
    # Not the user of an address such as postgresql://user@host.
    r"(?<![/\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
)
_PHONE = re.compile(r"(?<![\w:.+-])\+[1-9](?:[ -]?\d){6,14}(?![\d:.])")
_LARGEST_INTEGER = 2**63 - 1
_QUIET_LIBRARIES = ("httpx2", "httpcore2", "websockets", "alembic", "asyncio", "uvicorn.access")
"""They tell at `info` what is of no interest, or addresses that hold keys."""


def configure(level: str, keys: Sequence[str] = ()) -> None:
    """Send every event of `level` and above to stderr; `keys` are values that must never show."""
    redact = Redaction(keys)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _without_colours,
                redact,
                _render,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.captureWarnings(True)
    for library in _QUIET_LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


class Redaction:
    """Hides what must not be read in a log: fields named like secrets, keys in addresses, given values."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        # The longest first: one key may begin with another.
        self._keys = sorted((key for key in keys if key), key=len, reverse=True)

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {
            name: HIDDEN if _SECRET_FIELD.search(name) else self._cleaned(value)
            for name, value in event.items()
        }

    def _cleaned(self, value: object) -> object:
        match value:
            case str():
                return self._text(value)
            case dict():
                return self(None, "", {str(name): part for name, part in value.items()})
            case list() | tuple():
                return [self._cleaned(part) for part in value]
            case int() if abs(value) > _LARGEST_INTEGER:
                return str(value)
            case int() | float() | None:
                return value
            case _:
                return self._text(str(value))

    def _text(self, text: str) -> str:
        # Half a surrogate pair, out of a file's name, has no UTF-8.
        text = text.encode("utf-8", "backslashreplace").decode()
        for key in self._keys:
            text = text.replace(key, HIDDEN)
        for pattern in (_SECRET_PARAMETER, _SECRET_MEMBER, _TOKEN):
            text = pattern.sub(lambda found: f"{found[found.lastindex or 0]}{HIDDEN}", text)
        text = _EMAIL.sub(lambda found: masked_email(found[0]), text)
        return _PHONE.sub(lambda found: masked_phone(found[0]), text)


def _without_colours(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.pop("color_message", None)  # uvicorn's message once more, for a terminal
    return event


def _render(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return orjson.dumps(event).decode()
