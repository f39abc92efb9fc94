"""One run, from request to result: install, load, run, install what was missing and rerun, collect, wipe."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Iterable
from dataclasses import dataclass

from . import boot
from .collect import Found, Known, collect
from .crash import readable_crash
from .deadline import Deadline
from .environment import ExecutionEnvironment
from .hints import hint_for, ran_out_of_memory
from .imports import find_imports, find_missing
from .inputs import InputError, load_inputs
from .processes import Family
from .protocol import Request, Result, Status, StoredFile
from .spawn import Launch, Spawned, SpawnError, spawn
from .supervise import Ending, supervise
from .transfer import InputSource, OutputSink, TransferError
from .warm.parent import WarmParent
from .workspace import Workspace

# Runs again after an install; code that misses one package after another stops somewhere.
_MOST_INSTALLS = 5
_INPUT_SECONDS = 60.0
# Kept of the whole time for ending, collecting and answering.
_RESERVE_SECONDS = 5.0
_LEAST_CODE_SECONDS = 0.5
_MEMORY_SHARE = 0.8
_TABLES = (".csv", ".tsv", ".xlsx", ".xls", ".ods", ".parquet", ".feather", ".dta", ".sas7bdat", ".xpt")
_OUR_FAULT = "The sandbox failed, not your code. Try again; if it happens again, tell the operator."


@dataclass(frozen=True, slots=True)
class Ports:
    """Where input files come from and produced files go to."""

    inputs: InputSource
    outputs: OutputSink


def execute(request: Request, environment: ExecutionEnvironment, ports: Ports, deadline: Deadline) -> Result:
    """
    Carries out `request` before `deadline`. Never raises: what goes wrong on our side is `sandbox_error`.
    """
    execution = _Execution(request, environment, ports, deadline)
    try:
        result = execution.run()
    except SpawnError as error:
        environment.log(f"[{request.run_id}] The run could not be started: {error}")
        result = Result("sandbox_error", hint=_OUR_FAULT)
    except Exception:
        environment.log(f"[{request.run_id}] {traceback.format_exc()}")
        environment.mark_harmed()
        result = Result("sandbox_error", hint=_OUR_FAULT)
    try:
        environment.tidy()
    except Exception:
        environment.log(f"[{request.run_id}] {traceback.format_exc()}")
        environment.mark_harmed()
    return result


class _Execution:
    def __init__(
        self, request: Request, environment: ExecutionEnvironment, ports: Ports, deadline: Deadline
    ) -> None:
        self._request = request
        self._environment = environment
        self._ports = ports
        self._deadline = deadline
        self._code_seconds = request.limits.time_seconds
        self._install_seconds = request.limits.install_seconds
        self._imports = find_imports(request.code, request.code_name)
        self._tried: set[str] = set()
        self._result = Result("ok")

    def run(self) -> Result:
        self._install(self._imports_of_code())
        for round_ in range(_MOST_INSTALLS + 1):
            with self._environment.workspace() as workspace:
                try:
                    known = load_inputs(
                        self._request, workspace, self._ports.inputs, self._deadline.sooner(_INPUT_SECONDS)
                    )
                except InputError as error:
                    self._result.status, self._result.hint = "input_failed", str(error)
                    break
                ending = self._run_code(workspace)
                if round_ < _MOST_INSTALLS and self._has_time() and self._install_missing(ending):
                    continue
                self._report(ending)
                if ending.clean:
                    self._hand_out(workspace, known)
                break
        if not workspace.wiped:
            self._environment.mark_harmed()
        return self._result

    def _imports_of_code(self) -> list[str]:
        """Without modules that the user brings along as files."""
        own = self._own_modules()
        return [name for name in self._imports if name.partition(".")[0] not in own]

    def _own_modules(self) -> set[str]:
        return {item.name.removesuffix(".py") for item in self._request.inputs}

    def _install(self, modules: Iterable[str]) -> bool:
        """True when something new is at hand."""
        packages = self._environment.packages
        wanted = {
            module: name for module, name in packages.wanted(modules).items() if name not in self._tried
        }
        if not wanted:
            return False
        self._tried.update(wanted.values())
        time = self._deadline.sooner(self._install_seconds)
        before = time.seconds_left
        installed = packages.install(wanted, time)
        self._install_seconds -= before - time.seconds_left
        self._result.installed_packages += installed.names
        self._result.failed_packages += installed.failed
        return bool(installed.names or installed.kept)

    def _install_missing(self, ending: Ending) -> bool:
        if not ending.exit_code:
            return False
        return self._install(find_missing(ending.errors))

    def _has_time(self) -> bool:
        return min(self._code_seconds, self._deadline.seconds_left - _RESERVE_SECONDS) > _LEAST_CODE_SECONDS

    def _run_code(self, workspace: Workspace) -> Ending:
        request, environment = self._request, self._environment
        boot.write_code(workspace, request.code, request.code_name)
        parent = self._choose_parent()
        if parent is None or (parent.kind == "light" and "matplotlib" in request.code):
            environment.give_font_cache(workspace)
        if environment.parents is not None:
            environment.parents.settle()
        family = Family(environment.identity, str(workspace.root))
        seconds = min(self._code_seconds, self._deadline.seconds_left - _RESERVE_SECONDS)
        seconds = max(seconds, min(_LEAST_CODE_SECONDS, self._code_seconds))

        def folders() -> list[str]:
            return [str(path) for path in (*workspace.writable, *environment.writable_strays())]

        try:
            spawned = self._start(workspace, parent)
            family.adopt(spawned.pid, spawned.parent)
            ending = supervise(spawned, family, request.limits, folders, seconds)
        except BaseException:  # also when we are told to end ourselves
            family.kill()
            raise
        self._code_seconds -= ending.seconds
        if not ending.clean:
            environment.mark_harmed()
        return ending

    def _choose_parent(self) -> WarmParent | None:
        parents, packages = self._environment.parents, self._environment.packages
        if parents is None:
            return None
        modules = [*self._imports, *(["pandas"] if self._loads_tables() else [])]
        return parents.choose(modules, self._own_modules(), packages.paths)

    def _loads_tables(self) -> bool:
        """`load_file` imports pandas for most of what holds a table."""
        return "load_file" in self._request.code and any(
            item.name.casefold().endswith(_TABLES) for item in self._request.inputs
        )

    def _start(self, workspace: Workspace, parent: WarmParent | None) -> Spawned:
        request, environment = self._request, self._environment
        paths = environment.packages.paths
        with tempfile.TemporaryFile(dir=workspace.root) as stdin:
            stdin.write((request.stdin or "").encode())
            stdin.seek(0)
            launch = Launch(
                root=workspace.root,
                code_name=request.code_name,
                paths=paths,
                environment=boot.environment(workspace, paths, environment.library_path),
                folder=workspace.work,
                stdin=stdin.fileno(),
                limits=request.limits,
                identity=environment.identity,
                view=environment.view,
                confinement=environment.confinement(workspace),
            )
            if parent is not None and environment.parents is not None:
                spawned = environment.parents.start(parent, launch)
                if spawned is not None:
                    return spawned
                stdin.seek(0)
            boot.write_parts(workspace)
            return spawn(launch, boot.command(workspace, request.code_name, paths))

    def _report(self, ending: Ending) -> None:
        result, limits = self._result, self._request.limits
        result.status = _status(ending, limits.memory_megabytes << 20)
        result.exit_code, result.signal = ending.exit_code, ending.signal
        result.stdout, result.stdout_truncated = ending.stdout, ending.stdout_truncated
        result.stderr = readable_crash(ending.stderr, self._request.code_name)
        result.stderr_truncated = ending.stderr_truncated
        result.duration_ms = ending.seconds * 1000
        manifest = self._environment.packages.manifest
        result.hint = hint_for(ending, limits, bool(self._request.stdin), manifest)

    def _hand_out(self, workspace: Workspace, known: dict[str, Known]) -> None:
        def take(found: Found) -> str | None:
            slot = len(self._result.files)
            try:
                self._ports.outputs.store(slot, found.name, found.source, found.size, self._deadline)
            except TransferError as error:
                return f"could not be stored: {error}"
            self._result.files.append(StoredFile(slot, found.name, found.size, found.kind))
            return None

        self._result.skipped_files = collect(
            figures=workspace.figures_handle,
            work=workspace.work_handle,
            known=known,
            limits=self._request.limits,
            slots=len(self._request.outputs),
            take=take,
        )


def _status(ending: Ending, memory_limit: int) -> Status:
    if ending.broken:
        return ending.broken
    if ran_out_of_memory(ending):
        return "memory"
    if ending.signal == "SIGXCPU":
        return "timeout"
    if ending.signal == "SIGKILL" and ending.peak_bytes > _MEMORY_SHARE * memory_limit:
        return "memory"
    if ending.signal:
        return "killed"
    return "ok" if ending.exit_code == os.EX_OK else "error"
