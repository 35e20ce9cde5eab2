"""What goes to quarantine is short and holds no key."""

from connectors.refusals import MAX_EXCERPT_CHARS, refused, scrubbed

CANARY = "CG-sEcReT123"


def test_an_excerpt_is_cut_short() -> None:
    assert refused("why", "x" * 10_000).excerpt == "x" * MAX_EXCERPT_CHARS
    assert len(refused("y" * 1_000, b"").reason) == MAX_EXCERPT_CHARS


def test_bytes_that_are_no_text_are_shown_somehow() -> None:
    assert refused("why", b"a\xff\x00b").excerpt == "a��b"


def test_an_echoed_key_is_scrubbed() -> None:
    for text in (
        f"We have detected your API key as {CANARY} and",
        f'We have detected your API key as \\"{CANARY}\\" and',
        f"API key as **{CANARY}**",
        f"x-rapidapi-key: {CANARY}",
        f"latest.json?app_id={CANARY}",
        f"https://x/query?apikey={CANARY}&a=b",
        f'"access_key": "{CANARY}"',
        f"x_cg_demo_api_key={CANARY}",
    ):
        assert CANARY not in scrubbed(text)
        assert CANARY not in refused(text, text).excerpt + refused(text, "").reason


def test_a_key_that_the_cut_would_split_is_scrubbed_first() -> None:
    text = "x" * (MAX_EXCERPT_CHARS - 20) + f"API key as {CANARY}"
    assert "sEcR" not in refused("why", text).excerpt
