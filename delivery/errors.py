"""What can go wrong with a message on its way out."""

from collections.abc import Iterable


class DeliveryError(Exception):
    """The root of this room's errors."""


class UnfitFactsError(DeliveryError):
    """Facts that are not those which a letter tells: `missing` it needs, `unknown` it has no place for."""

    def __init__(self, letter: str, missing: Iterable[str], unknown: Iterable[str]) -> None:
        super().__init__(letter, missing, unknown)
        self.letter = letter
        self.missing = sorted(missing)
        self.unknown = sorted(unknown)

    def __str__(self) -> str:
        return f"letter {self.letter}: missing facts {self.missing}, unknown facts {self.unknown}"


class UnfitAddressError(DeliveryError):
    """An address that no message can carry; it is not told, because it is somebody's."""

    def __str__(self) -> str:
        return "the address can't stand in a message"


class RefusedError(DeliveryError):
    """The server will never take this message."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code

    def __str__(self) -> str:
        return f"the mail server refuses it for good ({self.code})"


class PostponedError(DeliveryError):
    """The server did not take this message now; `code` None: there was no answer."""

    def __init__(self, reason: str, code: int | None = None) -> None:
        super().__init__(reason, code)
        self.reason = reason
        self.code = code

    def __str__(self) -> str:
        code = "" if self.code is None else f" ({self.code})"
        return f"the mail server did not take it{code}: {self.reason}"
