"""Prepares what a child starts from: its own byte code, the user's code, its command line and environment."""

from __future__ import annotations

import importlib.util
import marshal
import os
import sys
from functools import cache
from pathlib import Path

from .child_parts import PARTS, compile_part
from .workspace import Workspace

_BLAS_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)


@cache
def interpreter() -> str:
    """The real program, not a virtual environment's link to it: user code gets none of our packages."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def interpreter_folders() -> list[Path]:
    """Everything the interpreter needs to be able to read."""
    program = Path(interpreter())
    library = Path(os.__file__).parent
    return [Path(sys.base_prefix), Path(sys.base_exec_prefix), program.parent, library, library.resolve()]


def write_code(workspace: Workspace, code: str, code_name: str) -> None:
    """The user's code, where its child reads it."""
    path = workspace.code / code_name
    path.write_text(code, encoding="utf-8", newline="")
    path.chmod(0o644)


def write_parts(workspace: Workspace) -> None:
    """
    The child's parts, compiled, for an interpreter that starts afresh.

    Anew for every run: where runs have our user id, the one before could have changed them.
    """
    workspace.make_boot_folder()
    for part in PARTS:
        file = workspace.boot / f"{part}.pyc"
        file.write_bytes(importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(compile_part(part)))
        file.chmod(0o644)


def command(workspace: Workspace, code_name: str, paths: list[Path]) -> list[str]:
    """Starts a fresh interpreter on what `write_code` and `write_parts` wrote."""
    start = str(workspace.boot / "start.pyc")
    return [*isolated_interpreter(), start, str(workspace.root), code_name, *map(str, paths)]


def isolated_interpreter() -> list[str]:
    """The interpreter without anything that environment, user or working folder could add to it."""
    return [interpreter(), "-I", "-S", "-B", "-u", "-X", "utf8"]


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
    threads = str(usable_processors())
    variables.update(dict.fromkeys(_BLAS_THREADS, threads))
    if library_path:
        variables["LD_LIBRARY_PATH"] = library_path
    return {name: value for name, value in variables.items() if value}


def parent_environment(home: Path, library_path: str | None) -> dict[str, str]:
    """
    All variables of a warm parent. One thread for linear algebra: a fork would not have the others; runs
    raise the number.
    """
    variables = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "LD_LIBRARY_PATH": library_path or "",
        **dict.fromkeys(_BLAS_THREADS, "1"),
    }
    return {name: value for name, value in variables.items() if value}


def usable_processors() -> int:
    """As many as this process may run on."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
