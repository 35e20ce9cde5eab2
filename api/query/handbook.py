"""The vocabulary as a page: `python -m api.query.handbook > docs/vocabulary.md` writes it anew."""

from collections.abc import Iterator, Mapping

import orjson

from api.query.document import BOUNDS, RULES
from api.query.schemas import EXAMPLES
from pricing_engine.quant.items import Item, Parameter
from pricing_engine.quant.vocabulary import FIELDS, VOCABULARY

_HEAD = """# The vocabulary of quant queries

`POST /api/market/query` computes columns over the candles of symbols or of a universe. This page is made of
the table that queries are checked against; `GET /api/market/query/vocabulary` is the same for programs.
"""


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join([_HEAD, *_rules(), *_fields(), *_operations(), *_bounds(), *_examples()])


def _rules() -> Iterator[str]:
    yield "## Rules\n"
    for name, rule in RULES.items():
        yield f"- **{name}**: {rule}"


def _fields() -> Iterator[str]:
    yield "\n## Fields\n\n| field | meaning | unit |\n|---|---|---|"
    for each in FIELDS.values():
        yield f"| `{each.name}` | {each.meaning} | {each.unit} |"


def _operations() -> Iterator[str]:
    yield "\n## Operations"
    for item in VOCABULARY.values():
        yield from _operation(item)


def _operation(item: Item) -> Iterator[str]:
    yield f"\n### {item.name}\n\n{item.meaning[0].upper()}{item.meaning[1:]}.\n"
    facts: Mapping[str, str] = {
        "formula": f"`{item.formula}`",
        "null": item.nulls,
        "unit": item.unit,
        "reference": item.reference,
        "columns": ", ".join(f"`{item.name}.{each}`" for each in item.outputs),
    }
    for name, fact in facts.items():
        if fact:
            yield f"- {name}: {fact}"
    if item.parameters:
        yield "\n| parameter | default | allowed | meaning |\n|---|---|---|---|"
        yield from (_parameter(each) for each in item.parameters)


def _parameter(each: Parameter) -> str:
    default = "(required)" if each.required else f"`{orjson.dumps(each.default).decode()}`"
    return f"| `{each.name}` | {default} | {each.allowed()} | {each.meaning} |"


def _bounds() -> Iterator[str]:
    yield "\n## Bounds\n\n| of one query | at most |\n|---|---|"
    for name, most in BOUNDS.items():
        yield f"| {name.replace('_', ' ')} | {most:,} |"


def _examples() -> Iterator[str]:
    yield "\n## Examples"
    for name, body in EXAMPLES.items():
        text = orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()
        yield f"\n{name[0].upper()}{name[1:]}:\n\n```json\n{text}\n```"


if __name__ == "__main__":
    print(page())
