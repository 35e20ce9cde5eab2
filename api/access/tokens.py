"""Access tokens that were presented, with a memory of those that were verified.

A signature is checked once; from then on a token costs a look-up, its expiry and the revocations.
"""

from collections import OrderedDict
from collections.abc import Callable

from api.access.errors import UnauthenticatedError
from api.access.principal import By, Principal
from api.access.revocation import Revocations
from api.access.signing import SigningKeys
from api.config import IdentityConfig
from identity.errors import InvalidTokenError
from identity.tokens import AccessClaims, kid_of, verify_access, verify_pre_2fa
from market.clock import Clock

MAX_REMEMBERED = 20_000
"""Verified tokens: about 2 kB each."""


class PresentedTokens:
    """Tokens to principals. Belongs to one event loop."""

    def __init__(
        self,
        keys: SigningKeys,
        revocations: Revocations,
        identity: IdentityConfig,
        clock: Clock,
        *,
        most: int = MAX_REMEMBERED,
    ) -> None:
        self._keys = keys
        self._revocations = revocations
        self._identity = identity
        self._clock = clock
        self._most = most
        self._verified: OrderedDict[tuple[str, By], Principal] = OrderedDict()

    async def principal(self, token: str, by: By) -> Principal:
        """Whose access token it is. UnauthenticatedError where it is not good, or not any more;
        RevocationsUnknownError where that cannot be told."""
        found = self._verified.get((token, by))
        if found is None:
            found = _principal(await self._verify(token, verify_access), by)
            self._remember((token, by), found)
        elif found.expires_at_s <= self._clock() / 1_000_000:
            del self._verified[token, by]
            raise UnauthenticatedError("the token has expired")
        else:
            self._verified.move_to_end((token, by))
        if self._revocations.is_revoked(found):
            self._verified.pop((token, by), None)
            raise UnauthenticatedError("the token was revoked")
        return found

    async def pre_2fa(self, token: str) -> Principal:
        """Who has given a password and owes the second factor. Raises as `principal`."""
        claims = await self._verify(token, verify_pre_2fa)
        found = _principal(claims, "bearer")
        if self._revocations.is_revoked(found):
            raise UnauthenticatedError("the token was revoked")
        return found

    async def _verify(self, token: str, verify: Callable[..., AccessClaims]) -> AccessClaims:
        try:
            return verify(
                token,
                await self._keys.public_with(kid_of(token)),
                issuer=self._identity.issuer,
                audience=self._identity.audience,
                now_s=self._clock() / 1_000_000,
            )
        except InvalidTokenError as error:
            raise UnauthenticatedError(error.reason) from error

    def _remember(self, key: tuple[str, By], principal: Principal) -> None:
        self._verified[key] = principal
        if len(self._verified) > self._most:
            self._verified.popitem(last=False)


def _principal(claims: AccessClaims, by: By) -> Principal:
    return Principal(
        user_id=claims.user_id,
        session_id=claims.session_id,
        api_key_id=None,
        email=claims.email,
        role=claims.role,
        scopes=claims.scopes,
        issued_at_s=claims.issued_at_s,
        expires_at_s=claims.expires_at_s,
        by=by,
    )
