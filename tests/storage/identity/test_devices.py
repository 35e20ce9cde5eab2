"""Devices: known to the account that they signed in to, and to no other."""

from dataclasses import replace
from uuid import uuid4

from storage.identity import devices, sessions
from storage.identity.devices import Device
from storage.pools import Connection
from tests.storage.identity.making import DAY, NOW, new_session, new_user


async def test_a_device_is_known_to_its_account_alone(open_connection: Connection) -> None:
    user, other = await new_user(open_connection), await new_user(open_connection, "e@e.org")
    device = Device(uuid4(), user.id, b"token", "Firefox", NOW, NOW)
    await devices.add(open_connection, device)
    assert await devices.by_token(open_connection, user.id, b"token") == device
    assert await devices.get(open_connection, device.id) == device
    assert await devices.get(open_connection, uuid4()) is None
    assert await devices.by_token(open_connection, other.id, b"token") is None
    assert await devices.by_token(open_connection, user.id, b"other") is None
    await devices.touch(open_connection, device.id, user_agent="Firefox 2", now=NOW + DAY)
    used = replace(device, user_agent="Firefox 2", last_used_at=NOW + DAY)
    assert await devices.by_token(open_connection, user.id, b"token") == used
    assert await devices.get(open_connection, device.id) == used
    assert await devices.get(open_connection, uuid4()) is None


async def test_those_of_an_account_are_forgotten_and_their_sessions_stay(
    open_connection: Connection,
) -> None:
    user, other = await new_user(open_connection), await new_user(open_connection, "e@e.org")
    for number, owner in enumerate((user, user, other)):
        await devices.add(
            open_connection, Device(uuid4(), owner.id, bytes([number]), None, NOW, NOW)
        )
    device = await devices.by_token(open_connection, user.id, b"\x00")
    assert device is not None
    session = await new_session(open_connection, user.id, device_id=device.id)
    assert await devices.count(open_connection, user.id) == 2
    assert await devices.forget_all(open_connection, user.id) == 2
    assert await devices.count(open_connection, user.id) == 0
    assert await devices.count(open_connection, other.id) == 1
    left = await sessions.get(open_connection, session.id)
    assert left == replace(session, device_id=None)
