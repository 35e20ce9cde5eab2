"""Letters of accounts: their links, and how long they are good."""

from datetime import timedelta

from api.auth.notices import (
    ask_to_reset,
    ask_to_verify,
    notify_of_deletion,
    notify_of_device,
    notify_of_lock,
    notify_of_password,
)
from identity.opaque import MAIL, well_formed
from market.clock import datetime_of
from tests.api.auth.harness import CLIENT, account, letters, rows, token_of
from tests.api.harness import Api, Hands

ADDRESS = "ann@example.com"


async def test_links_lead_to_pages_and_hide_their_tokens_in_the_fragment(
    api: Api, clock: Hands
) -> None:
    services, ann = api.app.state.services, await account(api, ADDRESS)
    async with services.writes.transaction() as connection:
        await ask_to_verify(services, connection, ADDRESS, "twm_token")
        await ask_to_reset(services, connection, ADDRESS)
        await notify_of_device(services, connection, ann, CLIENT)
        await notify_of_password(services, connection, ann, CLIENT)
        await notify_of_lock(services, connection, ann)
        await notify_of_deletion(services, connection, ann, datetime_of(clock()))
    found = letters(api, ADDRESS)
    home = api.app.state.config.identity.public_url
    assert found["registration"]["link"] == f"{home}/verify#token=twm_token"
    assert found["already_registered"]["reset_link"] == f"{home}/forgot"
    pages = {"password_reset": "reset", "new_device": "lock", "password_changed": "lock"}
    for letter, page in pages.items():
        link = found[letter]["link"]
        assert link.startswith(f"{home}/{page}#token=")
        assert well_formed(token_of(link), MAIL)
    assert found["new_device"]["device"] == CLIENT.user_agent
    assert found["new_device"]["person"] == "Ann"
    assert {"account_locked", "account_deleted"} <= found.keys()


async def test_tokens_are_stored_as_hashes_and_end(api: Api) -> None:
    services, ann = api.app.state.services, await account(api, ADDRESS)
    async with services.writes.transaction() as connection:
        await ask_to_reset(services, connection, ADDRESS)
        await notify_of_device(services, connection, ann, CLIENT)
    lasting = {
        row["purpose"]: row["expires_at"] - row["created_at"]
        for row in rows(api, "SELECT * FROM auth.mail_tokens")
    }
    assert lasting == {"reset": timedelta(hours=1), "lock": timedelta(days=7)}
    token = token_of(letters(api, ADDRESS)["new_device"]["link"])
    assert token not in str(rows(api, "SELECT * FROM auth.mail_tokens"))
    assert token.encode() not in b"".join(
        bytes(row["context"]) for row in rows(api, "SELECT context FROM delivery.outbox")
    )
