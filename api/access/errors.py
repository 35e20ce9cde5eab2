"""What is refused to whom, and why; `api/errors.py` says how it is told."""


class AccessError(Exception):
    """The root of this folder's errors."""


class UnauthenticatedError(AccessError):
    """Nobody, or nobody that can be believed. `reason` is for the log; the client learns only `presented`:
    whether there was a credential at all."""

    def __init__(self, reason: str, *, presented: bool = True) -> None:
        super().__init__(reason, presented)
        self.reason = reason
        self.presented = presented

    def __str__(self) -> str:
        return f"not authenticated: {self.reason}"


class ForbiddenError(AccessError):
    """Somebody who may not do this; `needed` is the scope or role or kind of sign-in that it takes."""

    def __init__(self, needed: str) -> None:
        super().__init__(needed)
        self.needed = needed

    def __str__(self) -> str:
        return f"This needs {self.needed}, which your credential does not have."


class StepUpRequiredError(AccessError):
    """A sensitive act by somebody whose last authentication is too long ago."""

    def __init__(self, within_s: int) -> None:
        super().__init__(within_s)
        self.within_s = within_s

    def __str__(self) -> str:
        return f"This needs an authentication within the last {self.within_s} seconds."


class CsrfError(AccessError):
    """A write by cookie that does not prove to come from a page of ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The request does not prove that it comes from this site: {self.reason}."


class RevocationsUnknownError(AccessError):
    """Tokens cannot be checked against what was revoked, and an unchecked one is never believed."""

    def __str__(self) -> str:
        return "what was revoked is not known"


class RateLimitedError(AccessError):
    """More requests of this kind than one client may make."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"Too many requests: please wait {self.retry_after_s} seconds."


class TooManyAttemptsError(AccessError):
    """More attempts at a password or a code than there may be."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"Too many attempts: please wait {self.retry_after_s} seconds."


class NotFoundError(AccessError):
    """There is no such thing, or it is somebody else's, which is told alike."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind

    def __str__(self) -> str:
        return f"There is no such {self.kind}."


class ConflictError(AccessError):
    """What is asked for contradicts what is; `reason` is a sentence for the client."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class KeptRefusal(AccessError):
    """A refusal whose writes stay: the transaction is committed, and then it is raised."""


class InvalidCredentialsError(KeptRefusal):
    """No such account, or not its password: one answer for both."""

    def __str__(self) -> str:
        return "The e-mail address or the password is wrong."


class InvalidCodeError(KeptRefusal):
    """A code of the second factor that is wrong or was used."""

    def __str__(self) -> str:
        return "The code is wrong or was used."


class RefusedTokenError(KeptRefusal, UnauthenticatedError):
    """A refresh token that is not good; what was revoked because of it stays revoked."""


class AccountLockedError(KeptRefusal):
    """A locked account, told only to who knows its password."""

    def __str__(self) -> str:
        return "This account is locked."


class InvalidMailTokenError(KeptRefusal):
    """A link of a mail that is unknown, used or expired: one wording for all."""

    def __str__(self) -> str:
        return "This link is not valid any more."
