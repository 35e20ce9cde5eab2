"""The vocabulary's document is made of the table that queries are checked against."""

import orjson

from api.query.document import RULES, document
from api.query.schemas import VocabularyData
from pricing_engine.quant.vocabulary import FIELDS, VOCABULARY


def test_the_document_has_all_of_the_table() -> None:
    data = VocabularyData.model_validate(orjson.loads(orjson.dumps(document())))
    assert [each.name for each in data.fields] == list(FIELDS)
    for each, item in zip(data.operations, VOCABULARY.values(), strict=True):
        assert (each.name, each.formula, each.nulls) == (item.name, item.formula, item.nulls)
        found = {parameter.name: parameter for parameter in each.parameters}
        assert found.keys() == {parameter.name for parameter in item.parameters}
    rsi = next(each for each in data.operations if each.name == "rsi")
    window = next(each for each in rsi.parameters if each.name == "window")
    assert (window.type, window.default, window.allowed) == (
        "integer",
        14,
        "an integer from 2 to 5000",
    )


def test_rules_name_what_a_query_has() -> None:
    rules = " ".join(RULES.values())
    for word in ("union", "full", "max_age", "next_start", "matrix", "pairs", "timezone"):
        assert word in rules
