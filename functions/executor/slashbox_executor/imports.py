"""Which modules code asks for: before it runs, from its source; after it failed, from what it printed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .child.magics import to_python
from .child.notebook import NotebookError, code_cells

# `import a.b`, `from a import b`; a line that never says "import" has no import to find.
_SAYS_IMPORT = re.compile(r"\bimport\b")
_MODULE = r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*)"
_MISSING = tuple(
    re.compile(rf"^\s*(?:\| )?{words}", re.MULTILINE)
    for words in (
        f"ModuleNotFoundError: No module named '{_MODULE}'",
        f"ImportError: No module named '?{_MODULE}'?",
        rf"ImportError: cannot import name '(?P<name>\w+)' from '{_MODULE}'",
    )
)
_CATCHES_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
# Only the end of what was printed can be the error that ended the run.
_TAIL_CHARACTERS = 20_000


def find_imports(code: str, code_name: str = "main.py") -> list[str]:
    """
    Dotted names of the modules that `code` (of a notebook: each cell) imports, in order, each once.

    An import inside `try: ... except ImportError:` is left out (the code can do without), as is one
    under `if TYPE_CHECKING:`. Code that does not parse has none: running it shows why.
    """
    if not _SAYS_IMPORT.search(code):
        return []
    if code_name.endswith(".ipynb"):
        try:
            cells = code_cells(code)
        except NotebookError:
            return []
        return list(dict.fromkeys(name for cell in cells for name in find_imports(to_python(cell))))
    try:
        tree = ast.parse(code)
        return list(dict.fromkeys(_imports(tree)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def find_missing(errors: str) -> list[str]:
    """Dotted names of modules that a traceback at the end of `errors` says are missing, last one first."""
    tail = errors[-_TAIL_CHARACTERS:]
    found: list[tuple[int, str]] = []
    for pattern in _MISSING:
        for match in pattern.finditer(tail):
            groups = match.groupdict()
            name = f"{groups['module']}.{groups['name']}" if groups.get("name") else groups["module"]
            found.append((match.start(), name))
    return list(dict.fromkeys(name for _, name in sorted(found, reverse=True)))


def _imports(tree: ast.AST) -> Iterator[str]:
    """Walks without recursion: nesting is the author's choice."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield from (f"{module}.{alias.name}".removesuffix(".*") for alias in node.names)
            case ast.Try() if any(map(_expects_import_error, node.handlers)):
                waiting += reversed([*node.handlers, *node.orelse, *node.finalbody])
            case ast.With() if any(_suppresses_import_error(item.context_expr) for item in node.items):
                pass
            case ast.If() if _is_for_type_checkers(node.test):
                waiting += reversed(node.orelse)
            case ast.expr():
                pass  # a statement never lies inside an expression
            case _:
                waiting += reversed(list(ast.iter_child_nodes(node)))


def _expects_import_error(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(name is None or _last_name(name) in _CATCHES_IMPORT_ERRORS for name in names)


def _suppresses_import_error(context: ast.expr) -> bool:
    match context:
        case ast.Call(func=function, args=caught) if _last_name(function) == "suppress":
            return any(_last_name(name) in _CATCHES_IMPORT_ERRORS for name in caught)
    return False


def _is_for_type_checkers(test: ast.expr) -> bool:
    return _last_name(test) == "TYPE_CHECKING"


def _last_name(node: ast.expr) -> str | None:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return None
