"""What a person does with the dashboard, against a running Tradewind."""

import gzip
import re
import time

import pytest
from playwright.sync_api import BrowserContext, Page, Response, ViewportSize, expect

from tests.browser.conftest import PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SYMBOL = "BTC-USDT"
PHONE: ViewportSize = {"width": 360, "height": 740}
MAX_SCRIPT_BYTES = 170_000
"""Of gzip, the charting library included."""
MAX_LAYOUT_SHIFT = 0.01
POLL_MS = 50
QUIET_MS = 2_000
"""How long a page is watched for what must not happen."""

PRICE = f"tr[data-symbol='{SYMBOL}'] .price__text"
PILL = ".pill"
CLOSE = ".legend [data-figure='C']"

COUNT_COLOURS = """() => {
    const colours = new Set();
    for (const canvas of document.querySelectorAll('.candles__canvas canvas')) {
        const { width, height } = canvas;
        if (width === 0 || height === 0) continue;
        const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
        for (let at = 0; at < pixels.length; at += 4)
            colours.add(pixels[at] << 16 | pixels[at + 1] << 8 | pixels[at + 2]);
    }
    return colours.size;
}"""


def wait_for(page: Page, expression: str, argument: object = None) -> None:
    """Until the expression is true. Playwright would evaluate in the page, whose policy forbids it."""
    deadline = time.monotonic() + PATIENCE_MS / 1_000
    while not page.evaluate(expression, argument):
        assert time.monotonic() < deadline, f"never true: {expression}"
        page.wait_for_timeout(POLL_MS)


def wait_for_another_text(page: Page, selector: str) -> None:
    before = page.locator(selector).first.inner_text()
    wait_for(
        page,
        "([selector, before]) => document.querySelector(selector)?.innerText !== before",
        [selector, before],
    )


def wait_for_scheme(page: Page, scheme: str) -> None:
    wait_for(
        page,
        "(scheme) => getComputedStyle(document.documentElement).colorScheme === scheme",
        scheme,
    )


def wait_for_drawn_chart(page: Page) -> None:
    """Until candles of two colours, a grid and labels are on the canvases: a blank one has one colour."""
    page.wait_for_selector(".candles__canvas canvas")
    wait_for(page, f"() => ({COUNT_COLOURS})() > 8")


def local_choice(page: Page, label: str) -> str:
    chosen = page.get_by_role("radiogroup", name=label).locator("input:checked")
    return str(chosen.get_attribute("value"))


class TestTheFirstPage:
    def test_shows_moving_prices_and_a_moving_chart(self, page: Page) -> None:
        page.goto("/")
        expect(page.locator("tr.row").first).to_be_visible()
        wait_for_another_text(page, PRICE)
        wait_for_drawn_chart(page)
        wait_for_another_text(page, CLOSE)
        image = page.locator(".candles__canvas").screenshot()
        page.wait_for_timeout(QUIET_MS)
        assert page.locator(".candles__canvas").screenshot() != image

    def test_flashes_only_the_digits_that_changed(self, page: Page) -> None:
        page.goto("/")
        wait_for_another_text(page, PRICE)
        flash = page.locator(f"tr[data-symbol='{SYMBOL}'] .price__changed")
        expect(flash).to_have_attribute("data-flash", re.compile("^(up|down)-[01]$"))

    def test_says_plainly_that_it_is_simulated_and_connected(self, page: Page) -> None:
        page.goto("/")
        expect(page.get_by_text("SIMULATED", exact=True)).to_be_visible()
        expect(page.locator(PILL)).to_contain_text(re.compile(r"Live\s*\d+ ms"))

    def test_moves_nothing_but_prices(self, page: Page) -> None:
        page.goto("/")
        wait_for_another_text(page, PRICE)
        wait_for_drawn_chart(page)
        page.evaluate(
            """() => {
                window.shift = 0;
                new PerformanceObserver((list) => {
                    for (const entry of list.getEntries()) window.shift += entry.value;
                }).observe({ type: 'layout-shift' });
            }"""
        )
        page.wait_for_timeout(QUIET_MS)
        assert page.evaluate("window.shift") <= MAX_LAYOUT_SHIFT

    def test_loads_no_more_script_than_it_may(self, page: Page) -> None:
        scripts: list[Response] = []
        page.on(
            "response",
            lambda response: scripts.append(response) if ".js" in response.url else None,
        )
        page.goto("/")
        wait_for_drawn_chart(page)
        assert sum(len(gzip.compress(script.body())) for script in scripts) <= MAX_SCRIPT_BYTES


