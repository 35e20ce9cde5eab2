"""Factors over HTTP: the authenticator and its backup codes, passkeys, and keys for programs."""

from dataclasses import asdict

from fastapi import APIRouter, Request, Response

from api.access.client import Client
from api.access.guards import Account, SteppedUp
from api.access.owners import KeyId, PasskeyId
from api.access.rates import rate_limited
from api.access.transaction import Transaction
from api.auth.answers import done
from api.auth.factors.api_keys import create_key, key_data, keys_data, revoke_key
from api.auth.factors.passkeys import (
    begin_registration,
    finish_registration,
    passkey_data,
    remove_passkey,
    rename_passkey,
)
from api.auth.factors.schemas import (
    ApiKeyBody,
    ApiKeyData,
    BackupCodesData,
    CeremonyData,
    ConfirmBody,
    EnrolmentData,
    NewApiKeyData,
    PasskeyData,
    PasskeyNameBody,
    RegisterPasskeyBody,
    TwoFactorData,
)
from api.auth.factors.two_factor import (
    begin_enrolment,
    confirm_enrolment,
    disable,
    renew_codes,
    state_of,
)
from api.auth.schemas import DoneData
from api.envelope import Success, success
from api.services import Services
from storage.identity import api_keys, passkeys

router = APIRouter()

COUNTED = [rate_limited("auth")]
"""Routes whose work is dear, or whose answers could be guessed at."""
SECRET = {"Cache-Control": "no-store"}


@router.get("/2fa", response_model=Success[TwoFactorData])
async def two_factor_state(request: Request, owner: Account, services: Services) -> Response:
    """Whether the account has a second factor."""
    return success(request, await services.database.read(state_of, owner))


@router.post("/2fa/enrol", dependencies=COUNTED, response_model=Success[EnrolmentData])
async def enrol(
    request: Request, owner: SteppedUp, services: Services, connection: Transaction
) -> Response:
    """The secret of a new authenticator, as text, as an address and as a picture; not in use yet."""
    enrolment = await begin_enrolment(services, connection, owner)
    return success(request, asdict(enrolment), headers=SECRET)


@router.post("/2fa/confirm", dependencies=COUNTED, response_model=Success[BackupCodesData])
async def confirm(
    request: Request, owner: SteppedUp, body: ConfirmBody, services: Services, client: Client
) -> Response:
    """Turn the second factor on by a code of it; the backup codes are shown this once."""
    codes = await confirm_enrolment(services, owner, body.code, client)
    return success(request, {"backup_codes": codes}, headers=SECRET)


@router.post("/2fa/backup-codes", dependencies=COUNTED, response_model=Success[BackupCodesData])
async def new_backup_codes(
    request: Request, owner: SteppedUp, services: Services, client: Client
) -> Response:
    """Ten new backup codes, shown this once; the old ones are void."""
    codes = await renew_codes(services, owner, client)
    return success(request, {"backup_codes": codes}, headers=SECRET)


@router.delete("/2fa", response_model=Success[DoneData])
async def turn_off(
    request: Request,
    owner: SteppedUp,
    services: Services,
    connection: Transaction,
    client: Client,
) -> Response:
    """Turn the second factor off: the password alone opens the account again."""
    await disable(services, connection, owner, client)
    return done(request)


@router.get("/biometric", response_model=Success[list[PasskeyData]])
async def list_passkeys(request: Request, owner: Account, services: Services) -> Response:
    """The passkeys of the account."""
    found = await services.database.read(passkeys.of_user, owner.user_id)
    return success(request, [passkey_data(passkey) for passkey in found])


@router.post("/biometric/register/begin", response_model=Success[CeremonyData])
async def begin_passkey(
    request: Request, owner: SteppedUp, services: Services, connection: Transaction
) -> Response:
    """What `navigator.credentials.create` takes. To be finished within five minutes, by this session."""
    begun = await begin_registration(services, connection, owner)
    return success(request, asdict(begun), headers=SECRET)


@router.post("/biometric/register", response_model=Success[PasskeyData], status_code=201)
@router.post("/biometric/register/finish", response_model=Success[PasskeyData], status_code=201)
async def add_passkey(
    request: Request,
    owner: SteppedUp,
    body: RegisterPasskeyBody,
    services: Services,
    connection: Transaction,
    client: Client,
) -> Response:
    """Keep the passkey that the browser has made. The two addresses are one operation."""
    passkey = await finish_registration(services, connection, owner, body, client)
    response = success(request, passkey_data(passkey))
    response.status_code = 201
    return response


@router.patch("/biometric/{passkey_id}", response_model=Success[PasskeyData])
async def name_passkey(
    request: Request,
    owner: SteppedUp,
    passkey_id: PasskeyId,
    body: PasskeyNameBody,
    services: Services,
    connection: Transaction,
    client: Client,
) -> Response:
    """Call a passkey something else."""
    renamed = await rename_passkey(services, connection, owner, passkey_id, body.name, client)
    return success(request, passkey_data(renamed))


@router.delete("/biometric/{passkey_id}", response_model=Success[DoneData])
async def delete_passkey(
    request: Request,
    owner: SteppedUp,
    passkey_id: PasskeyId,
    services: Services,
    connection: Transaction,
    client: Client,
) -> Response:
    """Remove a passkey."""
    await remove_passkey(services, connection, owner, passkey_id, client)
    return done(request)


@router.get("/api-keys", response_model=Success[list[ApiKeyData]])
async def list_keys(request: Request, owner: Account, services: Services) -> Response:
    """The keys that are not revoked, the newest first; never the keys themselves."""
    found = await services.database.read(api_keys.of_user, owner.user_id)
    return success(request, keys_data(found))


@router.post("/api-keys", response_model=Success[NewApiKeyData], status_code=201)
async def new_key(
    request: Request,
    owner: SteppedUp,
    body: ApiKeyBody,
    services: Services,
    connection: Transaction,
    client: Client,
) -> Response:
    """Make a key, which is shown this once."""
    key, token = await create_key(services, connection, owner, body, client)
    response = success(request, key_data(key) | {"key": token}, headers=SECRET)
    response.status_code = 201
    return response


@router.delete("/api-keys/{key_id}", response_model=Success[DoneData])
async def delete_key(
    request: Request,
    owner: Account,
    key_id: KeyId,
    services: Services,
    connection: Transaction,
    client: Client,
) -> Response:
    """Revoke a key: no process takes it any more within five seconds."""
    await revoke_key(services, connection, owner, key_id, client)
    return done(request)
