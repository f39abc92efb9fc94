"""Adjusted modules, and what honest code meets where the sandbox refuses or the interpreter dies."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest
from executor_support import LIMITS, Executor
from hypothesis import given
from hypothesis import strategies as st
from slashbox_executor.child import hooks
from slashbox_executor.crash import readable_crash
from slashbox_executor.hints import hint_for
from slashbox_executor.kernel import confinement
from slashbox_executor.kernel.probe import Abilities
from slashbox_executor.manifest import Manifest
from slashbox_executor.supervise import Ending


@pytest.fixture
def restored() -> Iterator[None]:
    """What `install` changes in the interpreter of the tests, put back."""
    finders, modules = list(sys.meta_path), set(sys.modules)
    yield
    sys.meta_path[:] = finders
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def _finder(adjustments: dict[str, hooks._Adjust]) -> hooks._Finder:
    return hooks._Finder(adjustments)


def test_module_is_adjusted_once_when_it_is_imported(restored: None, tmp_path: Path) -> None:
    (tmp_path / "adjusted_later.py").write_text("import importlib.util\n")
    seen: list[ModuleType] = []
    sys.meta_path.insert(0, _finder({"adjusted_later": seen.append}))  # type: ignore[arg-type]
    sys.path.insert(0, str(tmp_path))
    try:
        assert importlib.util.find_spec("adjusted_later") is not None
        assert seen == [], "looking for a module is not importing it"
        module = importlib.import_module("adjusted_later")
        importlib.reload(module)
    finally:
        sys.path.remove(str(tmp_path))
    assert seen == [module]
    assert type(module.__loader__).__name__ == "SourceFileLoader"


def test_adjustment_that_fails_does_not_cost_the_import(restored: None, tmp_path: Path) -> None:
    (tmp_path / "adjusted_badly.py").write_text("value = 1\n")
    sys.meta_path.insert(0, _finder({"adjusted_badly": lambda _: 1 / 0}))  # type: ignore[arg-type]
    sys.path.insert(0, str(tmp_path))
    try:
        module = importlib.import_module("adjusted_badly")
    finally:
        sys.path.remove(str(tmp_path))
    assert module.value == 1


def test_modules_that_are_there_already_are_adjusted_at_once(executor: Executor) -> None:
    """In a child of a warm parent they are; here a subprocess stands in for it."""
    child = Path(hooks.__file__)
    code = dedent(f"""\
        import socket, threading, linecache, sys, types
        sys.path.insert(0, {str(child.parent)!r})
        sys.modules["pandas"] = pandas = types.ModuleType("pandas")
        asked = []
        pandas.set_option = lambda *options: asked.append(options)
        import hooks
        called = []
        def call(part, function, *arguments):
            called.append((part, function))
        hooks.install(call, "/root", "main.py", "line one")
        assert called == [("network", "refuse")], called
        assert len(asked) == 1 and "display.width" in asked[0], asked
        assert linecache.getline("main.py", 1) == "line one\\n"
        assert "pandas" not in sys.meta_path[0]._adjustments
        assert "PIL.Image" in sys.meta_path[0]._adjustments
        print("as expected")
        """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "as expected\n", done.stderr


@pytest.fixture(params=["kernel layer", "no kernel layer"])
def either_layer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what this kernel gives; and as in a Lambda function, where our own words are all that refuses."""
    if request.param == "no kernel layer":
        monkeypatch.setattr(confinement, "probe_abilities", lambda: Abilities(False, False, 0, ()))


@pytest.mark.parametrize(
    "line",
    [
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.create_connection(('example.com', 80))",
        "socket.socket().connect(('10.255.255.1', 80))",
        "socket.socket(socket.AF_INET6).connect(('::1', 80))",
        "socket.socket().connect_ex(('127.0.0.1', 9))",
        "socket.socket().bind(('', 0))",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
        "socket.getaddrinfo('example.com', 80)",
        "socket.gethostbyname('localhost')",
        "socket.create_server(('', 0))",
        "urllib.request.urlopen('http://example.com')",
        "http.client.HTTPSConnection('example.com').connect()",
        "socketserver.TCPServer(('', 0), None)",
        "asyncio.run(asyncio.open_connection('127.0.0.1', 9))",
        "smtplib.SMTP('localhost')",
    ],
)
def test_the_network_is_refused_at_once_in_words(executor: Executor, either_layer: None, line: str) -> None:
    code = f"import asyncio, http.client, smtplib, socket, socketserver, urllib.request\n{line}"
    result = executor.run(code)
    assert result.status == "error"
    assert "[Errno 13] Network access is switched off here" in result.stderr.splitlines()[-1]
    assert result.hint == "Network access is switched off here."


def test_pairs_of_sockets_and_asyncio_go_on_working(executor: Executor) -> None:
    code = dedent("""\
        import asyncio, socket
        a, b = socket.socketpair()
        a.sendall(b"x"); print(b.recv(1), socket.gethostname() != "", socket.getfqdn() != "")
        async def main():
            process = await asyncio.create_subprocess_exec("echo", "child", stdout=-1)
            print((await process.communicate())[0], await asyncio.to_thread(lambda: 5))
        asyncio.run(main())
        """)
    result = executor.run(code)
    assert (result.stdout, result.stderr) == ("b'x' True True\nb'child\\n' 5\n", "")


