"""ActivityWatch's query language, read as the Python expressions it looks like: names, literals and known functions, nothing else."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from reteamz.agent.localapi import transforms
from reteamz.agent.localapi.times import bad

QUERY_BYTES: Final = 64 * 1024
_CONSTANTS: Final[dict[str, Any]] = {"true": True, "false": False, "True": True, "False": False, "null": None}

Rows = list[dict[str, Any]]
Bucket = Callable[[str], Rows]
Find = Callable[[str, str | None], str]


def run(text: str, query_bucket: Bucket, find_bucket: Find) -> Any:
    """Run a query and return what it assigns to RETURN.

    Args:
        text: statements such as ``events = query_bucket("…"); RETURN = events;``.
        query_bucket: returns the events of a bucket within the period that is asked for.
        find_bucket: returns the id of a bucket that begins so.

    Raises:
        ReteamzError: ``input_invalid``.
    """
    if len(text) > QUERY_BYTES:
        raise bad("A query has at most 64 KiB.")
    functions: dict[str, Callable[..., Any]] = {
        **transforms.FUNCTIONS,
        "query_bucket": query_bucket,
        "find_bucket": lambda start, host=None: find_bucket(start, host),
    }
    names: dict[str, Any] = dict(_CONSTANTS)
    try:
        tree = ast.parse(text.replace(";", "\n") if "\n" not in text else _lines(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise bad("The query cannot be read; see ActivityWatch's query language.") from None
    for statement in tree.body:
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            raise bad("A query is a list of assignments.")
        (target,) = statement.targets
        if not isinstance(target, ast.Name):
            raise bad("A query assigns to names only.")
        names[target.id] = _value(statement.value, names, functions)
    if "RETURN" not in names:
        raise bad("A query assigns its result to RETURN.")
    return names["RETURN"]


def _lines(text: str) -> str:
    return "\n".join(
        line.strip().rstrip(";") if line.strip().endswith(";") else line.strip() for line in text.splitlines()
    )


def _value(node: ast.expr, names: dict[str, Any], functions: dict[str, Callable[..., Any]]) -> Any:
    match node:
        case ast.Constant(value=str() | int() | float() | bool() | None):
            return node.value
        case ast.Name():
            if node.id not in names:
                raise bad("The query uses a name that it never assigned.")
            return names[node.id]
        case ast.List():
            return [_value(item, names, functions) for item in node.elts]
        case ast.Dict():
            keys = [_value(key, names, functions) if key is not None else None for key in node.keys]
            if not all(isinstance(key, str) for key in keys):
                raise bad("Keys in a query are text.")
            return dict(zip(keys, (_value(value, names, functions) for value in node.values), strict=True))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            return -node.operand.value  # type: ignore[attr-defined]  # the pattern admits constants only
        case ast.Call(func=ast.Name()):
            return _call(node, names, functions)
    raise bad("The query holds something that is not allowed.")


def _call(node: ast.Call, names: dict[str, Any], functions: dict[str, Callable[..., Any]]) -> Any:
    name = node.func.id  # type: ignore[attr-defined]  # the pattern of the caller admits names only
    function = functions.get(name)
    if function is None:
        raise bad(f"There is no function {name[:40]} here; known are {', '.join(sorted(functions))}.")
    if node.keywords:
        raise bad("Functions of a query take no named arguments.")
    arguments = [_value(argument, names, functions) for argument in node.args]
    try:
        return function(*arguments)
    except (TypeError, ValueError, KeyError, AttributeError, IndexError):
        raise bad(f"The function {name} was given something else than it takes.") from None
