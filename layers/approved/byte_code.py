"""Compiles a folder's modules to byte code that names no machine path and never looks at its source again."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from layers.approved.errors import BuildError
from layers.approved.processes import Processes
from layers.approved.target import Target

_PROBE = (
    "import importlib.util, json, sys; "
    "print(json.dumps(['%d.%d' % sys.version_info[:2], importlib.util.MAGIC_NUMBER.hex()]))"
)
# One process a distribution, one file after another, a fixed hash seed: the same bytes each time.
_COMPILE = """
import compileall, py_compile, sys
compileall.compile_dir(
    sys.argv[1], maxlevels=99, force=True, quiet=2, stripdir=sys.argv[1],
    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
)
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python of the target's minor version on this machine; `magic` is its byte code's format, as hex."""

    path: Path
    magic: str


def find_interpreter(target: Target, given: str | None) -> Interpreter | None:
    """The Python to compile with: the given one, this one, or one on PATH; None where there is none.

    Byte code does not depend on the architecture, so a cross build compiles too. Raises BuildError where
    the given one cannot be run or is of another version.
    """
    if given is not None:
        probed = _probe(given)
        if probed is None:
            raise BuildError(f"There is no Python that runs at {given}: give another with --interpreter")
        if probed[0] != target.python:
            raise BuildError(
                f"{given} is Python {probed[0]}, but the environment is for {target.python}: "
                "byte code of one does not serve the other"
            )
        return Interpreter(Path(given).absolute(), probed[1])
    for candidate in (sys.executable, shutil.which(f"python{target.python}")):
        if candidate is not None and (probed := _probe(candidate)) and probed[0] == target.python:
            return Interpreter(Path(candidate).absolute(), probed[1])
    return None


def compile_tree(tree: Path, interpreter: Interpreter, processes: Processes) -> None:
    """Writes `__pycache__` beside every module. What does not compile (templates, mostly) stays source."""
    finished = processes.run(
        [str(interpreter.path), "-s", "-S", "-P", "-B", "-W", "ignore", "-c", _COMPILE, str(tree)],
        clean_environment(),
        tree,
    )
    if finished.returncode != 0:
        raise BuildError(f"Byte code could not be written in {tree.name}: {finished.stderr.strip()[-300:]}")


def clean_environment() -> dict[str, str]:
    """Nothing of the caller's Python settings, so that they cannot change the result."""
    return {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}


def _probe(python: str) -> tuple[str, str] | None:
    try:
        finished = subprocess.run(
            [python, "-I", "-S", "-c", _PROBE],
            capture_output=True,
            check=True,
            env=clean_environment(),
            timeout=60,
        )
        version, magic = json.loads(finished.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return str(version), str(magic)
