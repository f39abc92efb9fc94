"""Who is measured: our executor, a fresh interpreter a run, a bare fork. Each answers with milliseconds."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self, cast

from command_line.tenants import Tenant

from scripts.bench.prepare import BenchError, Prepared, base_python, clean_environment
from scripts.bench.workloads import Workload

_PROBE = """\
import importlib, importlib.util, json, os
found = {}
for name in NAMES:
    cached = importlib.import_module(name).__spec__.cached
    found[name] = bool(cached) and os.path.exists(cached) and (
        open(cached, 'rb').read(4) == importlib.util.MAGIC_NUMBER
    )
print(json.dumps(found))
"""


_TELL_PEAK = """
print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM:')][0])
"""


class Side(Protocol):
    """Something that runs a program from a folder of its own and says how long its user waited."""

    def run(self, workload: Workload) -> float:
        """Milliseconds of the whole run. :raises BenchError: unless it came out as it should"""


class Executor:
    """Ours: one user's execution environment in a warm process. The time is that of the whole `execute()`."""

    def __init__(self, prepared: Prepared) -> None:
        # Readable for the user that runs have, and all of its own: what is left in it is a leak.
        self.folder = Path(tempfile.mkdtemp(prefix="slashbox-bench-"))
        self.folder.chmod(0o755)
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.temporary.chmod(0o755)
        self._table = prepared.table
        arguments = ["--layer-root", str(prepared.layer), "--packages", prepared.packages_url]
        self._tenant = Tenant(arguments, {**os.environ, "TMPDIR": str(self.temporary)})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tenant.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        return self._tenant.pid

    def run(self, workload: Workload) -> float:
        answer = self.ask(workload.code, reads=workload.reads)
        _check(workload, answer["status"] == "ok", str(answer["stderr"]))
        if workload.makes is not None:
            files = cast(list[dict[str, object]], answer["files"])
            _check(workload, [file["name"] for file in files] == [workload.makes], "no picture came out")
        return cast(list[float], answer["durations_ms"])[0]

    def ask(self, code: str, *, reads: bool = False) -> dict[str, object]:
        """The whole answer of one run. :raises BenchError: where there is none"""
        program = self.folder / "main.py"
        program.write_text(code, encoding="utf-8")
        request: dict[str, object] = {"code_file": str(program), "out": str(self.folder / "out")}
        if reads:
            request["files"] = [str(self._table)]
        answer = cast(dict[str, object], json.loads(self._tenant.run(json.dumps(request))))
        if "error" in answer:
            raise BenchError(f"the executor answered: {answer['error']}")
        return answer

    def check_byte_code(self, modules: Sequence[str]) -> None:
        """:raises BenchError: where a module has none that this Python reads"""
        answer = self.ask(_probe(modules))
        _demand_byte_code("the executor", str(answer["stdout"]), str(answer["stderr"]))


class Fresh:
    """A new interpreter for each run. The time is from its start to its end, copying inputs left out."""

    def __init__(self, name: str, python: list[str], prepared: Prepared, path: Path | None = None) -> None:
        self.name = name
        self._folder = Path(tempfile.mkdtemp(prefix="slashbox-bench-"))
        shutil.copy(prepared.table, self._folder)
        self._python = python
        self._environment = clean_environment(self._folder)
        if path is not None:
            self._environment["PYTHONPATH"] = str(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(self, workload: Workload) -> float:
        started = time.perf_counter()
        done = self._start(workload.code)
        taken = (time.perf_counter() - started) * 1000
        _check(workload, done.returncode == 0, done.stderr)
        if workload.makes is not None:
            _check(workload, (self._folder / workload.makes).exists(), "no picture came out")
        return taken

    def _command(self, code: str) -> list[str]:
        return [*self._python, "-c", code]

    def check_byte_code(self, modules: Sequence[str]) -> None:
        """:raises BenchError: where a module has none that this Python reads"""
        done = self._start(_probe(modules))
        _demand_byte_code(self.name, done.stdout, done.stderr)

    def peak_bytes(self, workload: Workload) -> int:
        """The most memory that it had at once."""
        done = self._start(workload.code + _TELL_PEAK)
        _check(workload, done.returncode == 0, done.stderr)
        return int(done.stdout.split()[-1]) * 1024

    def _start(self, code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(code),
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )


class BareFork:
    """The physical limit of `print(1)`: a fork of a small process and nothing else."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [base_python(), "-I", "-S", str(Path(__file__).with_name("fork_server.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="ascii",
        )
        self._requests = cast(IO[str], self._process.stdin)
        self._answers = cast(IO[str], self._process.stdout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=10)

    def run(self, workload: Workload) -> float:
        self._requests.write("\n")
        self._requests.flush()
        answer = self._answers.readline()
        _check(workload, bool(answer), "the fork server ended")
        return float(answer)


def venv_side(prepared: Prepared) -> Fresh:
    """The way of a bot that keeps a virtual environment and starts its Python for each run."""
    return Fresh("a virtual environment's python", [str(prepared.venv_python)], prepared)


def bare_side(prepared: Prepared) -> Fresh:
    """The same in a bare interpreter, without `site`, which reads whatever this machine's Python has."""
    return Fresh("a bare python", [base_python(), "-S"], prepared, prepared.site_packages)


def refuse_spoilt_settings() -> None:
    """:raises BenchError: where the caller's settings would change what is compared"""
    for name in ("PYTHONPYCACHEPREFIX", "PYTHONPROFILEIMPORTTIME", "PYTHONDEVMODE", "PYTHONTRACEMALLOC"):
        if os.environ.get(name):
            raise BenchError(f"{name} is set, which changes what is measured: unset it")
    if sys.platform != "linux":
        raise BenchError("memory and descriptors are read from /proc: the benchmarks need Linux")


def _probe(modules: Sequence[str]) -> str:
    return f"NAMES = {list(modules)!r}\n{_PROBE}"


def _demand_byte_code(who: str, printed: str, errors: str) -> None:
    try:
        found = cast(dict[str, bool], json.loads(printed))
    except ValueError as error:
        raise BenchError(f"{who} could not say whether it has byte code: {errors[-300:]}") from error
    if missing := [name for name, present in found.items() if not present]:
        raise BenchError(f"{who} has no byte code of {', '.join(missing)}: a ratio would mean nothing")


def _check(workload: Workload, ok: bool, errors: str) -> None:
    if not ok:
        raise BenchError(f"{workload.title} did not come out: {errors[-400:]}")
