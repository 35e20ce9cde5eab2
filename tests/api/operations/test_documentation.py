"""The documentation page."""

from api.operations.documentation import page

DOCUMENT = {
    "info": {"title": "T", "version": "1", "description": "<b>D</b>"},
    "paths": {
        "/x": {
            "get": {
                "description": "What & why.",
                "parameters": [
                    {"name": "a", "required": True, "schema": {"type": "string", "default": "z"}},
                    {
                        "name": "b",
                        "description": "meaning",
                        "schema": {"anyOf": [{"enum": ["p", "q"]}, {"type": "null"}]},
                    },
                ],
                "responses": {
                    "200": {
                        "description": "Fine",
                        "content": {"application/json": {"schema": {"$ref": "#/c/Shape"}}},
                    }
                },
            }
        }
    },
}


def test_the_page_shows_operations_parameters_and_answers_escaped() -> None:
    text = page(DOCUMENT)
    assert "<code>GET /x</code>" in text
    assert "What &amp; why." in text
    assert "&lt;b&gt;D&lt;/b&gt;" in text
    assert "<td><code>a</code> (required)<td>string, default z<td>" in text
    assert "<td><code>b</code><td>p, q or null<td>meaning" in text
    assert "200: Fine <code>Shape</code>" in text
