"""Ids that belong to somebody are marked as such."""

from typing import get_args

import pytest

from api.access.owners import KeyId, OwnerField, PasskeyId, SessionId


@pytest.mark.parametrize(
    ("type_", "kind"), [(SessionId, "session"), (KeyId, "api_key"), (PasskeyId, "passkey")]
)
def test_an_id_says_of_what_it_is(type_: object, kind: str) -> None:
    assert OwnerField(kind) in get_args(type_)
