"""What the factors take."""

from uuid import UUID

import pytest
from pydantic import ValidationError

from api.auth.factors.schemas import MAX_KEY_DAYS, ApiKeyBody, AssertionBody, ConfirmBody

ID = "11111111-1111-4111-8111-111111111111"


def test_a_ceremony_is_named_by_an_id() -> None:
    body = AssertionBody.model_validate({"ceremony_id": ID, "credential": {}})
    assert body.ceremony_id == UUID(ID)
    for wrong in ("", "1", 1, None, ID + "0"):
        with pytest.raises(ValidationError):
            AssertionBody.model_validate({"ceremony_id": wrong, "credential": {}})


def test_a_key_lasts_a_year_at_most_and_a_season_by_default() -> None:
    body = {"name": "a program", "scopes": ["market:read"]}
    assert ApiKeyBody.model_validate(body).expires_in_days == 90
    ApiKeyBody.model_validate(body | {"expires_in_days": MAX_KEY_DAYS})
    for wrong in (0, MAX_KEY_DAYS + 1, 1.5, "7", None):
        with pytest.raises(ValidationError):
            ApiKeyBody.model_validate(body | {"expires_in_days": wrong})


@pytest.mark.parametrize("code", ["12345", "1234567", "12345a", "１２３４５６", 123456])
def test_a_code_is_six_digits(code: object) -> None:
    with pytest.raises(ValidationError):
        ConfirmBody.model_validate({"code": code})
