"""The documentation page: the OpenAPI document as plain HTML, with nothing fetched from elsewhere."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """
body { font: 15px/1.5 system-ui; max-width: 56em; margin: 2em auto; padding: 0 1em;
       color-scheme: light dark }
h2 { margin: 2em 0 .2em; font-size: 1.1em } code { font-size: 1.05em }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .2em .8em .2em 0;
       vertical-align: top; border-top: 1px solid #8884 }
"""


def page(document: Mapping[str, Any]) -> str:
    """The page of an OpenAPI document. What the document says is escaped."""
    info = document["info"]
    operations = "".join(
        _operation(path, method, operation, document)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(info["title"])} API'
        f"</title><style>{_STYLE}</style><h1>{escape(info['title'])} API {escape(info['version'])}"
        f"</h1><p>{escape(info['description'])} The same for programs: "
        f'<a href="/openapi.json">openapi.json</a>.</p>{operations}</html>'
    )


def _operation(
    path: str, method: str, operation: Mapping[str, Any], document: Mapping[str, Any]
) -> str:
    rows = "".join(_parameter(parameter) for parameter in operation.get("parameters", ()))
    table = f"<table><tr><th>parameter<th>type<th>meaning{rows}</table>" if rows else ""
    answers = "".join(_answers(operation, document))
    return (
        f"<h2><code>{escape(method.upper())} {escape(path)}</code></h2>"
        f"<p>{escape(operation.get('description', ''))}</p>{table}{answers}"
    )


def _parameter(parameter: Mapping[str, Any]) -> str:
    schema = parameter["schema"]
    required = " (required)" if parameter.get("required") else ""
    meaning = parameter.get("description") or schema.get("description", "")
    return (
        f"<tr><td><code>{escape(parameter['name'])}</code>{required}"
        f"<td>{escape(_type(schema))}<td>{escape(meaning)}"
    )


def _answers(operation: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    for status, response in operation["responses"].items():
        for media in response.get("content", {}).values():
            shape = _type(media.get("schema", {}))
            yield f"<p>{escape(status)}: {escape(response['description'])} <code>{escape(shape)}</code>"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(_type(option) for option in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    default = f", default {schema['default']}" if "default" in schema else ""
    return f"{schema.get('format') or schema.get('type', '')}{default}"