class TestTheWatchlist:
    def test_is_walked_and_pinned_by_keyboard(self, page: Page) -> None:
        page.goto("/")
        page.locator("tr.row[tabindex='0']").focus()
        heading = page.get_by_role("heading", level=2)
        expect(heading).to_have_text(SYMBOL)
        page.keyboard.press("ArrowDown")
        expect(heading).to_have_text("ETH-USDT")
        expect(page.locator("tr[data-symbol='ETH-USDT']")).to_be_focused()
        page.keyboard.press("f")
        expect(page.locator("tr.group").first).to_contain_text("Pinned")
        page.locator("tr[data-symbol='ETH-USDT']").focus()
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/instruments/ETH-USDT$"))

    def test_filters_by_class_and_sorts_within_it(self, page: Page) -> None:
        page.goto("/")
        page.get_by_role("radio", name="Stocks").check()
        expect(page.locator("tr.row")).to_have_count(12)
        page.get_by_role("columnheader", name="Symbol").get_by_role("button").click()
        expect(page.locator("tr.row").first).to_have_attribute("data-symbol", "AAPL")
        expect(page.get_by_role("columnheader", name="Symbol")).to_have_attribute(
            "aria-sort", "ascending"
        )

    def test_draws_the_rows_in_sight_as_it_scrolls(self, page: Page) -> None:
        page.goto("/")
        expect(page.locator("tr[data-symbol='EUR-USD']")).to_be_attached()
        expect(page.locator("tr[data-symbol='XOM']")).to_have_count(0)
        page.locator(".watchlist").evaluate("element => element.scrollTo(0, 1e6)")
        expect(page.locator("tr[data-symbol='XOM']")).to_be_in_viewport()


class TestAnInstrumentsPage:
    def test_opens_by_its_address_with_price_chart_and_source(self, page: Page) -> None:
        page.goto(f"/instruments/{SYMBOL}")
        expect(page.get_by_role("heading", level=1)).to_have_text(SYMBOL)
        wait_for_another_text(page, ".head__price .price__text")
        wait_for_drawn_chart(page)
        facts = page.get_by_role("complementary", name="Facts")
        expect(facts).to_contain_text("Binance")
        expect(facts).to_contain_text("since 00:00 UTC")
        expect(page).to_have_title(re.compile(rf"^[\d,.]+ {SYMBOL}"))

    def test_switches_the_interval_and_grows_the_candle_of_that_time(self, page: Page) -> None:
        page.goto(f"/instruments/{SYMBOL}")
        page.get_by_role("radio", name="15m").check()
        wait_for(page, "() => Number(document.querySelector('.legend')?.dataset.time) % 900 === 0")
        wait_for_drawn_chart(page)
        wait_for_another_text(page, CLOSE)

    def test_says_when_there_is_no_such_instrument(self, page: Page) -> None:
        page.goto("/instruments/NOPE")
        expect(page.get_by_text("There is no instrument NOPE.")).to_be_visible()
        page.get_by_role("button", name="To the markets").click()
        expect(page.locator("tr.row").first).to_be_visible()

    def test_goes_back_to_the_markets(self, page: Page) -> None:
        page.goto("/markets")
        page.get_by_role("link", name="Open").click()
        expect(page).to_have_url(re.compile(f"/instruments/{SYMBOL}$"))
        page.go_back()
        expect(page.locator("tr.row").first).to_be_visible()


