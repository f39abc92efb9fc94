"""Which modules code asks for: before it runs, from its source; after it failed, from what it printed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .child.magics import to_python
from .child.notebook import NotebookError, code_cells

# `importlib.import_module("a.b")`, `__import__("a")`: looked for only where the code says so.
_CALLS_THAT_IMPORT = frozenset({"import_module", "__import__"})
_DOTTED_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_MODULE = r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*)"
_MISSING = tuple(
    re.compile(rf"^\s*(?:\| )?{words}", re.MULTILINE)
    for words in (
        f"ModuleNotFoundError: No module named '{_MODULE}'",
        f"ImportError: No module named '?{_MODULE}'?",
        rf"ImportError: cannot import name '(?P<name>\w+)' from '{_MODULE}'",
        # pandas, of what can read or write a format; Beautiful Soup, of parsers. The names are packages'.
        rf"(?:ImportError:| -) `Import (?P<package>{_MODULE})` failed",
        rf"(?:bs4\.\w+\.)?FeatureNotFound: .* features you requested: (?P<package>{_MODULE})",
    )
)
_IMPORTED_AS = {"beautifulsoup4": "bs4", "xml": "lxml"}
_ENDS_THE_PROGRAM = frozenset({"exit", "quit", "_exit", "abort"})
_RUNS_PROGRAMS = frozenset({"system", "run", "call", "check_call", "check_output", "Popen", "popen"})
_CATCHES_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
# Only the end of what was printed can be the error that ended the run.
_TAIL_CHARACTERS = 20_000


def find_imports(code: str, code_name: str = "main.py") -> list[str]:
    """
    Dotted names of the modules that `code` (of a notebook: each cell) imports, in order, each once.

    An import inside `try: ... except ImportError:` is left out (the code can do without) unless the handler
    gives up or calls pip; so is one under `if TYPE_CHECKING:`. Code that does not parse has none: running it
    shows why.
    """
    if "import" not in code:
        return []
    if code_name.endswith(".ipynb"):
        try:
            cells = code_cells(code)
        except NotebookError:
            return []
        return list(dict.fromkeys(name for cell in cells for name in find_imports(to_python(cell))))
    try:
        tree = ast.parse(code)
        return list(dict.fromkeys(_imports(tree, any(name in code for name in _CALLS_THAT_IMPORT))))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def find_missing(errors: str) -> list[str]:
    """Dotted names of modules that a traceback at the end of `errors` says are missing, last one first."""
    tail = errors[-_TAIL_CHARACTERS:]
    found: list[tuple[int, str]] = []
    for pattern in _MISSING:
        for match in pattern.finditer(tail):
            groups = match.groupdict()
            module = _IMPORTED_AS.get(groups.get("package") or "", groups["module"])
            name = f"{module}.{groups['name']}" if groups.get("name") else module
            found.append((match.start(), name))
    return list(dict.fromkeys(name for _, name in sorted(found, reverse=True)))


def _imports(tree: ast.AST, with_calls: bool) -> Iterator[str]:
    """Walks without recursion: nesting is the author's choice."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield from (f"{module}.{alias.name}".removesuffix(".*") for alias in node.names)
            case ast.Try() | ast.TryStar() if _can_do_without(node.handlers):
                waiting += reversed([*node.handlers, *node.orelse, *node.finalbody])
            case ast.With() if any(_suppresses_import_error(item.context_expr) for item in node.items):
                pass
            case ast.If() if _is_for_type_checkers(node.test):
                waiting += reversed(node.orelse)
            case ast.expr() if not with_calls:
                pass  # a statement never lies inside an expression
            case _:
                yield from _imported_by_call(node)
                waiting += reversed(list(ast.iter_child_nodes(node)))


def _imported_by_call(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]):
            if _last_name(function) in _CALLS_THAT_IMPORT and _DOTTED_NAME.fullmatch(name):
                yield name


def _can_do_without(handlers: list[ast.ExceptHandler]) -> bool:
    expecting = [handler for handler in handlers if _expects_import_error(handler)]
    return bool(expecting) and not any(map(_cannot_go_on, expecting))


def _cannot_go_on(handler: ast.ExceptHandler) -> bool:
    """It ends with an error, ends the program, or has pip install what is missing: as good as no handler."""
    match handler.body[-1]:
        case ast.Raise():
            return True
        case ast.Expr(value=ast.Call(func=function)) if _last_name(function) in _ENDS_THE_PROGRAM:
            return True
    return any(map(_calls_pip, handler.body))


def _calls_pip(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Call(func=function, args=[command, *_])):
            if _last_name(function) in _RUNS_PROGRAMS:
                words = command.elts if isinstance(command, ast.List | ast.Tuple) else [command]
                texts = [word.value for word in words if isinstance(word, ast.Constant)]
                said = " ".join(text for text in texts if isinstance(text, str)).split()
                return "install" in said and not {"pip", "pip3"}.isdisjoint(said)
    return False


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
