"""The page of the vocabulary is what the table makes of it."""

from pathlib import Path

from api.query.handbook import page
from pricing_engine.quant.vocabulary import VOCABULARY

PAGE = Path(__file__).parents[3] / "docs" / "vocabulary.md"


def test_the_page_in_the_docs_is_the_tables() -> None:
    assert PAGE.read_text() == page() + "\n", "python -m api.query.handbook > docs/vocabulary.md"


def test_every_operation_has_its_paragraph() -> None:
    text = page()
    for name, item in VOCABULARY.items():
        assert f"\n### {name}\n" in text
        assert item.formula in text
