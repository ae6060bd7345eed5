"""Writes the API reference from the application's own description: `python scripts/api_reference.py > docs/api.md`."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from litestar.testing import TestClient

from reteamz.server.app import create_app
from reteamz.server.config import load

_HEAD: Final = """\
# API reference

Generated from the server's own description, which it serves as OpenAPI at `/schema/openapi.json`; run `python scripts/api_reference.py > docs/api.md` after a change.

Members are logged in by the cookie `reteamz_session`, and send the cookie `csrftoken` again as header `x-csrftoken` with everything but GET. Agents have no cookies: they sign (specification, clause 11). Every
error is `{"code": …, "message": …}` with a code of the closed set in `wire/errors.py`. Names in answers are entries: tokens (clause 4.4), or plain entries (4.7) in accounts that are not encrypted. Durations and times are milliseconds.
"""


def description() -> dict[str, Any]:
    """Return the OpenAPI document."""
    with (
        tempfile.TemporaryDirectory() as folder,
        TestClient(create_app(load(Path(folder), environment={}))) as client,
    ):
        document: dict[str, Any] = json.loads(client.get("/schema/openapi.json").content)
        return document


def reference() -> str:
    """Return the document as Markdown."""
    document = description()
    lines = [_HEAD]
    part = ""
    for path, operations in sorted(document["paths"].items()):
        if not path.startswith(("/api/", "/healthz", "/readyz", "/metrics")):
            continue
        group = path.split("/")[2] if path.startswith("/api/") else "operation"
        if group != part:
            part = group
            lines.append(f"\n## {part}\n")
        for method, operation in operations.items():
            lines += _operation(path, method, operation)
    lines.append("\n## Messages\n")
    for name, schema in sorted(document["components"]["schemas"].items()):
        lines += _schema(name, schema)
    return "\n".join(lines) + "\n"


def _operation(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    words = operation.get("description") or operation.get("summary", "")
    yield f"### `{method.upper()} {path}`\n"
    yield f"{' '.join(words.split())}\n"
    for parameter in operation.get("parameters", []):
        need = "" if parameter.get("required") else ", optional"
        told = f": {parameter['description']}" if parameter.get("description") else ""
        yield f"- {parameter['in']} `{parameter['name']}` ({_type(parameter['schema'])}{need}){told}"
    body = operation.get("requestBody", {}).get("content", {})
    for media, content in body.items():
        yield f"- body, {media}: {_type(content['schema'])}"
    for status, response in sorted(operation["responses"].items()):
        kinds = [_type(content["schema"]) for content in response.get("content", {}).values() if content.get("schema")]
        # The framework describes its own refusals; ours replace them (server/errors.py).
        kinds = ["Problem"] if status >= "400" else [kind for kind in kinds if kind != "null"]
        yield f"- {status}: {', '.join(kinds) or 'no body'}"
    yield ""


def _schema(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"### {schema.get('title', name)}\n"
    if schema.get("description"):
        yield " ".join(schema["description"].split()) + "\n"
    required = set(schema.get("required", []))
    for member, kind in schema.get("properties", {}).items():
        yield f"- `{member}`: {_type(kind)}{'' if member in required else ', optional'}"
    if "enum" in schema:
        yield "- one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    yield ""


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    for union in ("oneOf", "anyOf"):
        if union in schema:
            return " or ".join(_type(part) for part in schema[union])
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        kind = " or ".join(kind)
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    return str(schema.get("format", kind))


if __name__ == "__main__":
    sys.stdout.write(reference())
