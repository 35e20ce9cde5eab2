"""What is refused of factors, and why; `api/errors.py` says how it is told."""

from collections.abc import Sequence

from api.access.errors import AccessError, KeptRefusal


class RefusedPasskeyError(KeptRefusal):
    """An answer of a passkey that proves nothing: the ceremony is spent, whatever the reason was.

    One wording for all reasons, so that nothing is learnt of which passkeys there are; `reason` is for the
    log.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return "The passkey was not accepted: please begin again."


class UnfitScopesError(AccessError):
    """Scopes that a key of this owner cannot have."""

    def __init__(self, scopes: Sequence[str]) -> None:
        super().__init__(scopes)
        self.scopes = scopes

    def __str__(self) -> str:
        return f"A key of yours cannot have: {', '.join(self.scopes)}."
