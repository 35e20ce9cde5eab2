"""Who is asking."""

import pytest

from tests.api.access.making import principal


def test_a_session_is_there_where_a_guard_made_sure_of_it() -> None:
    found = principal()
    assert found.session == found.session_id


def test_an_api_key_has_no_session() -> None:
    with pytest.raises(AssertionError):
        _ = principal(session_id=None).session
