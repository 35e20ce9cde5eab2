"""What is wrong with what somebody shows as a proof."""


class IdentityError(Exception):
    """The root of this room's errors. None of them holds a secret, so each may be logged."""


class MalformedKeyRingError(IdentityError):
    """Master keys that are not `id:base64,…` with 32 bytes each; `reason` shows nothing of them."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the master keys cannot be used: {self.reason}"


class UnknownKeyError(IdentityError):
    """A master key that the ring does not have, or not any more."""

    def __init__(self, key_id: str) -> None:
        super().__init__(key_id)
        self.key_id = key_id

    def __str__(self) -> str:
        return f"there is no master key {self.key_id!r}"


class UnsealError(IdentityError):
    """Sealed bytes that do not open here: they were changed, moved, or sealed by an unknown key."""

    def __init__(self, of: str, reason: str) -> None:
        super().__init__(of, reason)
        self.of = of
        self.reason = reason

    def __str__(self) -> str:
        return f"what is sealed as {self.of} does not open: {self.reason}"


class InvalidTokenError(IdentityError):
    """A token that is not good here; `reason` is for the log, never for who presented it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the token is not good: {self.reason}"


class WeakPasswordError(IdentityError):
    """A password that is not taken; `reason` completes the sentence “the password …”."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The password {self.reason}."


class TooManyHashesError(IdentityError):
    """As many passwords wait to be hashed as may."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most

    def __str__(self) -> str:
        return f"{self.most} passwords wait to be hashed already"


class MalformedAddressError(IdentityError):
    """A text that is no address of its `kind`; it is not told, because it may be somebody's."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind

    def __str__(self) -> str:
        return f"that is not {self.kind}"


class InvalidCeremonyError(IdentityError):
    """An answer of a passkey that proves nothing; `reason` is for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the passkey's answer is not good: {self.reason}"
