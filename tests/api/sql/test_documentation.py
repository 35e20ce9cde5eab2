"""docs/sql.md: its statements run, its tables are complete."""

import re

from api.errors import REFUSALS
from tests.api.harness import Api
from tests.api.sql.conftest import PATH, ask
from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "docs" / "sql.md").read_text()


async def test_its_statements_run(stored: Api) -> None:
    statements = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
    statements += re.findall(r"\"sql\": \"(.*?)\"", TEXT)
    assert len(statements) == 5
    for statement in statements:
        response = await ask(stored, statement)
        assert response.status_code == 200, (statement, response.text)


async def test_it_names_every_view(stored: Api) -> None:
    section = TEXT.partition("## The views")[2].partition("Several sources")[0]
    named = {
        name
        for line in section.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    assert named == {view["name"] for view in (await stored.data(f"{PATH}/views"))["views"]}


def test_it_tells_every_refusal() -> None:
    codes = {refusal.code: refusal.status for refusal in REFUSALS.values()}
    named = {code: int(status) for status, code in re.findall(r"\| (\d+) \| `(\w+)` \|", TEXT)}
    assert named.items() <= codes.items()
    assert {code for code in codes if code.startswith("SQL_")} <= named.keys()
