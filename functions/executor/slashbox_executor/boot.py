"""Prepares what a child starts from: its own byte code, the user's code, its command line and environment."""

from __future__ import annotations

import importlib.util
import marshal
import os
import sys
from functools import cache
from pathlib import Path

from .workspace import Workspace

_PARTS = (
    *("start", "hooks", "explain", "network"),
    *("display", "tables", "figures", "pictures", "charts"),
    *("loading", "readers", "delimited", "spreadsheet", "archives"),
    *("notebook", "magics", "cells", "ipython"),
)
_BLAS_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def interpreter() -> str:
    """The real program, not a virtual environment's link to it: user code gets none of our packages."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def interpreter_folders() -> list[Path]:
    """Everything the interpreter needs to be able to read."""
    program = Path(interpreter())
    library = Path(os.__file__).parent
    return [Path(sys.base_prefix), Path(sys.base_exec_prefix), program.parent, library, library.resolve()]


def write_boot_files(workspace: Workspace, code: str, code_name: str) -> None:
    """
    Writes the child's parts, compiled, and the user's code.

    Anew for every run: where runs have our user id, the one before could have changed them.
    """
    for part in _PARTS:
        (workspace.boot / f"{part}.pyc").write_bytes(_compiled(part))
    (workspace.code / code_name).write_text(code, encoding="utf-8", newline="")
    for file in (*workspace.boot.iterdir(), workspace.code / code_name):
        file.chmod(0o644)


def command(workspace: Workspace, code_name: str, paths: list[Path]) -> list[str]:
    flags = ["-I", "-S", "-B", "-u", "-X", "utf8"]
    start = str(workspace.boot / "start.pyc")
    return [interpreter(), *flags, start, str(workspace.root), code_name, *map(str, paths)]


def environment(workspace: Workspace, paths: list[Path], library_path: str | None) -> dict[str, str]:
    """All variables of a run. Nothing is inherited from ours, except where its own libraries are."""
    home, tmp = str(workspace.home), str(workspace.tmp)
    variables = {
        "PATH": f"{Path(interpreter()).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": home,
        "USER": "slashbox",
        "LOGNAME": "slashbox",
        "TMPDIR": tmp,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "dumb",
        "COLUMNS": "110",
        "XDG_CACHE_HOME": f"{home}/.cache",
        "XDG_CONFIG_HOME": f"{home}/.config",
        "XDG_DATA_HOME": f"{home}/.local/share",
        "XDG_STATE_HOME": f"{home}/.local/state",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "NUMBA_CACHE_DIR": f"{home}/numba",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        # For the programs that user code starts itself; its own interpreter is told on the command line.
        "PYTHONPATH": ":".join(map(str, paths)),
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "PIP_NO_INDEX": "1",  # pip fails at once instead of waiting for the network; hints.py says the rest
    }
    threads = str(_usable_processors())
    variables.update(dict.fromkeys(_BLAS_THREADS, threads))
    if library_path:
        variables["LD_LIBRARY_PATH"] = library_path
    return {name: value for name, value in variables.items() if value}


@cache
def _compiled(part: str) -> bytes:
    path = Path(__file__).parent / "child" / f"{part}.py"
    # Frames of ours are recognised, and left out of tracebacks, by not being the user's.
    code = compile(path.read_bytes(), f"<slashbox {part}>", "exec", dont_inherit=True, optimize=1)
    return importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code)


def _usable_processors() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
