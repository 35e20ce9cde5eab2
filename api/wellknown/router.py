"""The public keys that access tokens are verified with, for services that do so themselves."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.access.guards import Anyone
from api.services import Services

router = APIRouter(prefix="/.well-known", tags=["auth"])

JWK_SET = "application/jwk-set+json"
KEPT_S = 60
"""How long a set may be kept: less than a verifier would miss a new key that signs."""


class KeySet(BaseModel):
    """A JSON Web Key Set (RFC 7517): not in the envelope, because verifiers know this form."""

    keys: list[dict[str, str]]


class KeySetResponse(JSONResponse):
    media_type = JWK_SET


@router.get("/jwks.json", response_model=KeySet, response_class=KeySetResponse)
async def key_set(_: Anyone, services: Services) -> Response:
    """The keys that sign now, and those whose last tokens have not expired."""
    headers = {"Cache-Control": f"public, max-age={KEPT_S}"}
    return KeySetResponse({"keys": list(services.keys.public().values())}, headers=headers)
