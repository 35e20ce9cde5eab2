"""A running Tradewind and a Chromium that looks at it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.tradewind.support import Up

REPOSITORY = Path(__file__).resolve().parent.parent.parent
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 20_000
"""How long a page may take to show what it should; machines that test are busy."""
DESKTOP: ViewportSize = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; skips where there is none, fails where CI says so."""
    paths = filter(None, map(shutil.which, CHROMIUM_NAMES))
    executable = next(paths, None)
    if executable is None:
        _give_up("no Chromium here: install Debian's package chromium")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)


@pytest.fixture(scope="module")
def running() -> Iterator[Up]:
    """A `tradewind up` on the sandbox, of this module's own."""
    if not (REPOSITORY / "dashboard" / "dist" / "index.html").is_file():
        _give_up("the dashboard is not built: `make test` builds it")
    home = Path(tempfile.mkdtemp(prefix="tw-"))
    up = Up(home / "data")
    try:
        up.wait_ready()
        yield up
    finally:
        up.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def live_url(running: Up) -> str:
    """Where it is looked at."""
    return f"http://127.0.0.1:{running.port}"


@pytest.fixture
def context(browser: Browser, live_url: str) -> Iterator[BrowserContext]:
    """A browser that has never been here: nothing kept, a light system, English numbers."""
    context = browser.new_context(
        base_url=live_url, viewport=DESKTOP, color_scheme="light", locale="en-US"
    )
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page_errors() -> list[str]:
    """What the page complained about. A test that provokes it takes it out."""
    return []


@pytest.fixture
def page(context: BrowserContext, page_errors: list[str]) -> Iterator[Page]:
    """A page; an error in its console fails the test."""
    page = context.new_page()

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            page_errors.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: page_errors.append(str(error)))
    yield page
    assert page_errors == []


def _give_up(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
