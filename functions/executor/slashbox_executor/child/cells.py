"""Runs one block of code that may await outside a function, and shows the value of its closing expression."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Coroutine
from types import CodeType
from typing import Any

_FUTURE_FLAGS = 0x1FE0000
_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

# One loop for the whole run, so that what one cell started goes on in the next.
_runner: list[Any] = []
# `from __future__ import …` in one cell holds for those after it.
_future = [0]


def run(
    call: Callable[..., object],
    root: str,
    source: str,
    name: str,
    namespace: dict[str, object],
) -> None:
    """Raises what the code raises."""
    tree = compile(source, name, "exec", ast.PyCF_ONLY_AST | _FLAGS | _future[0], dont_inherit=True)
    assert isinstance(tree, ast.Module)  # noqa: S101 - what "exec" makes
    last = tree.body[-1] if tree.body else None
    # As in a notebook, a semicolon keeps the last value to itself.
    closing = last if isinstance(last, ast.Expr) and not source.rstrip().endswith(";") else None
    if closing:
        del tree.body[-1]
    body = compile(tree, name, "exec", _FLAGS | _future[0], dont_inherit=True)
    _future[0] |= body.co_flags & _FUTURE_FLAGS
    last_code = closing and compile(
        ast.Expression(closing.value), name, "eval", _FLAGS | _future[0], dont_inherit=True
    )
    parts = [body, last_code] if last_code else [body]
    if any(part.co_flags & inspect.CO_COROUTINE for part in parts):
        value = _in_loop(_evaluate(parts, namespace))
    else:
        value = [eval(part, namespace) for part in parts][-1]  # noqa: S307
    if value is not None and last_code:
        call("display", "show", call, root, value)


async def _evaluate(parts: list[CodeType], namespace: dict[str, object]) -> object:
    """All of a block inside the loop, also what awaits nothing itself but starts a task."""
    value: object = None
    for part in parts:
        value = eval(part, namespace)  # noqa: S307
        if part.co_flags & inspect.CO_COROUTINE:
            assert inspect.isawaitable(value)  # noqa: S101 - what such code evaluates to
            value = await value
    return value


def _in_loop(coroutine: Coroutine[object, object, object]) -> object:
    if not _runner:
        import asyncio  # noqa: PLC0415 - most cells await nothing
        import atexit  # noqa: PLC0415

        _runner.append(asyncio.Runner())
        atexit.register(_runner[0].close)
    return _runner[0].run(coroutine)
