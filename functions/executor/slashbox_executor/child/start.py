"""Runs the user's code as `__main__`, shows its last value, explains its errors, saves its open figures.

Started as: python -I -S -B -u start.pyc ROOT CODE_NAME [PATH…]
ROOT is the run's folder (see workspace.py); each PATH is where packages lie.
"""

from __future__ import annotations

import _ast
import _sitebuiltins
import builtins
import marshal
import sys
from collections.abc import Callable
from types import CodeType

# Flags that `from __future__ import …` sets on code; the last expression must be compiled under them too.
_FUTURE_FLAGS = 0x1FE0000
_PYC_HEADER = 16


def main(
    root: str,
    code_name: str,
    paths: list[str],
    *,
    parts: dict[str, dict[str, object]] | None = None,
    load: Callable[[str], dict[str, object]] | None = None,
    begin: Callable[[], object] | None = None,
) -> int:
    """
    The exit code.

    :param parts: what other parts define, of those that are loaded already
    :param load: loads another part; None: from the run's folder
    :param begin: called just before the user's code
    """
    work, code_path = f"{root}/work", f"{root}/code/{code_name}"

    def load_file(name: str) -> dict[str, object]:
        """Runs another part of this child and returns what it defines."""
        with open(f"{root}/boot/{name}.pyc", "rb") as file:  # noqa: PTH123
            compiled = marshal.loads(file.read()[_PYC_HEADER:])  # noqa: S302 - written by boot.py for this run
        namespace: dict[str, object] = {"__name__": f"slashbox_{name}"}
        exec(compiled, namespace)  # noqa: S102
        return namespace

    def call(part: str, function: str, *arguments: object) -> object:
        found = known.get(part)
        if found is None:
            found = known[part] = (load or load_file)(part)
        target = found[function]
        return target(*arguments) if callable(target) else None

    def explain(kind: type[BaseException], error: BaseException, _trace: object) -> None:
        call("explain", "explain", kind, error, code_name, work)

    known = {} if parts is None else parts
    with open(code_path, encoding="utf-8") as file:  # noqa: PTH123
        source = file.read()
    _arrange_interpreter(work, code_name, paths)
    sys.excepthook = explain
    module = _main_module(work, code_name, code_path)
    call("hooks", "install", call, root, code_name, source)
    if begin is not None:
        begin()
    exit_code = _guarded(lambda: _execute(source, code_name, module.__dict__, call, root))
    if "matplotlib._pylab_helpers" in sys.modules:
        _guarded(lambda: call("figures", "save_open", root))
    return exit_code


def _arrange_interpreter(work: str, code_name: str, paths: list[str]) -> None:
    """What `python main.py` would find; isolated mode and -S left it out."""
    sys.argv[:] = [code_name]
    sys.path[:0] = [work]
    sys.path += paths
    for name in ("quit", "exit"):
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))
    for name in ("copyright", "credits", "license"):
        setattr(builtins, name, _sitebuiltins._Printer(name, "See https://www.python.org/"))
    builtins.help = _sitebuiltins._Helper()


def _main_module(work: str, code_name: str, code_path: str) -> object:
    """
    A fresh `__main__`. Its `__file__` is where a script beside its data would lie, so that code which looks
    for files next to itself finds them; the loader knows the real place and serves the source from there.
    """
    module = type(sys)("__main__")
    module.__dict__.update(
        __file__=f"{work}/{code_name}",
        __builtins__=builtins,
        __cached__=None,
        __annotations__={},
        __loader__=_source_loader(code_path),
    )
    sys.modules["__main__"] = module
    return module


def _source_loader(path: str) -> object:
    import _frozen_importlib_external as external  # noqa: PLC0415

    return external.SourceFileLoader("__main__", path)


def _guarded(action: Callable[[], object]) -> int:
    """Runs `action` and does with its exceptions what the interpreter would; returns the exit code."""
    try:
        action()
    except SystemExit as request:
        return _exit_code(request.code)
    except BaseException as error:
        try:
            sys.excepthook(type(error), error, error.__traceback__)
        except SystemExit as request:
            return _exit_code(request.code)
        except BaseException:
            sys.__excepthook__(type(error), error, error.__traceback__)
        return 1
    return 0


def _exit_code(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _execute(
    source: str, name: str, namespace: dict[str, object], call: Callable[..., object], root: str
) -> None:
    """exec, and the value of a closing expression shown as in a notebook."""
    if name.endswith(".ipynb"):
        call("notebook", "run", call, root, source, name, namespace)
        return
    compiled = _compile(source, name)
    if compiled is None:
        call("cells", "run", call, root, source, name, namespace)
        return
    body, closing = compiled
    exec(body, namespace)  # noqa: S102
    if closing is not None:
        value = eval(closing, namespace)  # noqa: S307
        if value is not None:
            call("display", "show", call, root, value)


def _compile(source: str, name: str) -> tuple[CodeType, CodeType | None] | None:
    """The code without its closing expression, and that; None where it awaits outside a function."""
    tree = compile(source, name, "exec", _ast.PyCF_ONLY_AST, dont_inherit=True)
    assert isinstance(tree, _ast.Module)  # noqa: S101 - what "exec" makes
    last = tree.body[-1] if tree.body else None
    # As in a notebook, a semicolon keeps the last value to itself.
    shown = last if isinstance(last, _ast.Expr) and not source.rstrip().endswith(";") else None
    if shown:
        del tree.body[-1]
    try:
        body = compile(tree, name, "exec", dont_inherit=True)
        if not shown:
            return body, None
        flags = body.co_flags & _FUTURE_FLAGS
        return body, compile(_ast.Expression(shown.value), name, "eval", flags, dont_inherit=True)
    except SyntaxError as error:
        if "outside" in str(error):
            return None
        raise


if __name__ == "__main__":
    _ours = sys.modules["__main__"]  # keeps our own functions alive when the user's module takes the name
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
