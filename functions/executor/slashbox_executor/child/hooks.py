"""Adjusts modules when the user's code imports them, or at once where they are there already, and imports
none of them itself. Also puts `display` and `load_file` among the builtins, as a notebook has them."""

from __future__ import annotations

import builtins
import faulthandler
import sys
from collections.abc import Callable
from types import ModuleType

_Adjust = Callable[[ModuleType], object]
_Call = Callable[..., object]
# Fits a chat's code block; pandas' own 80 columns wrap early.
_TABLE_WIDTH = 110
_TABLE_COLUMNS = 30


class _Loader:
    """Stands in for a module's loader once, to run the adjustment after it."""

    def __init__(self, loader: object, adjustments: dict[str, _Adjust]) -> None:
        self._loader = loader
        self._adjustments = adjustments

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader  # type: ignore[assignment]
        module.__loader__ = self._loader  # type: ignore[assignment]
        self._loader.exec_module(module)  # type: ignore[attr-defined]
        _adjust(self._adjustments, module.__name__, module)


class _Finder:
    """First on sys.meta_path; answers for the modules to adjust only, by asking those behind it."""

    def __init__(self, adjustments: dict[str, _Adjust]) -> None:
        self._adjustments = adjustments

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        if name not in self._adjustments:
            return None
        for finder in sys.meta_path:
            if finder is self:  # type: ignore[comparison-overlap]
                continue
            spec = finder.find_spec(name, path, target)  # type: ignore[arg-type]
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, self._adjustments)  # type: ignore[assignment]
                return spec
        return None


def install(call: _Call, root: str, code_name: str, source: str) -> None:
    """`call(part, function, …)` reaches the other parts of this child."""
    _add_builtins(call, root)
    _add_ipython(call, code_name, source)
    # A crash in C leaves the Python frames on stderr; crash.py cuts ours out of them.
    faulthandler.enable(2)
    adjustments = {
        **_adjustments_for_the_script(root, code_name, source),
        **_adjustments_for_the_sandbox(call),
        **_adjustments_for_display(call, root),
    }
    for name in adjustments.keys() & sys.modules.keys():
        _adjust(adjustments, name, sys.modules[name])
    sys.meta_path.insert(0, _Finder(adjustments))  # type: ignore[arg-type]


def _adjust(adjustments: dict[str, _Adjust], name: str, module: ModuleType) -> None:
    """Once; and what it is for is a convenience, never worth the user's import."""
    adjust = adjustments.pop(name, None)
    try:
        if adjust is not None:
            adjust(module)
    except Exception:
        return


def _add_builtins(call: _Call, root: str) -> None:
    def display(*values: object, **_options: object) -> None:
        """Shows each value as the value of a closing expression is shown."""
        for value in values:
            call("display", "show", call, root, value)

    def load_file(name: object, **options: object) -> object:
        """Reads one of your files, by name or id, into the object that its ending suggests."""
        return call("loading", "load_file", call, root, name, options)

    module = type(sys)("slashbox", "What Slashbox offers to code that runs in it.")
    for function in (display, load_file):
        function.__module__, function.__qualname__ = "slashbox", function.__name__
        setattr(builtins, function.__name__, function)
        setattr(module, function.__name__, function)
    sys.modules["slashbox"] = module


def _add_ipython(call: _Call, code_name: str, source: str) -> None:
    """For a notebook's code, also after it was exported: other code's libraries are to see no IPython."""
    if code_name.endswith(".ipynb") or "get_ipython" in source:
        builtins.get_ipython = lambda: call("magics", "shell")  # type: ignore[attr-defined]
    if "IPython" in source:
        call("ipython", "install", builtins.display)  # type: ignore[attr-defined]


def _adjustments_for_the_script(root: str, code_name: str, source: str) -> dict[str, _Adjust]:
    """The code goes by a short name and lies elsewhere than `__file__` says."""
    script, real_path = f"{root}/work/{code_name}", f"{root}/code/{code_name}"

    def know_source(linecache: ModuleType) -> None:
        """Tracebacks, warnings and inspect find the code under its short name and under `__file__`."""
        lines = [line + "\n" for line in source.splitlines()]
        for name in (code_name, script):
            linecache.cache[name] = (len(source), None, lines, name)

    def know_script(spawn: ModuleType) -> None:
        """A spawned worker runs the script's file from where it lies."""
        prepare = spawn.get_preparation_data

        def get_preparation_data(name: str) -> dict[str, object]:
            data: dict[str, object] = prepare(name)
            if data.get("init_main_from_path") == script:
                data["init_main_from_path"] = real_path
            return data

        spawn.get_preparation_data = get_preparation_data  # type: ignore[attr-defined]

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

    return {
        "threading": explain_threads,
        "linecache": know_source,
        "multiprocessing.spawn": know_script,
    }


def _adjustments_for_the_sandbox(call: _Call) -> dict[str, _Adjust]:
    def start_afresh(context: ModuleType) -> None:
        """A fork server is asked through a socket, which the kernel layer refuses; spawning needs none."""
        context.ForkServerProcess._Popen = staticmethod(context.SpawnProcess._Popen)

    def find_packages(subprocess: ModuleType) -> None:
        """An interpreter that is started with our flags (joblib does) is to heed PYTHONPATH all the same."""
        flags_of_ours = subprocess._args_from_interpreter_flags

        def flags() -> list[str]:
            return ["-s" if flag == "-I" else flag for flag in flags_of_ours()]

        subprocess._args_from_interpreter_flags = flags  # type: ignore[attr-defined]

    return {
        "multiprocessing.context": start_afresh,
        "subprocess": find_packages,
        "socket": lambda module: call("network", "refuse", module),
    }


def _adjustments_for_display(call: _Call, root: str) -> dict[str, _Adjust]:
    """What opens a window or a browser elsewhere keeps its picture here."""

    def widen_tables(pandas: ModuleType) -> None:
        pandas.set_option(
            *("display.width", _TABLE_WIDTH),
            *("display.max_columns", _TABLE_COLUMNS),
            *("display.unicode.east_asian_width", True),
        )

    def keep_images(image: ModuleType) -> None:
        def show(self: object, *_arguments: object, **_options: object) -> None:
            call("pictures", "keep_image", root, self)

        image.Image.show = show

    def keep_animation(animation: object) -> None:
        call("pictures", "keep_animation", root, animation)

    def keeps(*names: str) -> _Adjust:
        """The functions or methods of these names keep their first argument."""

        def adjust(module: ModuleType) -> None:
            def show(chart: object = None, *_arguments: object, **_options: object) -> None:
                call("charts", "keep", root, chart)

            for name in names:
                holder, _, attribute = name.rpartition(".")
                setattr(getattr(module, holder) if holder else module, attribute, show)

        return adjust

    return {
        "pandas": widen_tables,
        "matplotlib.pyplot": lambda module: call("figures", "adjust_pyplot", module, root),
        "matplotlib.figure": lambda module: call("figures", "adjust_figure", module, root),
        "matplotlib.animation": lambda module: call("figures", "adjust_animation", module, keep_animation),
        "PIL.Image": keep_images,
        "plotly.basedatatypes": keeps("BaseFigure.show"),
        "plotly.io": keeps("show"),
        "plotly.offline": keeps("iplot"),
        "bokeh.io": keeps("show"),
        "bokeh.plotting": keeps("show"),
        "altair.vegalite.v6.api": keeps("TopLevelMixin.show"),
    }
