"""The signed tokens of a session, in the name of this installation."""

from api.services import ServiceSet
from identity.scopes import scopes_of
from identity.tokens import issue_access, issue_pre_2fa
from market.clock import microseconds
from storage.identity.sessions import Session
from storage.identity.users import User

_US = 1_000_000


def access_token(services: ServiceSet, user: User, session: Session) -> str:
    """An access token of a session, for what the user's role may do now."""
    identity = services.config.identity
    return issue_access(
        services.keys.signer(),
        issuer=identity.issuer,
        audience=identity.audience,
        user_id=user.id,
        session_id=session.id,
        email=user.email,
        role=user.role,
        scopes=scopes_of(user.role),
        auth_time_s=microseconds(session.authenticated_at) / _US,
        now_s=services.config.clock() / _US,
        lasts_s=identity.access_s,
    )


def pre_2fa_token(services: ServiceSet, user: User, session: Session) -> str:
    """A token that leads to the second factor, and nowhere else."""
    identity = services.config.identity
    return issue_pre_2fa(
        services.keys.signer(),
        issuer=identity.issuer,
        audience=identity.audience,
        user_id=user.id,
        session_id=session.id,
        email=user.email,
        now_s=services.config.clock() / _US,
        lasts_s=identity.pre_2fa_s,
    )