@pytest.mark.parametrize(
    ("code", "frames"),
    [
        (
            "import ctypes\ndef f():\n    ctypes.string_at(0)\nf()",
            ['  File "main.py", line 4, in <module>', '  File "main.py", line 3, in f'],
        ),
        ("import os\nos.abort()", ['  File "main.py", line 2, in <module>']),
    ],
)
def test_a_crash_names_the_lines_of_the_users_code(executor: Executor, code: str, frames: list[str]) -> None:
    result = executor.run(code)
    assert result.status == "killed"
    lines = result.stderr.splitlines()
    assert lines[0].startswith("Fatal Python error: ")
    assert lines[1] == "Crashed at (most recent call last):"
    assert lines[2:] == frames


def test_a_crash_in_a_helper_file_and_a_thread_is_found(executor: Executor) -> None:
    helper = executor.store.put("helper.py", b"import ctypes\ndef die(): ctypes.string_at(0)\n")
    code = "import helper, threading\nt = threading.Thread(target=helper.die)\nt.start()\nt.join()"
    result = executor.run(code, inputs=[helper])
    assert '  File "helper.py", line 2, in die' in result.stderr
    assert 'Another thread at (most recent call last):\n  File "main.py", line ' in result.stderr
    assert "threading.py" not in result.stderr


def _ending(text: str, exit_code: int | None = 1, signal: str | None = None) -> Ending:
    return Ending(exit_code, signal, None, "", text, text, False, False, 1, 0, True)


@given(
    st.lists(st.sampled_from(["Fatal Python error: x", "", "  ...", "Thread 0x1 (x):", "mine"]) | st.text())
)
def test_any_report_of_a_crash_can_be_read_and_other_lines_stay(lines: list[str]) -> None:
    shown = readable_crash("\n".join(lines), "main.py").split("\n")
    assert shown.count("mine") == "\n".join(lines).split("\n").count("mine")


def test_text_without_a_crash_is_left_alone() -> None:
    text = 'Thread 0x1 (most recent call first):\n  File "x", line 1 in f\n'
    assert readable_crash(text, "main.py") == text


def test_deep_recursion_is_counted() -> None:
    frame = '  File "main.py", line 2 in f\n'
    text = "Fatal Python error: Segmentation fault\n\nCurrent thread 0x00007f (most recent call first):\n"
    shown = readable_crash(text + frame * 100 + "  ...\n", "main.py")
    assert shown.endswith("in f\n  [Previous line repeated 97 more times]\n")


def test_a_crash_of_a_worker_leaves_the_error_that_follows_it(executor: Executor) -> None:
    code = dedent("""\
        import ctypes
        from concurrent.futures import ProcessPoolExecutor
        if __name__ == "__main__":
            with ProcessPoolExecutor(1) as pool:
                pool.submit(ctypes.string_at, 0).result()
        """)
    result = executor.run(code)
    assert "Fatal Python error: Segmentation fault\nCrashed at (most recent call last):\n" in result.stderr
    assert 'File "main.py", line 5, in <module>\n    pool.submit' in result.stderr
    assert "BrokenProcessPool" in result.stderr.splitlines()[-1]
    assert "slashbox" not in result.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sh: 1: pip: not found\n", "approved packages come by themselves"),
        ("/bin/sh: line 1: pip3: command not found\n", "approved packages come by themselves"),
        ("/usr/bin/python3: No module named pip\n", "approved packages come by themselves"),
        ("x\nFileNotFoundError: [Errno 2] No such file or directory: 'pip'\n", "approved packages"),
        ("ERROR: No matching distribution found for foo\n", "approved packages come by themselves"),
        ("NotImplementedError: This Python build lacks multiprocessing.synchronize\n", "Process with a Pipe"),
        ("    pool = Pool(2)\nPermissionError: [Errno 13] Permission denied\n", "Process with a Pipe"),
        ("    q = Queue()\nFileNotFoundError: [Errno 2] No such file or directory\n", "Process with a Pipe"),
        ("ValueError: unknown file extension: .mp4\n", "There is no ffmpeg here"),
        ("FileNotFoundError: [Errno 2] No such file or directory\n", None),
    ],
)
def test_what_people_try_first_is_answered(text: str, words: str | None) -> None:
    hint = hint_for(_ending(text), LIMITS, False, Manifest())
    assert hint is None if words is None else words in (hint or "")


def test_pip_that_failed_is_answered_in_a_run_that_succeeded() -> None:
    assert "approved" in (hint_for(_ending("sh: pip: not found\n", 0), LIMITS, False, Manifest()) or "")
    assert hint_for(_ending("pip is a fruit\n", 0), LIMITS, False, Manifest()) is None


def test_pip_is_answered_at_once(executor: Executor) -> None:
    code = (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', 'x'])\nprint('on')"
    )
    result = executor.run(code)
    assert (result.status, result.stdout.splitlines()[-1]) == ("ok", "on")
    assert "approved packages come by themselves" in (result.hint or "")
