"""What a sign-in answers: tokens in the body, or in cookies that no script can read."""

from fastapi import Request, Response

from api.access.cookies import SessionCookies, set_cookies
from api.access.csrf import csrf_token
from api.auth.login import SecondFactorWanted
from api.auth.signing_in import SignedIn
from api.envelope import success
from api.services import ServiceSet
from storage.identity.users import User

NO_STORE = {"Cache-Control": "no-store"}


def signed_in(
    request: Request, services: ServiceSet, signed: SignedIn, *, status: int = 200
) -> Response:
    """The tokens of a session, by the transport that it was asked for with."""
    by_cookie = signed.transport == "cookie"
    identity = services.config.identity
    csrf = csrf_token(identity, signed.session_id) if by_cookie else None
    data = {
        "access_token": None if by_cookie else signed.access_token,
        "refresh_token": None if by_cookie else signed.refresh_token,
        "token_type": "Bearer",
        "expires_in": signed.expires_in_s,
        "device_token": None if by_cookie else signed.device_token,
        "csrf_token": csrf,
        "user": user_data(signed.user),
    }
    response = success(request, data, headers=NO_STORE)
    response.status_code = status
    if csrf is not None:
        cookies = SessionCookies(
            signed.access_token, signed.refresh_token, csrf, signed.device_token
        )
        set_cookies(response, identity, cookies)
    return response


def user_data(user: User) -> dict[str, object]:
    """Who somebody is, in short."""
    return {"id": user.id, "email": user.email, "name": user.name, "role": user.role}


def second_factor_wanted(
    request: Request, services: ServiceSet, wanted: SecondFactorWanted
) -> Response:
    """What leads to the second factor, and nowhere else."""
    data = {
        "two_factor_required": True,
        "methods": wanted.methods,
        "pre_2fa_token": wanted.pre_2fa_token,
        "expires_in": services.config.identity.pre_2fa_s,
    }
    return success(request, data, headers=NO_STORE)


def accepted(request: Request) -> Response:
    """The same for an address that is known and for one that is not."""
    response = success(request, {"status": "accepted"})
    response.status_code = 202
    return response


def done(request: Request) -> Response:
    """It is done, and there is no more to say."""
    return success(request, {"status": "done"})
