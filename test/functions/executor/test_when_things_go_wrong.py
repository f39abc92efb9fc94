"""Our own failures: they are told apart from the user's, logged, and do not reach the next run."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from executor_support import DAEMON, LIMITS, Executor
from slashbox_executor import boot, linux
from slashbox_executor.environment import ExecutionEnvironment
from slashbox_executor.identity import choose_identity
from slashbox_executor.processes import Family
from slashbox_executor.settings import Settings
from slashbox_executor.spawn import ChildExit, Spawned
from slashbox_executor.supervise import supervise
from slashbox_executor.view import View, ViewError

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")


def _open_descriptors() -> list[str]:
    return sorted(path.name for path in Path("/dev/fd").iterdir())


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}


def test_interpreter_that_cannot_be_started_is_our_fault(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot, "interpreter", lambda: "/nothing/python")
    result = executor.run("print(1)")
    assert (result.status, result.exit_code, result.stdout) == ("sandbox_error", None, "")
    assert "not your code" in (result.hint or "")
    assert "could not be started: program: [Errno 2] No such file" in executor.log[-1]


def test_surprise_is_logged_and_the_next_run_starts_afresh(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = executor.environment.workspace().root.parent
    with monkeypatch.context() as patched:
        patched.setattr("slashbox_executor.app.supervise", lambda *_: 1 / 0)
        assert executor.run("print(1)").status == "sandbox_error"
    assert "ZeroDivisionError" in executor.log[0]
    assert executor.log[-1] == "Starting afresh: the last run left something behind"
    assert executor.run("print(2)").stdout == "2\n"
    assert executor.environment.workspace().root.parent != before
    assert not before.exists()


def test_files_of_a_run_that_cannot_be_ended_are_left_alone(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("slashbox_executor.processes.Family.kill", lambda _self: False)
        result = executor.run("print('said'); open('f', 'w').close()")
    assert (result.stdout, result.files) == ("said\n", [])
    assert executor.log == ["Starting afresh: the last run left something behind"]


def test_output_written_just_before_the_end_is_kept() -> None:
    class Nobody(Family):
        def kill(self) -> bool:
            return True

    (out_read, out_write), (err_read, err_write) = os.pipe(), os.pipe()
    os.write(out_write, b"last words")
    child = os.fork()
    if child == 0:
        os._exit(4)
    os.close(out_write)
    os.close(err_write)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    family = Nobody(choose_identity(Settings(profile="local")), "mark")
    ending = supervise(
        Spawned(child, out_read, err_read, ChildExit(child), os.getpid()), family, LIMITS, list, 5
    )
    assert (ending.stdout, ending.exit_code) == ("last words", 4)


@root_only
@linux_only
def test_files_left_by_an_executor_before_us_are_wiped(executor: Executor) -> None:
    uid = executor.environment.identity.uid
    executor.environment.close()
    left = Path(f"/tmp/left-{uid}")
    left.touch()
    os.chown(left, uid, uid)
    ExecutionEnvironment(executor.environment.settings, print).close()
    assert not left.exists()


def test_nothing_of_us_leaks_through_descriptors_over_many_runs(executor: Executor) -> None:
    executor.run("print(1)")
    before = _open_descriptors()
    for _ in range(5):
        executor.run("import os; open('f', 'w').close(); os.fork()")
    assert _open_descriptors() == before


@linux_only
@root_only
def test_without_a_reaper_processes_are_found_by_their_user(executor: Executor) -> None:
    identity = executor.environment.identity
    executor.environment.identity = dataclasses.replace(identity, reaps_orphans=False)
    result = executor.run(DAEMON)
    assert result.status == "ok"
    assert _is_gone(int(result.stdout))


@linux_only
def test_without_either_processes_are_followed_by_tree_and_mark(executor: Executor) -> None:
    """As on macOS, and with our own user id; the code here is ours."""
    bystander = subprocess.Popen(["/bin/sleep", "60"])
    identity = executor.environment.identity
    executor.environment.identity = dataclasses.replace(
        identity, uid=os.geteuid(), gid=os.getegid(), dedicated=False, reaps_orphans=False
    )
    executor.environment.mark_harmed()
    executor.environment.tidy()  # parents of runs that are of this user too
    executor.log.clear()
    try:
        result = executor.run(DAEMON)
        assert result.status == "ok", (result, executor.log)
        assert _is_gone(int(result.stdout))
        assert not _is_gone(bystander.pid)
    finally:
        bystander.send_signal(signal.SIGKILL)
        bystander.wait()


@linux_only
@root_only
def test_closed_folder_is_opened_for_what_is_needed_and_nothing_else(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    for name in ("python/lib", "secrets"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "python/lib/os.py").write_text("readable")
    (tmp_path / "secrets/key").write_text("secret")
    view = View([tmp_path / "python", tmp_path / "missing", Path("/usr")])
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            view.enter()
            os.setuid(65534)
            os.write(writing, (tmp_path / "python/lib/os.py").read_bytes())
            os.write(writing, str([path.name for path in tmp_path.iterdir()]).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    view.close()
    assert os.read(reading, 1_000) == b"readable['python']"
    os.close(reading)
    os.close(writing)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["python", "secrets"]


@linux_only
def test_closed_folder_that_cannot_be_opened_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(linux, "leave_mount_namespace", refuse)
    (tmp_path / "python").mkdir()
    tmp_path.chmod(0o700)
    with pytest.raises(ViewError, match=r"closed to other users .*Install Python"):
        View([tmp_path / "python"])


def test_open_folders_need_no_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("no helper is needed"))
    View([Path("/usr/lib"), Path("/usr")]).enter()
