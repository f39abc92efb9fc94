"""A run that was forked from a warm parent behaves as one in an interpreter of its own, and harms nothing."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from executor_support import Executor, Store
from slashbox_executor.spawn import Launch, Spawned
from slashbox_executor.supervise import _Watch
from slashbox_executor.warm import parents as parents_module
from slashbox_executor.warm.parent import WarmError, WarmParent

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has warm parents")
ROOT = Path(__file__).parents[4]


@pytest.fixture
def heavy(
    tmp_path: Path, store: Store, real_layer: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Executor]:
    """With numpy, pandas and matplotlib to load, and as much time for it as a busy machine may take."""
    monkeypatch.setattr(parents_module, "_LOAD_SECONDS", 90.0)
    with Executor(tmp_path, store, layer_root=real_layer) as running:
        yield running


def _parents(executor: Executor) -> dict[str, WarmParent]:
    parents = executor.environment.parents
    assert parents is not None
    return {str(kind): parent for kind, parent in parents._parents.items()}


def _parent_of_a_run(executor: Executor, code: str = "", **options: object) -> int:
    result = executor.run(f"{code}\nimport os; print(os.getppid())", memory_megabytes=1024, **options)  # type: ignore[arg-type]
    assert result.status == "ok", (result, executor.log)
    return int(result.stdout)


def test_runs_are_forked_from_the_light_parent(executor: Executor) -> None:
    light = _parents(executor)["light"].pid
    assert _parent_of_a_run(executor) == light
    assert _parent_of_a_run(executor) == light
    assert executor.log == []


def test_code_that_needs_numpy_is_forked_from_the_heavy_parent(heavy: Executor) -> None:
    found = _parent_of_a_run(heavy, "import numpy")
    assert found == _parents(heavy)["heavy"].pid
    assert _parent_of_a_run(heavy, "def later():\n    import pandas.api.types") == found
    assert _parent_of_a_run(heavy) == _parents(heavy)["light"].pid
    assert heavy.log == []


def test_code_that_needs_nothing_does_not_wait_for_the_heavy_parent(
    heavy: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: WarmParent, seconds: float) -> bool:
        assert self.kind == "light"
        return original(self, seconds)

    original = WarmParent.wait_ready
    monkeypatch.setattr(WarmParent, "wait_ready", refuse)
    assert heavy.run("print(1)").stdout == "1\n"
    assert "heavy" in _parents(heavy)


def test_modules_are_there_without_being_imported_again(heavy: Executor) -> None:
    code = "import sys; print('pandas' in sys.modules, 'matplotlib.pyplot' in sys.modules)\nimport pandas"
    assert heavy.run(code, memory_megabytes=1024).stdout == "True True\n"


def test_file_of_the_users_hides_a_module_of_that_name(executor: Executor, store: Store) -> None:
    own = store.put("random.py", b"def random(): return 'mine'")
    result = executor.run("import random; print(random.random())", inputs=[own])
    assert (result.stdout, result.stderr) == ("mine\n", "")


def test_random_numbers_are_new_in_every_run(heavy: Executor) -> None:
    code = """\
        import random, numpy
        print(random.random(), numpy.random.rand(), numpy.random.default_rng().random())
        """
    numbers = [heavy.run(dedent(code), memory_megabytes=1024).stdout.split() for _ in range(2)]
    assert len({number for run in numbers for number in run}) == 6


def test_program_of_two_runs_shares_nothing(executor: Executor) -> None:
    executor.run("import json, os, builtins; json.x = 1; os.environ['X'] = '1'; builtins.y = 2; os.umask(0)")
    code = (
        "import json, os; print(hasattr(json, 'x'), 'X' in os.environ, 'y' in dir(__builtins__), os.umask(0))"
    )
    assert executor.run(code).stdout == f"False False False {0o022}\n"


def test_finds_nothing_of_ours_among_its_modules_and_variables(executor: Executor) -> None:
    code = """\
        import os, sys
        print([name for name in sys.modules if "slashbox_" in name])
        print(sorted(os.environ) == sorted(dict(os.environ)), [n for n in os.environ if "SLASHBOX" in n])
        print(sorted(globals()))
        print(sys.argv, sys.path[0] == os.getcwd(), __name__)
        """
    lines = executor.run(dedent(code)).stdout.splitlines()
    assert lines[0] == "[]"
    assert lines[1] == "True []"
    names = "annotations builtins cached doc file loader name package spec"
    assert lines[2] == str([*(f"__{name}__" for name in names.split()), "os", "sys"])
    assert lines[3] == "['main.py'] True __main__"


def test_standard_streams_are_the_runs_own(executor: Executor) -> None:
    code = """\
        import os, sys
        print(sys.stdin.read(), sys.stdin.fileno(), sys.stdout.encoding, sys.stdin.seekable())
        sys.stdin.seek(0)
        print(input(), sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__, sys.stderr.name)
        print(sorted(os.listdir("/proc/self/fd"))[:3], file=sys.stderr)
        """
    result = executor.run(dedent(code), stdin="héllo")
    assert result.stdout == "héllo 0 utf-8 True\nhéllo True True <stderr>\n"
    assert result.stderr == "['0', '1', '2']\n"


ENDINGS = {
    "a file that is open": ("f = open('f.txt', 'w'); f.write('kept')", ""),
    "a file in a cycle": ("f = open('f.txt', 'w'); a = [f]; a.append(a); f.write('kept')", ""),
    "a file that a module holds": ("import json; json.f = open('f.txt', 'w'); json.f.write('kept')", ""),
    "a file that is open, with its own buffer": ("f = open('f.txt', 'wb', 99); f.write(b'kept')", ""),
    "what is registered": ("import atexit; atexit.register(print, 'bye')", "bye\n"),
    "a thread": ("import threading, time; threading.Timer(0.05, print, ['late']).start()", "late\n"),
    "a finaliser": ("class A:\n  def __del__(self): print('gone', x)\nx = 5\na = A()", "gone 5\n"),
    "a generator": ("def g():\n  try: yield\n  finally: print('closed')\nh = g(); next(h)", "closed\n"),
    "C's own output": ("import ctypes; ctypes.CDLL(None).printf(b'from C')", "from C"),
}


@pytest.mark.parametrize("what", ENDINGS)
def test_ends_as_the_interpreter_would(executor: Executor, what: str) -> None:
    code, said = ENDINGS[what]
    result = executor.run(code + "\nNone")
    assert (result.status, result.stdout, result.stderr) == ("ok", said, "")
    if "f.txt" in code:
        assert executor.files(result) == {"f.txt": b"kept"}


@pytest.mark.parametrize(
    ("code", "status", "exit_code", "name"),
    [
        ("raise SystemExit(7)", "error", 7, None),
        ("import os; os._exit(9)", "error", 9, None),
        ("import os; os.abort()", "killed", None, "SIGABRT"),
        ("import os; os.kill(os.getpid(), 9)", "killed", None, "SIGKILL"),
        ("1/0", "error", 1, None),
    ],
)
def test_way_a_run_ended_is_told(
    executor: Executor, code: str, status: str, exit_code: int | None, name: str | None
) -> None:
    result = executor.run(code)
    assert (result.status, result.exit_code, result.signal) == (status, exit_code, name)


def test_multiprocessing_works_in_each_way_to_start(executor: Executor) -> None:
    code = """\
        import multiprocessing
        def double(x, pipe):
            pipe.send(2 * x)
        if __name__ == "__main__":
            for way in ("fork", "spawn"):
                context = multiprocessing.get_context(way)
                ours, theirs = context.Pipe()
                process = context.Process(target=double, args=(21, theirs))
                process.start()
                print(way, ours.recv())
                process.join()
        """
    result = executor.run(dedent(code))
    assert (result.stdout, result.stderr) == ("fork 42\nspawn 42\n", "")


def test_figures_are_kept_and_numbered_anew_in_every_run(heavy: Executor) -> None:
    code = "import matplotlib.pyplot as plt\nprint(plt.figure().number)\nplt.plot([1, 2])\nplt.show()"
    for _ in range(2):
        result = heavy.run(code, memory_megabytes=1024)
        assert (result.stdout, result.stderr) == ("1\n", "")
        assert [file.name for file in result.files] == ["figure-1.png"]


def test_fonts_of_the_parent_do_not_close_files_of_the_run(heavy: Executor) -> None:
    code = """\
        import matplotlib.pyplot as plt
        files = [open(f"{n}.txt", "w") for n in range(12)]
        # So many formulas that none of the parent's is kept.
        for n in range(60):
            plt.figtext(0.5, 0.5, f"$x^{{{n}}}$")
        plt.gcf().canvas.draw()
        for file in files:
            file.write("x")
            file.close()
        """
    result = heavy.run(dedent(code), memory_megabytes=1024)
    assert (result.status, result.stderr) == ("ok", ""), result
    descriptors = Path(f"/proc/{_parents(heavy)['heavy'].pid}/fd")
    assert [path for path in map(os.readlink, descriptors.iterdir()) if path.endswith(".ttf")] == []


def test_linear_algebra_may_use_all_processors(heavy: Executor) -> None:
    code = """\
        import os, numpy
        numpy.ones((400, 400)) @ numpy.ones((400, 400))
        print(len(os.listdir("/proc/self/task")) == len(os.sched_getaffinity(0)))
        """
    assert heavy.run(dedent(code), memory_megabytes=1024).stdout == "True\n"


HARM = {
    "killed": lambda pid: os.kill(pid, signal.SIGKILL),
    "stopped": lambda pid: os.kill(pid, signal.SIGSTOP),
    "slowed": lambda pid: os.setpriority(os.PRIO_PROCESS, pid, 15),
}


@pytest.mark.parametrize("how", HARM)
def test_harmed_parent_is_replaced(executor: Executor, how: str) -> None:
    before = _parent_of_a_run(executor)
    parents = executor.environment.parents
    assert parents is not None
    parents.settle()
    HARM[how](before)
    if how != "slowed":
        os.waitid(os.P_PID, before, os.WEXITED | os.WSTOPPED | os.WNOWAIT)
    executor.environment.tidy()
    after = _parents(executor)["light"].pid
    assert after != before
    assert _parent_of_a_run(executor) == after
    assert len(executor.log) == 1
    assert "is replaced" in executor.log[0]


def test_run_that_could_not_begin_is_started_in_an_interpreter_of_its_own(executor: Executor) -> None:
    executor.run("print(1)")
    light = _parents(executor)["light"]
    light.settle()
    assert light._spare is not None
    os.kill(light._spare.pid, signal.SIGKILL)
    assert _parent_of_a_run(executor) == os.getpid()
    assert _parent_of_a_run(executor) == _parents(executor)["light"].pid


def test_run_whose_parent_dies_meanwhile_comes_to_an_end(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = WarmParent.start

    def start_and_kill(self: WarmParent, launch: Launch) -> Spawned:
        spawned = original(self, launch)
        os.kill(self.pid, signal.SIGKILL)
        return spawned

    monkeypatch.setattr(WarmParent, "start", start_and_kill)
    result = executor.run("import time; time.sleep(0.3); print('done')")
    assert result.stdout == "done\n"
    monkeypatch.undo()
    assert executor.run("print('again')").stdout == "again\n"


def test_parent_that_is_slow_to_tell_is_waited_for(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    look, status_of = _Watch._look, WarmParent.status_of

    def count_looks(self: _Watch) -> None:
        nonlocal looks
        looks += 1
        look(self)

    def tell_late(self: WarmParent, pid: int) -> int | None:
        return status_of(self, pid) if looks > 5 else None

    monkeypatch.setattr(_Watch, "_look", count_looks)
    monkeypatch.setattr(WarmParent, "status_of", tell_late)
    result = executor.run("print(1)")
    assert (result.status, result.exit_code, result.stdout) == ("ok", 0, "1\n")


def test_old_parent_is_replaced(executor: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parents_module, "_MOST_RUNS", 2)
    seen = [_parent_of_a_run(executor) for _ in range(4)]
    assert seen[0] == seen[1] != seen[2] == seen[3]
    assert executor.log == []


def test_parent_that_cannot_be_had_is_done_without(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slashbox_executor.warm.parent._PROGRAM", Path("/nothing/here.py"))
    assert _parent_of_a_run(executor) == os.getpid()
    assert _parent_of_a_run(executor) == os.getpid()
    assert [line for line in executor.log if "is given up" in line] == executor.log[:1]


def test_parent_that_never_works_is_given_up(executor: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: WarmParent, launch: Launch) -> Spawned:
        raise WarmError("it does not fork")

    monkeypatch.setattr(WarmParent, "start", refuse)
    assert [_parent_of_a_run(executor) for _ in range(4)] == [os.getpid()] * 4
    assert [line.partition(" parent of runs is ")[2] for line in executor.log] == [
        "replaced: it does not fork",
        "replaced: it does not fork",
        "given up: it does not fork",
    ]


def test_closing_leaves_no_process(executor: Executor) -> None:
    executor.run("print(1)")
    parents = executor.environment.parents
    assert parents is not None
    parents.settle()
    pids = parents.pids
    assert len(pids) == 2
    executor.environment.close()
    assert [pid for pid in pids if _lives(pid)] == []


def test_package_that_the_heavy_parent_has_missed_makes_it_load_anew(heavy: Executor) -> None:
    first = _parent_of_a_run(heavy, "import pandas")
    parent = _parents(heavy)["heavy"]
    assert {"pyarrow", "org"} <= parent.missed
    parents = heavy.environment.parents
    assert parents is not None
    come = heavy.environment.workspace().root.parent / "packages" / "org-1"
    (come / "org").mkdir(parents=True)
    assert parents.choose(["pandas"], set(), [come]) is None
    again = parents.choose(["pandas"], set(), [come])
    assert again is not None
    assert again.pid != first
    assert parents.choose(["pandas"], set(), [come]) is again
    assert parents.choose(["pandas"], set(), []) is None
    assert heavy.log == []


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False
