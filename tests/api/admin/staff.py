"""Support and administrators, signed in."""

import httpx2

from tests.api.auth.harness import Person, account, bearer
from tests.api.harness import Api

MISSING = "11111111-1111-4111-8111-111111111111"


async def staff(api: Api, role: str, email: str = "") -> Person:
    """Somebody of that role, who has just logged in."""
    user = await account(api, email or f"{role}@example.com", role)
    person = Person(api, user.email, user.id)
    assert (await person.login()).status_code == 200
    return person


async def ask(
    person: Person | None, method: str, path: str, body: object = None, *, api: Api | None = None
) -> httpx2.Response:
    """A request to the administration, of somebody or of nobody."""
    headers = {} if person is None else bearer(person.access_token)
    of = api if person is None else person.api
    assert of is not None
    return await of.client.request(method, f"/api/admin/{path}", json=body, headers=headers)
