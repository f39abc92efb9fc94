"""Limits hold, whatever the code does; what it said before stays; nothing of it lives on."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest
from executor_support import DAEMON, Executor

linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time; time.sleep(1000)",
        "import signal\nfor s in (15, 2, 24, 14): signal.signal(s, signal.SIG_IGN)\nwhile True: pass",
        "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
        "import atexit, time; atexit.register(time.sleep, 1000); x = 1",
        "import threading, time; threading.Thread(target=time.sleep, args=(1000,)).start()",
        "import sys\nwhile True: sys.stderr.write('E' * 65536)",
        "import re; re.match('(a+)+$', 'a' * 50 + 'b')",
    ],
)
def test_code_that_never_ends_is_stopped_and_its_output_kept(executor: Executor, code: str) -> None:
    result = executor.run(f"print('before')\n{code}", time_seconds=0.8)
    assert (result.status, result.exit_code, result.signal) == ("timeout", None, None)
    assert result.stdout == "before\n"
    assert result.hint == "It was stopped after 0.8 seconds, the time a run may take."
    assert 800 <= result.duration_ms < 20_000


def test_files_written_before_a_timeout_are_handed_out(executor: Executor) -> None:
    result = executor.run("open('a.txt', 'w').write('kept')\nwhile True: pass", time_seconds=0.5)
    assert executor.files(result) == {"a.txt": b"kept"}


def test_output_keeps_its_head_and_floods_do_no_harm(executor: Executor) -> None:
    result = executor.run("for n in range(300_000): print(f'{n:07d}' * 10)", output_characters=1_000)
    assert (result.status, result.stdout_truncated, result.stderr_truncated) == ("ok", True, False)
    assert len(result.stdout) == 1_000
    assert result.stdout.startswith("0000000" * 10 + "\n0000001")


def test_error_after_a_flood_is_still_understood(executor: Executor) -> None:
    code = "import sys\nfor n in range(5_000): print(n, file=sys.stderr)\ninput()"
    result = executor.run(code, output_characters=1_000)
    assert result.hint == "Your code waits for input(): give it in the stdin field."


def test_invalid_utf8_is_replaced(executor: Executor) -> None:
    result = executor.run(r"import os; os.write(1, b'a\xff\xf0\x9fb')")
    assert result.stdout.startswith("a\ufffd\ufffdb")


@linux
def test_memory_of_one_process_ends_in_memory_error(executor: Executor) -> None:
    code = "print('before')\nhold = []\nwhile True: hold.append(bytearray(1 << 24))"
    result = executor.run(code, memory_megabytes=200)
    assert result.status == "memory"
    assert result.stdout == "before\n"
    assert result.hint == "It ran out of memory: a run may use 200 MB."


@linux
def test_memory_of_many_processes_counts_together(executor: Executor) -> None:
    code = dedent("""\
        import os, time
        for _ in range(6):
            if os.fork() == 0:
                hold = bytearray(os.urandom(1 << 20)) * 90
                time.sleep(60)
        time.sleep(60)
        """)
    result = executor.run(code, memory_megabytes=300)
    assert (result.status, result.exit_code) == ("memory", None)


@linux
def test_pages_shared_by_forked_processes_count_once(executor: Executor) -> None:
    code = dedent("""\
        import os, time
        hold = bytearray(150 << 20)
        pids = []
        for _ in range(5):
            pid = os.fork()
            if pid == 0:
                time.sleep(0.6)
                os._exit(0)
            pids.append(pid)
        for pid in pids: os.waitpid(pid, 0)
        print("done")
        """)
    assert executor.run(code, memory_megabytes=300).stdout == "done\n"


@pytest.mark.parametrize(
    "keep",
    ["name = f'f{n}'", "name = os.environ['TMPDIR'] + f'/f{n}'", "name = 'f'"],
    ids=["work", "tmp", "deleted but open"],
)
@linux
def test_disk_is_counted_wherever_it_is_used(executor: Executor, keep: str) -> None:
    code = dedent(f"""\
        import os, time
        held = []
        for n in range(1000):
            {keep}
            held.append(open(name, "wb", buffering=0))
            held[-1].write(bytes(1 << 20))
            if name == "f":
                os.unlink(name)
            time.sleep(0.005)
        """)
    result = executor.run(code, disk_megabytes=20)
    assert result.status == "disk"
    assert "may write 20 MB" in (result.hint or "")


@linux
def test_one_file_cannot_outgrow_the_disk_limit(executor: Executor) -> None:
    result = executor.run(
        "f = open('f', 'wb', buffering=0)\nwhile True: f.write(b'x' * (1 << 20))", disk_megabytes=3
    )
    assert result.status in {"error", "disk"}
    if result.status == "error":
        assert result.hint == "One file may have at most 3 MB."


def test_inputs_do_not_count_as_disk(executor: Executor) -> None:
    given = executor.store.put("big.bin", bytes(5 << 20))
    result = executor.run("import time; time.sleep(0.4); print('ok')", inputs=[given], disk_megabytes=2)
    assert result.stdout == "ok\n"


@linux
@pytest.mark.skipif(os.geteuid() != 0, reason="the kernel counts processes by user: needs root to choose one")
def test_threads_are_limited_by_the_kernel(executor: Executor) -> None:
    code = dedent("""\
        import threading, time
        for n in range(500): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        """)
    result = executor.run(code, processes=20)
    assert result.status == "error"
    assert result.hint == "A run may have 20 processes and threads."


@linux
@pytest.mark.parametrize("parents_exit", [False, True])
def test_fork_bomb_is_ended_to_the_last_process(executor: Executor, parents_exit: bool) -> None:
    if os.geteuid() != 0:
        pytest.skip("without a user id of its own a fork bomb would eat the developer's processes")
    code = dedent(f"""\
        import os
        while True:
            try:
                if os.fork() and {parents_exit}:
                    os._exit(0)
            except OSError:
                pass
        """)
    result = executor.run(code, time_seconds=1.5, processes=40)
    assert result.status in {"timeout", "processes", "ok"}
    assert executor.log == []
    assert _of_the_run(executor) == []


@linux
def test_too_many_processes_end_the_run(executor: Executor) -> None:
    code = dedent("""\
        import os, time
        for _ in range(12):
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
        time.sleep(60)
        """)
    result = executor.run(code, processes=8)
    # Where the user id is the run's own, the kernel refuses the ninth before we look.
    assert (result.status, result.hint) in {
        ("processes", "It was stopped: a run may have 8 processes and threads."),
        ("error", "A run may have 8 processes and threads."),
    }


@linux
@pytest.mark.parametrize("after", ["", "time.sleep(60)"], ids=["normal end", "timeout"])
def test_daemon_does_not_outlive_the_run(executor: Executor, after: str) -> None:
    result = executor.run(DAEMON + after, time_seconds=1.0)
    assert not _lives(int(result.stdout))
    assert result.status == ("timeout" if after else "ok")


@linux
def test_grandchild_holding_stdout_does_not_hold_the_run(executor: Executor) -> None:
    code = "import os, time\nif os.fork() == 0:\n  time.sleep(60)\n  os._exit(0)\nprint('main is done')"
    started = time.monotonic()
    result = executor.run(code)
    assert (result.status, result.stdout) == ("ok", "main is done\n")
    assert time.monotonic() - started < 15


@linux
def test_processes_that_are_not_the_runs_stay_untouched(executor: Executor) -> None:
    bystander = os.fork()
    if bystander == 0:
        time.sleep(60)
        os._exit(0)
    try:
        executor.run("import os\nif os.fork() == 0:\n  while True: pass", time_seconds=0.6)
        assert _lives(bystander)
    finally:
        os.kill(bystander, 9)
        os.waitpid(bystander, 0)


@linux
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_started_as_root_the_code_is_nobody(executor: Executor) -> None:
    code = dedent("""\
        import os
        print(os.getresuid(), os.getresgid(), os.getgroups())
        wanted = ("CapEff", "NoNewPrivs")
        print([line.split()[1] for line in open("/proc/self/status") if line.startswith(wanted)])
        for path in ("/root", "/etc/shadow", f"/proc/{os.getppid()}/environ"):
            try:
                open(path).read() if not os.path.isdir(path) else open(path + "/x", "w")
                print("open", path)
            except OSError:
                pass
        """)
    ours = os.getgroups()
    os.setgroups([*ours, 54321])
    try:
        result = executor.run(code)
    finally:
        os.setgroups(ours)
    uid = executor.environment.identity.uid
    assert uid not in {0, os.getuid()}
    assert result.stdout == f"{(uid,) * 3} {(uid,) * 3} []\n['{0:016x}', '1']\n", result.stderr


@linux
@pytest.mark.skipif(
    os.geteuid() != 0, reason="files can be told by their owner only if that is the run alone"
)
def test_files_left_in_shared_folders_are_wiped(executor: Executor) -> None:
    folders = [folder for folder in ("/tmp", "/var/tmp", "/dev/shm") if Path(folder).is_dir()]
    code = dedent(f"""\
        import os
        for folder in {folders}:
            try:
                os.makedirs(f"{{folder}}/left-by-run/deep", mode=0o700)
                open(f"{{folder}}/left-by-run/deep/file", "w").close()
                print("left in", folder)
            except PermissionError as error:  # the kernel layer, where there is one, leaves /dev/shm
                print(error)
        """)
    assert "left in /dev/shm" in executor.run(code).stdout
    assert [folder for folder in folders if Path(folder, "left-by-run").exists()] == []


def test_run_leaves_nothing_in_our_folder(executor: Executor) -> None:
    executor.run("import os; os.makedirs('a/b'); os.chmod('a/b', 0); os.chmod('a', 0); os.chmod('.', 0)")
    workspace = executor.environment.workspace()
    assert {path.name for path in workspace.root.parent.iterdir()} == {"packages", "parents"}


def test_deep_tree_is_wiped_and_the_run_goes_on(executor: Executor) -> None:
    result = executor.run("import os\nfor n in range(1200):\n  os.mkdir('d')\n  os.chdir('d')\nprint('made')")
    assert (result.status, result.stdout) == ("ok", "made\n")
    assert "deeper than 8 folders" in result.skipped_files[0].reason
    assert {p.name for p in executor.environment.workspace().root.parent.iterdir()} == {"packages", "parents"}


def test_removed_working_folder_is_no_surprise(executor: Executor) -> None:
    result = executor.run("import os, shutil; shutil.rmtree(os.getcwd(), ignore_errors=True); print('gone')")
    assert result.stdout == "gone\n"
    assert executor.run("print('next')").stdout == "next\n"


def _of_the_run(executor: Executor) -> list[str]:
    """Processes that belong to the runs' user in every respect, as a parent of runs does not."""
    uid = str(executor.environment.identity.uid)
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            if set(lines["Uid"].split()) == {uid}:
                found.append(lines["Name"] + lines["State"])
    return found
