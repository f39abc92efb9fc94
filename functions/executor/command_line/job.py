"""One run of a file on this machine: where its code, inputs and outputs lie, and carrying it out."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from slashbox_executor.app import Ports, execute
from slashbox_executor.child.notebook import NotebookError, slimmed
from slashbox_executor.deadline import Deadline
from slashbox_executor.environment import ExecutionEnvironment
from slashbox_executor.protocol import MAX_CODE_BYTES, InputFile, Request, Result, RunLimits, Slot
from slashbox_executor.transfer import TransferError

from .errors import UsageError

# Beside code and installation, as the deployed function has it.
_SPARE_SECONDS = 120.0
# With the outputs that are left out before it runs.
_MAX_NOTEBOOK_BYTES = 50 << 20


@dataclass(frozen=True, slots=True)
class Job:
    """`inputs` and `out` are absolute; no two inputs have one name. Without `out`, a fresh folder is made."""

    code: str
    code_name: str
    stdin: str | None
    inputs: tuple[Path, ...]
    out: Path | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    :ivar paths: of the produced files, by name
    :ivar milliseconds: of the whole run, as the worker would wait for it
    """

    result: Result
    paths: dict[str, Path]
    milliseconds: float

    @property
    def carried_out(self) -> bool:
        """Whatever the code did."""
        return self.result.status not in {"refused", "sandbox_error"}


def make_job(code_file: Path, inputs: Sequence[Path], stdin: Path | None, out: Path | None) -> Job:
    """:raises UsageError: naming what cannot be read or made"""
    code = _read_code(code_file)
    code_name = "main.ipynb" if _is_notebook(code_file) else "main.py"
    return Job(
        code,
        code_name,
        None if stdin is None else _read_text(stdin),
        _inputs(inputs),
        _out_folder(out),
    )


def carry_out(job: Job, environment: ExecutionEnvironment, limits: RunLimits) -> Outcome:
    """The run, in `environment`."""
    files = _LocalFiles(job.inputs, job.out)
    request = Request(
        run_id=f"exec-{os.getpid()}",
        code=job.code,
        code_name=job.code_name,
        stdin=job.stdin,
        inputs=tuple(InputFile(path.name, path.as_uri(), path.stat().st_size) for path in job.inputs),
        outputs=tuple(Slot("", {}) for _ in range(limits.files)),
        limits=limits,
    )
    deadline = Deadline(limits.time_seconds + limits.install_seconds + _SPARE_SECONDS)
    started = time.perf_counter()
    result = execute(request, environment, Ports(files, files), deadline)
    return Outcome(result, files.paths, (time.perf_counter() - started) * 1000)


class _LocalFiles:
    """Files that lie on this machine: inputs are copied in, outputs are copied out."""

    def __init__(self, inputs: Sequence[Path], out: Path | None) -> None:
        self._inputs = {path.name: path for path in inputs}
        self._out = out
        self.paths: dict[str, Path] = {}

    def fetch(self, item: InputFile, target: BinaryIO, deadline: Deadline) -> None:
        try:
            with self._inputs[item.name].open("rb") as source:
                shutil.copyfileobj(source, target)
        except OSError as error:
            raise TransferError(str(error.strerror)) from error

    def store(self, slot: int, name: str, source: BinaryIO, size: int, deadline: Deadline) -> None:
        try:
            # Only now: most runs make no files, and would leave an empty folder each.
            self._out = self._out or Path(tempfile.mkdtemp(prefix="slashbox-out-"))
            path = self._out / name
            with path.open("wb") as target:
                shutil.copyfileobj(source, target)
        except OSError as error:
            raise TransferError(str(error.strerror)) from error
        self.paths[name] = path


def _read_code(path: Path) -> str:
    """A notebook without its outputs, as the worker sends it."""
    if not _is_notebook(path):
        return _read_text(path)
    try:
        code = slimmed(_read_text(path, _MAX_NOTEBOOK_BYTES))
    except NotebookError as error:
        raise UsageError(f"{path} cannot be run: {error}") from error
    if len(code) > MAX_CODE_BYTES:
        raise UsageError(f"{path} has {len(code):,} bytes of code; at most {MAX_CODE_BYTES:,} are possible")
    return code


def _is_notebook(path: Path) -> bool:
    return path.suffix.lower() == ".ipynb"


def _read_text(path: Path, most: int = MAX_CODE_BYTES) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if len(data) > most:
        raise UsageError(f"{path} has {len(data):,} bytes; at most {most:,} are possible")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text") from error


def _inputs(paths: Sequence[Path]) -> tuple[Path, ...]:
    for path in paths:
        if not path.is_file():
            raise UsageError(f"--file {path} is not a file")
    names = [path.name for path in paths]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"two input files have the name {sorted(repeated)[0]}")
    return tuple(path.absolute() for path in paths)


def _out_folder(wanted: Path | None) -> Path | None:
    if wanted is None:
        return None
    try:
        wanted.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {wanted} cannot be made: {error.strerror}") from error
    return wanted.resolve()