class TestSearch:
    def test_finds_and_opens_by_keyboard(self, page: Page) -> None:
        page.goto("/")
        expect(page.locator("tr.row").first).to_be_visible()
        page.keyboard.press("/")
        search = page.get_by_role("combobox", name="Search instruments")
        expect(search).to_be_focused()
        page.keyboard.type("btc")
        options = page.get_by_role("option")
        expect(options).to_have_count(2)
        page.keyboard.press("ArrowDown")
        chosen = options.nth(1)
        expect(chosen).to_have_attribute("aria-selected", "true")
        symbol = chosen.locator("b").inner_text()
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(f"/instruments/{symbol}$"))
        expect(page.get_by_role("heading", level=1)).to_have_text(symbol)

    def test_says_when_nothing_fits_and_closes_by_escape(self, page: Page) -> None:
        page.goto("/")
        expect(page.locator("tr.row").first).to_be_visible()
        page.keyboard.press("/")
        page.keyboard.type("zzz")
        expect(page.get_by_text("Nothing is called “zzz”.")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("listbox")).to_have_count(0)


class TestWhatAPersonChose:
    def test_is_kept_over_a_reload(self, page: Page) -> None:
        page.goto("/")
        page.get_by_role("radio", name="5m", exact=True).check()
        page.locator("tr[data-symbol='EUR-USD'] .pin").click(force=True)
        page.get_by_role("radio", name="Pinned").check()
        page.reload()
        expect(page.locator("tr.row")).to_have_count(1)
        expect(page.locator("tr.row")).to_have_attribute("data-symbol", "EUR-USD")
        assert local_choice(page, "Interval") == "5m"
        assert local_choice(page, "Filter") == "pinned"

    def test_of_a_theme_is_shown_and_kept(self, page: Page) -> None:
        page.goto("/")
        switch = page.get_by_role("button", name=re.compile("^Theme"))
        wait_for_scheme(page, "light")
        switch.click()
        switch.click()
        for _ in range(2):
            expect(switch).to_have_attribute("title", "Theme: dark")
            wait_for_scheme(page, "dark")
            page.reload()

    def test_follows_the_system_until_something_is_chosen(self, page: Page) -> None:
        page.emulate_media(color_scheme="dark")
        page.goto("/")
        wait_for_scheme(page, "dark")


class TestOnAPhone:
    @pytest.fixture
    def page(self, page: Page) -> Page:
        page.set_viewport_size(PHONE)
        return page

    @pytest.mark.parametrize("path", ["/", f"/instruments/{SYMBOL}", "/instruments/PEPE-USD"])
    def test_nothing_is_wider_than_the_screen(self, page: Page, path: str) -> None:
        page.goto(path)
        wait_for_another_text(page, ".price__text")
        assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
        assert page.locator("main").evaluate("element => element.scrollWidth") <= PHONE["width"]

    def test_a_tap_on_a_row_opens_the_instrument(self, page: Page) -> None:
        page.goto("/")
        page.locator("tr[data-symbol='GBP-USD']").click()
        expect(page).to_have_url(re.compile("/instruments/GBP-USD$"))
        wait_for_drawn_chart(page)

    def test_the_pages_are_named_at_the_bottom(self, page: Page) -> None:
        page.goto("/")
        box = page.get_by_role("navigation", name="Pages").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] == PHONE["height"]


class TestABrokenConnection:
    def test_is_told_with_a_countdown_and_mended_by_a_click(
        self, context: BrowserContext, page: Page, page_errors: list[str]
    ) -> None:
        context.route("**/api/stream/prices", lambda route: route.abort())
        page.goto("/")
        pill = page.locator(PILL)
        expect(pill).to_contain_text(re.compile(r"Reconnecting\s*\d+ s"))
        expect(page.get_by_text("No prices arrive")).to_be_visible()
        expect(page.locator("tr.row").first).to_be_visible()
        context.unroute("**/api/stream/prices")
        pill.click()
        expect(pill).to_contain_text("Live")
        wait_for_another_text(page, PRICE)
        page_errors.clear()
