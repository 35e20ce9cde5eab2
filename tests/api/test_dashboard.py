"""The built dashboard: its files, its page for every other address, its headers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.config import ApiConfig
from market.sources import Feed
from tests.api.harness import NO_REDIS, NOWHERE, Api, serve

PAGE = "<!doctype html><title>Tradewind</title>"


@pytest.fixture
async def built(tmp_path: Path) -> AsyncIterator[Api]:
    (tmp_path / "secret").write_text("outside")
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "index-BAdc0ffe.js").write_text("export {}")
    async with serve(ApiConfig(NOWHERE, NO_REDIS, Feed.LIVE, folder)) as running:
        yield running


@pytest.mark.parametrize("path", ["/", "/index.html", "/markets", "/instruments/EUR-USD"])
async def test_the_page_is_at_every_address_of_its_own_and_checked_each_time(
    built: Api, path: str
) -> None:
    response = await built.get(path)
    assert (response.status_code, response.text) == (200, PAGE)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert response.headers["referrer-policy"] == "same-origin"
    again = await built.client.get(path, headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304


async def test_a_hashed_file_is_kept_for_good(built: Api) -> None:
    response = await built.get("/assets/index-BAdc0ffe.js")
    assert response.text == "export {}"
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (await built.get("/favicon.svg")).headers["cache-control"] == "no-cache"


async def test_a_hashed_file_that_is_gone_is_missing_and_not_the_page(built: Api) -> None:
    response = await built.get("/assets/index-0ld.js")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    "path", ["/api", "/api/nothing", "/v1/nothing", "/docs/x", "/health/x", "/openapi.json/x"]
)
async def test_an_address_of_the_api_is_never_the_page(built: Api, path: str) -> None:
    assert (await built.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/../secret", "/..%2fsecret", "/assets/../../secret", "//secret"])
async def test_nothing_outside_of_the_folder_is_served(built: Api, path: str) -> None:
    response = await built.client.get(path)
    assert "outside" not in response.text


async def test_a_head_has_no_body(built: Api) -> None:
    response = await built.client.head("/")
    assert (response.status_code, response.content) == (200, b"")


async def test_without_a_build_the_page_says_how_to_make_one(alone: Api, tmp_path: Path) -> None:
    response = await alone.get("/")
    assert response.status_code == 200
    assert "npm run build" in response.text
    async with serve(ApiConfig(NOWHERE, NO_REDIS, Feed.LIVE, tmp_path)) as empty:
        assert (await empty.get("/markets")).text == response.text
