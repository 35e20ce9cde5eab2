"""The resource as a whole: its operations, and what the document says of their refusals."""

from tests.api.harness import Api

OPERATIONS = {
    "/api/auth/register": {"post": "public"},
    "/api/auth/verify-email": {"post": "public"},
    "/api/auth/login": {"post": "public"},
    "/api/auth/verify-2fa": {"post": "pre_2fa"},
    "/api/auth/refresh-token": {"post": "public"},
    "/api/auth/logout": {"post": "session"},
    "/api/auth/me": {"get": "session", "patch": "session"},
    "/api/auth/step-up": {"post": "session"},
    "/api/auth/password": {"patch": "stepped_up"},
    "/api/auth/password/forgot": {"post": "public"},
    "/api/auth/password/reset": {"post": "public"},
    "/api/auth/account": {"delete": "stepped_up"},
    "/api/auth/account/lock": {"post": "public"},
    "/api/auth/sessions": {"get": "session"},
    "/api/auth/sessions/{session_id}": {"delete": "session"},
}


async def test_every_operation_is_documented_with_its_audience_and_refusals(api: Api) -> None:
    paths = (await api.client.get("/openapi.json")).json()["paths"]
    for path, operations in OPERATIONS.items():
        found = {method: each["x-audience"] for method, each in paths[path].items()}
        assert found == operations
        for operation in paths[path].values():
            assert {"401", "403", "422", "429", "503"} <= operation["responses"].keys()
