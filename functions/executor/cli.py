"""One run on this machine, through the executor's own code and isolation: `npm run exec -- FILE.py …`"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NoReturn

from slashbox_executor.app import Ports, execute
from slashbox_executor.child.notebook import NotebookError, slimmed
from slashbox_executor.deadline import Deadline
from slashbox_executor.environment import ExecutionEnvironment
from slashbox_executor.kernel import KernelError
from slashbox_executor.limits import LimitError, read_limits
from slashbox_executor.manifest import ManifestError
from slashbox_executor.protocol import (
    MAX_CODE_BYTES,
    Failure,
    InputFile,
    Request,
    Result,
    RunLimits,
    Slot,
)
from slashbox_executor.settings import Settings, SettingsError, forget_environment, read_settings
from slashbox_executor.transfer import TransferError
from slashbox_executor.view import ViewError

_USAGE_ERROR = 2
# Beside code and installation, as the deployed function has it.
_SPARE_SECONDS = 120.0
# With the outputs that are left out before it runs.
_MAX_NOTEBOOK_BYTES = 50 << 20


class UsageError(Exception):
    """What was typed cannot be done; the message is the one line to print."""


class LocalFiles:
    """Files that lie on this machine: inputs are copied in, outputs are copied out."""

    def __init__(self, inputs: Sequence[Path], out: Path) -> None:
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
        path = self._out / name
        try:
            with path.open("wb") as target:
                shutil.copyfileobj(source, target)
        except OSError as error:
            raise TransferError(str(error.strerror)) from error
        self.paths[name] = path


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. Try --help.")


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 when the run was carried out, whatever the code did."""
    try:
        options = _parse(arguments)
        limits = _limits(options)
        code, stdin = _read_code(options.file), _read_text(options.stdin) if options.stdin else None
        files = LocalFiles(_inputs(options.inputs), _out_folder(options.out))
        environment = _environment(options)
    except (UsageError, LimitError, SettingsError, ManifestError, ViewError, KernelError) as error:
        print(f"slashbox exec: {error}", file=sys.stderr)
        return _USAGE_ERROR
    try:
        request = _request(options, code, stdin, limits)
        seconds = limits.time_seconds + limits.install_seconds + _SPARE_SECONDS
        result = execute(request, environment, Ports(files, files), Deadline(seconds))
    finally:
        environment.close()
    (_print_json if options.json else _print_text)(result, files.paths)
    return 1 if result.status in {"refused", "sandbox_error"} else 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(
        prog="slashbox exec", description="Runs a Python file or a notebook as the deployed executor would."
    )
    parser.add_argument(
        "file", type=Path, metavar="FILE.py", help="the code to run; a notebook (.ipynb) works too"
    )
    parser.add_argument(
        "--file", dest="inputs", type=Path, action="append", default=[], metavar="PATH", help="an input file"
    )
    parser.add_argument("--stdin", type=Path, metavar="PATH", help="a file with the standard input")
    parser.add_argument("--user", default="local", metavar="ID", help="whose run it is")
    parser.add_argument("--time-limit", type=float, metavar="S", help="seconds that the code may take")
    parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where produced files go")
    parser.add_argument("--layer-root", type=Path, metavar="DIR", help="an unpacked layer")
    parser.add_argument("--packages", metavar="URL", help="where bundles lie (http, https or file)")
    return parser.parse_args(arguments)


def _limits(options: argparse.Namespace) -> RunLimits:
    limits = read_limits(os.environ)
    if options.time_limit is None:
        return limits
    if not 0 < options.time_limit <= 3_600:
        raise UsageError(
            f"--time-limit is {options.time_limit:g}; it must be above 0 and at most 3600 seconds"
        )
    return dataclasses.replace(limits, time_seconds=options.time_limit)


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


def _inputs(paths: Sequence[Path]) -> list[Path]:
    for path in paths:
        if not path.is_file():
            raise UsageError(f"--file {path} is not a file")
    names = [path.name for path in paths]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"two input files have the name {sorted(repeated)[0]}")
    return [path.resolve() for path in paths]


def _out_folder(wanted: Path | None) -> Path:
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="slashbox-out-"))
    try:
        wanted.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {wanted} cannot be made: {error.strerror}") from error
    return wanted.resolve()


def _environment(options: argparse.Namespace) -> ExecutionEnvironment:
    if not options.user.strip():
        raise UsageError("--user must not be empty")
    settings: Settings = read_settings(os.environ)
    if settings.profile != "strict":
        settings = dataclasses.replace(settings, profile="local")
    if options.layer_root:
        settings = dataclasses.replace(settings, layer_root=options.layer_root.resolve())
    if options.packages:
        settings = dataclasses.replace(settings, packages_url=options.packages.rstrip("/"))
    library_path = os.environ.get("LD_LIBRARY_PATH")
    forget_environment(os.environ)
    return ExecutionEnvironment(settings, lambda line: print(line, file=sys.stderr), library_path)


def _request(options: argparse.Namespace, code: str, stdin: str | None, limits: RunLimits) -> Request:
    return Request(
        run_id=f"exec-{os.getpid()}",
        code=code,
        code_name="main.ipynb" if _is_notebook(options.file) else "main.py",
        stdin=stdin,
        inputs=tuple(
            InputFile(path.name, path.resolve().as_uri(), path.stat().st_size) for path in options.inputs
        ),
        outputs=tuple(Slot("", {}) for _ in range(limits.files)),
        limits=limits,
    )


def _print_text(result: Result, paths: dict[str, Path]) -> None:
    sys.stdout.write(result.stdout)
    sys.stdout.flush()
    sys.stderr.write(result.stderr)
    for text, cut in (("stdout", result.stdout_truncated), ("stderr", result.stderr_truncated)):
        if cut:
            print(f"[{text} was cut at the output limit]", file=sys.stderr)
    ended = f", signal {result.signal}" if result.signal else ""
    ended += f", exit code {result.exit_code}" if result.exit_code else ""
    if result.status != "ok":
        print(f"[{result.status}{ended}, {result.duration_ms:.0f} ms]", file=sys.stderr)
    if result.hint:
        print(f"[{result.hint}]", file=sys.stderr)
    for file in result.files:
        print(f"{file.kind}: {paths[file.name]} ({file.size:,} bytes)", file=sys.stderr)
    for title, failures in (("left out", result.skipped_files), ("not installed", result.failed_packages)):
        for failure in failures:
            print(f"{title}: {failure.name}: {failure.reason}", file=sys.stderr)


def _print_json(result: Result, paths: dict[str, Path]) -> None:
    def listed(failures: list[Failure]) -> list[dict[str, str]]:
        return [dataclasses.asdict(failure) for failure in failures]

    print(
        json.dumps(
            {
                "status": result.status,
                "exit_code": result.exit_code,
                "signal": result.signal,
                "stdout": result.stdout,
                "stderr": result.stderr,
                "stdout_truncated": result.stdout_truncated,
                "stderr_truncated": result.stderr_truncated,
                "duration_ms": round(result.duration_ms, 1),
                "hint": result.hint,
                "installed_packages": result.installed_packages,
                "failed_packages": listed(result.failed_packages),
                "files": [
                    {"name": file.name, "size": file.size, "kind": file.kind, "path": str(paths[file.name])}
                    for file in result.files
                ],
                "skipped_files": listed(result.skipped_files),
            }
        )
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
