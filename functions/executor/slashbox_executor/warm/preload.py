"""What a warm parent imports and does once, so that no run has to; and what each child must have afresh."""

from __future__ import annotations

import ctypes
import gc
import importlib
import io
import operator
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType

# Of the standard library, what short programs use and what explaining their errors takes.
_LIGHT = """
    ast bisect calendar collections contextlib copy csv dataclasses datetime decimal enum fractions functools
    hashlib heapq inspect io itertools json linecache math operator pathlib pprint random re statistics string
    struct tempfile textwrap threading time traceback types typing unicodedata urllib.parse warnings zlib
""".split()  # noqa: SIM905 - a list of them would fill a page
HEAVY = ("numpy", "pandas", "matplotlib")
_HEAVY_PARTS = """
    numpy.linalg numpy.random numpy.fft pandas pandas.plotting._matplotlib matplotlib.pyplot
    matplotlib.backends.backend_agg matplotlib.dates PIL.Image PIL.PngImagePlugin
""".split()  # noqa: SIM905
_SET_BLAS_THREADS = (
    "scipy_openblas_set_num_threads64_",
    "openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads",
)


class _Missed:
    """Last on sys.meta_path: remembers which modules were looked for and not found."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        if "." not in name:
            self.names.add(name)


def load_light() -> None:
    for name in _LIGHT:
        importlib.import_module(name)


def load_heavy() -> list[str]:
    """
    Imports numpy, pandas and matplotlib as far as they are here, and has each do once what is slow the
    first time.

    :returns: top-level modules that they looked for in vain: once one of those is here, they are out of date
    """
    missed = _Missed()
    sys.meta_path.append(missed)
    for name in _HEAVY_PARTS:
        with suppress(ImportError):
            importlib.import_module(name)
    if "pandas" in sys.modules:
        _use_pandas()
    if "matplotlib.pyplot" in sys.modules:
        _draw()
    sys.meta_path.remove(missed)
    return sorted(missed.names)


def _use_pandas() -> None:
    pd = sys.modules["pandas"]
    text = io.StringIO("day,group,value\n2024-01-01,a,1\n2024-01-02,b,2.5\n")
    frame = pd.read_csv(text, parse_dates=["day"])
    repr(frame.groupby("group").agg({"value": ["mean", "sum"]}))
    repr(frame.describe())


def _draw() -> None:
    plt = sys.modules["matplotlib.pyplot"]
    figure, axes = plt.subplots()
    axes.plot([1, 2, 3], [1, 4, 2], label="$x^2$")
    axes.bar([1, 2], [1, 2])
    axes.scatter([1, 2], [2, 1])
    axes.set_title("warm")
    axes.legend()
    figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")
    plt.close("all")
    _let_go_of_fonts()


def _let_go_of_fonts() -> None:
    """
    A cached font is an open file. Under a child, which has no descriptor of its parent's, the font could not
    be read on, and closing it would close whatever file of the run has its number by then.
    """
    for module, cache in (
        ("matplotlib.mathtext", "MathTextParser._parse_cached"),
        ("matplotlib.font_manager", "_get_font"),
    ):
        with suppress(AttributeError):
            operator.attrgetter(cache)(sys.modules[module]).cache_clear()
    gc.collect()


def find_blas() -> Callable[[int], object] | None:
    """numpy's own way to say how many threads it may use; None where there is none."""
    with suppress(OSError), open("/proc/self/maps", encoding="utf-8") as maps:  # noqa: PTH123
        paths = {line.split(None, 5)[-1].strip() for line in maps if "openblas" in line}
        for path in sorted(paths):
            library = ctypes.CDLL(path)
            for name in _SET_BLAS_THREADS:
                if hasattr(library, name):
                    function = getattr(library, name)
                    function.restype = None
                    return lambda threads, set_threads=function: set_threads(ctypes.c_int(threads))  # type: ignore[misc]
    return None


def renew() -> None:
    """
    In a child: what must not be the same in every run.

    `random` seeds itself anew after a fork. The seed of hashes stays the parent's: a fork cannot change it.
    """
    if (tempfile := sys.modules.get("tempfile")) is not None:
        tempfile.tempdir = None  # type: ignore[attr-defined]
    if (process := sys.modules.get("multiprocessing.process")) is not None:
        _renew_multiprocessing(process)
    if (numpy_random := sys.modules.get("numpy.random")) is not None:
        numpy_random.seed()


def move_home(home: str) -> None:
    """In a child: what still points at the parent's folders."""
    if (process := sys.modules.get("multiprocessing.process")) is not None:
        process.ORIGINAL_DIR = os.getcwd()  # type: ignore[attr-defined] # noqa: PTH109
    if (matplotlib := sys.modules.get("matplotlib")) is not None:
        for function in ("get_configdir", "get_cachedir"):
            setattr(matplotlib, function, lambda: f"{home}/matplotlib")
        # Asked for them when they were imported.
        if (style := sys.modules.get("matplotlib.style")) is not None:
            style.USER_LIBRARY_PATHS = [f"{home}/matplotlib/stylelib"]  # type: ignore[attr-defined]
        if (texmanager := sys.modules.get("matplotlib.texmanager")) is not None:
            texmanager.TexManager._cache_dir = Path(home, "matplotlib", "tex.cache")


def _renew_multiprocessing(process: ModuleType) -> None:
    key = process.AuthenticationString(os.urandom(32))
    process.current_process()._config["authkey"] = key


def loaded_roots() -> list[str]:
    """Top-level names of what is loaded."""
    return sorted({name.partition(".")[0] for name in sys.modules} - {"__main__"})
