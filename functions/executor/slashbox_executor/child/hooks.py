"""Adjusts modules at the moment the user's code imports them, and imports none of them itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

_Adjust = Callable[[ModuleType], None]
# Fits a chat's code block; pandas' own 80 columns wrap early.
_TABLE_WIDTH = 110
_TABLE_COLUMNS = 30


class _Loader:
    """Stands in for a module's loader once, to run `adjust` after it."""

    def __init__(self, loader: object, adjust: _Adjust) -> None:
        self._loader = loader
        self._adjust = adjust

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader  # type: ignore[assignment]
        module.__loader__ = self._loader  # type: ignore[assignment]
        self._loader.exec_module(module)  # type: ignore[attr-defined]
        self._adjust(module)


class _Finder:
    """First on sys.meta_path; answers for the modules to adjust only, by asking those behind it."""

    def __init__(self, adjustments: dict[str, _Adjust]) -> None:
        self._adjustments = adjustments

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        adjust = self._adjustments.pop(name, None)
        if adjust is None:
            return None
        for finder in sys.meta_path:
            if finder is self:  # type: ignore[comparison-overlap]
                continue
            spec = finder.find_spec(name, path, target)  # type: ignore[arg-type]
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, adjust)  # type: ignore[assignment]
                return spec
        return None


def install(call: Callable[..., object], root: str, code_name: str, source: str) -> None:
    """`call(part, function, …)` reaches the other parts of this child."""
    script, real_path = f"{root}/work/{code_name}", f"{root}/code/{code_name}"

    def know_source(linecache: ModuleType) -> None:
        """Tracebacks, warnings and inspect find the code under its short name and under `__file__`."""
        lines = [line + "\n" for line in source.splitlines()]
        for name in (code_name, script):
            linecache.cache[name] = (len(source), None, lines, name)

    def know_script(spawn: ModuleType) -> None:
        """A spawned worker runs the script's file, which lies elsewhere than `__file__` says."""
        prepare = spawn.get_preparation_data

        def get_preparation_data(name: str) -> dict[str, object]:
            data: dict[str, object] = prepare(name)
            if data.get("init_main_from_path") == script:
                data["init_main_from_path"] = real_path
            return data

        spawn.get_preparation_data = get_preparation_data  # type: ignore[attr-defined]

    def start_afresh(context: ModuleType) -> None:
        """A fork server is asked through a socket, which the kernel layer refuses; spawning needs none."""
        context.ForkServerProcess._Popen = staticmethod(context.SpawnProcess._Popen)

    def widen_tables(pandas: ModuleType) -> None:
        pandas.set_option("display.width", _TABLE_WIDTH, "display.max_columns", _TABLE_COLUMNS)

    def explain_threads(threading: ModuleType) -> None:
        """An exception that ends a thread is reported as one that ends the program."""

        def excepthook(failure: object) -> None:
            error = getattr(failure, "exc_value", None)
            if not isinstance(error, BaseException) or isinstance(error, SystemExit):
                return
            name = getattr(getattr(failure, "thread", None), "name", "unknown")
            print(f"Exception in thread {name}:", file=sys.stderr)
            sys.excepthook(type(error), error, error.__traceback__)

        threading.excepthook = excepthook  # type: ignore[attr-defined]

    adjustments: dict[str, _Adjust] = {
        "threading": explain_threads,
        "linecache": know_source,
        "multiprocessing.spawn": know_script,
        "multiprocessing.context": start_afresh,
        "pandas": widen_tables,
        "matplotlib.pyplot": lambda module: _ignore(call("figures", "adjust_pyplot", module, root)),
        "matplotlib.figure": lambda module: _ignore(call("figures", "adjust_figure", module, root)),
    }
    for name in [name for name in adjustments if name in sys.modules]:
        adjustments.pop(name)(sys.modules[name])
    sys.meta_path.insert(0, _Finder(adjustments))  # type: ignore[arg-type]


def _ignore(_value: object) -> None:
    return None
