"""Bodies of the doors: what they take, in which form, and what they refuse."""

import pytest
from pydantic import BaseModel, ValidationError

from api.auth.schemas import (
    ForgotBody,
    LoginBody,
    LogoutBody,
    PasswordBody,
    ProfileBody,
    RefreshBody,
    RegisterBody,
    ResetBody,
    SecondFactorBody,
    StepUpBody,
    TokenBody,
)

BODIES: dict[type[BaseModel], dict[str, object]] = {
    RegisterBody: {"email": "a@example.com", "password": "p", "name": "Ann"},
    TokenBody: {"token": "t"},
    LoginBody: {"email": "a@example.com", "password": "p"},
    SecondFactorBody: {"code": "123456"},
    RefreshBody: {},
    LogoutBody: {},
    ProfileBody: {"name": "Ann"},
    PasswordBody: {"current_password": "p", "new_password": "q"},
    ForgotBody: {"email": "a@example.com"},
    ResetBody: {"token": "t", "new_password": "p"},
    StepUpBody: {"password": "p"},
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("field", ["user_id", "role", "status", "balance", "anything"])
def test_a_field_that_is_not_a_bodys_is_refused(body: type[BaseModel], field: str) -> None:
    body.model_validate(BODIES[body])
    with pytest.raises(ValidationError):
        body.model_validate(BODIES[body] | {field: "x"})


def test_an_address_is_taken_in_its_one_form() -> None:
    assert ForgotBody.model_validate({"email": " Ann@Example.COM "}).email == "ann@example.com"


@pytest.mark.parametrize("email", ["ann", "ann@", "@example.com", "a b@example.com", 7, None])
def test_what_is_no_address_is_refused(email: object) -> None:
    with pytest.raises(ValidationError):
        ForgotBody.model_validate({"email": email})


@pytest.mark.parametrize("code", ["12345", "1234567", "12345a", "١٢٣٤٥٦", 123456])
def test_what_is_no_code_is_refused(code: object) -> None:
    with pytest.raises(ValidationError):
        SecondFactorBody.model_validate({"code": code})


def test_a_body_does_not_show_its_secrets() -> None:
    for body, fields in BODIES.items():
        shown = repr(body.model_validate(fields))
        assert "'p'" not in shown
        assert "'t'" not in shown
        assert "123456" not in shown
