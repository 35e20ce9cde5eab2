"""Addresses as they may be shown to somebody who need not know them."""

_KEPT_DIGITS = 2


def masked_email(email: str) -> str:
    """`t***@e***.com` of test@example.com; what is no address is masked wholly."""
    local, at, domain = email.rpartition("@")
    name, dot, top = domain.rpartition(".")
    if not (local and at):
        return "***"
    if not (name and dot and top):
        return f"{local[0]}***@***"
    return f"{local[0]}***@{name[0]}***.{top}"


def masked_phone(phone: str) -> str:
    """`+4***67` of +442079460167: the first and the last two characters; a short one is masked wholly."""
    if len(phone) < 4 * _KEPT_DIGITS:
        return "***"
    return f"{phone[:_KEPT_DIGITS]}***{phone[-_KEPT_DIGITS:]}"
