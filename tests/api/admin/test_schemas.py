"""What the administration takes."""

import pytest
from pydantic import ValidationError

from api.admin.schemas import AuditParameters, LockBody, UserParameters


def test_pages_count_from_one() -> None:
    pages = [UserParameters.model_validate({"page": page, "limit": 20}) for page in (1, 3)]
    assert [page.skip for page in pages] == [0, 40]


def test_what_something_begins_with_is_found_in_any_case() -> None:
    assert UserParameters.model_validate({"q": "  AnN "}).q == "ann"


def test_a_reason_is_kept_without_what_surrounds_it() -> None:
    assert LockBody(reason=" lost ").reason == "lost"


@pytest.mark.parametrize("reason", ["", " ", "x" * 501, "a\nb", "\x00"])
def test_a_reason_is_one_line_that_can_be_shown(reason: str) -> None:
    with pytest.raises(ValidationError):
        LockBody(reason=reason)


def test_a_time_says_its_zone() -> None:
    with pytest.raises(ValidationError):
        AuditParameters.model_validate({"since": "2026-11-24T00:00:00"})
