"""What a person's code finds around it, and what comes back of it."""

from __future__ import annotations

import json
import os
from textwrap import dedent

import pytest
from executor_support import Executor, Store


def test_print_comes_back_with_exit_code_zero(executor: Executor) -> None:
    result = executor.run("print(6 * 7)")
    assert (result.status, result.exit_code, result.stdout, result.stderr) == ("ok", 0, "42\n", "")
    assert result.duration_ms > 0
    assert result.hint is None


def test_streams_are_kept_apart_and_decoded_as_utf8(executor: Executor) -> None:
    result = executor.run("import sys; print('héllo 🎉'); print('oops', file=sys.stderr)")
    assert result.stdout == "héllo 🎉\n"
    assert result.stderr == "oops\n"


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("1 + 1", "2\n"),
        ("'text'", "'text'\n"),
        ("None", ""),
        ("x = 3", ""),
        ("x = 3\nx", "3\n"),
        ("print('a')", "a\n"),
        ("'only a docstring'", "'only a docstring'\n"),
        ("from __future__ import annotations\n(lambda: 5)()", "5\n"),
        ("from __future__ import annotations\nexec('def f(x: undefined): pass')", ""),
        ("", ""),
        ("# nothing\n", ""),
    ],
)
def test_value_of_last_expression_is_shown(executor: Executor, code: str, shown: str) -> None:
    result = executor.run(code)
    assert (result.stdout, result.stderr) == (shown, "")


def test_long_containers_are_laid_out_over_lines(executor: Executor) -> None:
    result = executor.run("{f'key{n}': ['x' * 20, n] for n in range(10)} | {'more': {'deep': 1}}")
    assert result.stdout.count("\n") > 2
    assert "'key9': ['xxxxxxxxxxxxxxxxxxxx', 9]" in result.stdout


def test_traceback_shows_the_users_lines_and_nothing_of_ours(executor: Executor) -> None:
    code = dedent("""\
        import json
        def parse(text):
            return json.loads(text)
        parse("{")
        """)
    result = executor.run(code)
    assert (result.status, result.exit_code) == ("error", 1)
    assert 'File "main.py", line 4, in <module>\n    parse("{")' in result.stderr
    assert 'File "main.py", line 3, in parse\n    return json.loads(text)' in result.stderr
    assert "slashbox" not in result.stderr
    assert "decoder.py" not in result.stderr
    assert result.stderr.rstrip().splitlines()[-1].startswith("json.decoder.JSONDecodeError: Expecting")


def test_chained_and_grouped_exceptions_are_all_explained(executor: Executor) -> None:
    code = dedent("""\
        try:
            int("x")
        except ValueError as error:
            raise ExceptionGroup("two", [KeyError("k"), TypeError("t")]) from error
        """)
    text = executor.run(code).stderr
    assert "invalid literal" in text
    assert "direct cause" in text
    assert "KeyError: 'k'" in text
    assert "TypeError: t" in text
    assert "slashbox" not in text


def test_syntax_error_points_at_the_line_without_a_traceback(executor: Executor) -> None:
    result = executor.run("x = 1\nprint((1\n")
    assert result.exit_code == 1
    assert result.stderr.startswith('  File "main.py", line 2\n')
    assert "SyntaxError: '(' was never closed" in result.stderr


@pytest.mark.parametrize("code", ["x = '\0'", "def f(:\n", "\tx\n  y", "(" * 5_000])
def test_code_that_cannot_be_compiled_is_the_users_error(executor: Executor, code: str) -> None:
    result = executor.run(code)
    assert (result.status, result.exit_code) == ("error", 1)
    assert result.stderr.strip()
    assert "slashbox" not in result.stderr


def test_exception_in_a_thread_is_explained_too(executor: Executor) -> None:
    code = "import threading\nt = threading.Thread(target=lambda: 1 / 0, name='T')\nt.start()\nt.join()"
    result = executor.run(code)
    assert result.exit_code == 0
    assert "Exception in thread T:" in result.stderr
    assert 'File "main.py", line 2, in <lambda>' in result.stderr
    assert "threading.py" not in result.stderr


@pytest.mark.parametrize(
    ("code", "exit_code", "stderr"),
    [
        ("raise SystemExit", 0, ""),
        ("import sys; sys.exit(3)", 3, ""),
        ("exit(4)", 4, ""),
        ("import sys; sys.exit('bye')", 1, "bye\n"),
        ("import os; os._exit(7)", 7, ""),
        ("import sys; sys.exit(-1)", 255, ""),
    ],
)
def test_exit_code_is_the_programs(executor: Executor, code: str, exit_code: int, stderr: str) -> None:
    result = executor.run(code)
    assert (result.exit_code, result.stderr) == (exit_code, stderr)
    assert result.status == ("ok" if exit_code == 0 else "error")


def test_death_by_signal_is_named(executor: Executor) -> None:
    result = executor.run("import ctypes; print('before', flush=True); ctypes.string_at(0)")
    assert (result.status, result.exit_code, result.signal) == ("killed", None, "SIGSEGV")
    assert result.stdout == "before\n"


def test_code_is_main_beside_its_files(executor: Executor, store: Store) -> None:
    code = dedent("""\
        import os, sys
        from pathlib import Path
        assert __name__ == "__main__"
        assert sys.argv == ["main.py"]
        print(os.listdir("."))
        print(Path(__file__).parent.joinpath("data.csv").read_text())
        print(Path(__file__).name, __spec__, __package__, __doc__)
        """)
    result = executor.run(code, inputs=[store.put("data.csv", b"1,2")])
    assert result.stdout == "['data.csv']\n1,2\nmain.py None None None\n", result.stderr


def test_modules_that_the_user_brings_can_be_imported(executor: Executor, store: Store) -> None:
    helper = store.put("helper.py", b"def half(x):\n    return x / 0\n")
    result = executor.run("import helper\nhelper.half(2)", inputs=[helper])
    assert 'File "helper.py", line 2, in half\n    return x / 0' in result.stderr
    assert result.files == []


def test_pickle_dataclasses_and_getsource_work_as_in_a_script(executor: Executor) -> None:
    code = dedent("""\
        import dataclasses, inspect, pickle, warnings
        @dataclasses.dataclass
        class Point:
            x: int
        def double(x): return 2 * x
        print(pickle.loads(pickle.dumps(Point(3))))
        print(inspect.getsource(double), inspect.getsource(Point))
        warnings.warn("careful")
        """)
    result = executor.run(code)
    assert "Point(x=3)" in result.stdout
    assert "def double(x): return 2 * x" in result.stdout
    assert "class Point:" in result.stdout
    assert 'warnings.warn("careful")' in result.stderr


def test_warning_shows_its_line(executor: Executor) -> None:
    result = executor.run("import warnings\nwarnings.warn('careful')")
    assert result.stderr == "main.py:2: UserWarning: careful\n  warnings.warn('careful')\n"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_works(executor: Executor, method: str) -> None:
    code = dedent(f"""\
        import multiprocessing
        def square(x): return x * x
        if __name__ == "__main__":
            with multiprocessing.get_context("{method}").Pool(2) as pool:
                print(pool.map(square, [1, 2, 3]))
        """)
    result = executor.run(code)
    assert result.stdout == "[1, 4, 9]\n", result.stderr


def test_subprocess_of_python_works(executor: Executor) -> None:
    code = "import subprocess as s, sys\nprint(s.check_output([sys.executable, '-c', 'print(7)'], text=True))"
    assert executor.run(code).stdout == "7\n\n"


def test_interpreter_started_with_the_flags_of_ours_finds_packages(executor: Executor) -> None:
    """As joblib starts the process that counts its semaphores."""
    code = """\
        import os, subprocess, sys
        os.mkdir("packages")
        open("packages/found.py", "w").close()
        flags = subprocess._args_from_interpreter_flags()
        variables = {**os.environ, "PYTHONPATH": "packages"}
        subprocess.run([sys.executable, *flags, "-c", "import found"], env=variables, check=True)
        """
    result = executor.run(dedent(code))
    assert (result.status, result.stderr) == ("ok", "")


def test_stdin_is_what_was_given(executor: Executor) -> None:
    assert executor.run("print(input(), input())", stdin="a\nb\n").stdout == "a b\n"


def test_waiting_for_input_without_stdin_says_what_to_do(executor: Executor) -> None:
    result = executor.run("name = input('Name? ')")
    assert result.status == "error"
    assert result.hint == "Your code waits for input(): give it in the stdin field."


def test_asking_for_more_input_than_given_says_so(executor: Executor) -> None:
    result = executor.run("input(); input()", stdin="one\n")
    assert result.hint == "Your code asked for more input than the stdin field gave it."


def test_each_run_starts_without_traces_of_the_last(executor: Executor) -> None:
    first = executor.run(
        "import os; open('left.txt', 'w').write('x'); os.makedirs(os.environ['HOME'] + '/h')"
    )
    assert [file.name for file in first.files] == ["left.txt"]
    second = executor.run("import os; print(os.listdir('.'), os.listdir(os.environ['HOME']))")
    assert second.stdout == "[] []\n"


def test_environment_holds_nothing_of_ours(executor: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "SLASHBOX_PACKAGES_URL", "PYTHONHASHSEED", "MY_TOKEN"):
        monkeypatch.setenv(name, "secret")
    result = executor.run("import json, os; print(json.dumps(dict(os.environ)))")
    found = json.loads(result.stdout)
    assert "secret" not in found.values()
    assert {"HOME", "TMPDIR", "MPLCONFIGDIR", "NUMBA_CACHE_DIR"} <= found.keys()
    assert (found["MPLBACKEND"], found["LANG"]) == ("Agg", "C.UTF-8")
    assert not [name for name in found if name.startswith(("AWS_", "SLASHBOX_")) or name == "PYTHONHASHSEED"]


def test_folders_of_the_environment_are_the_runs_own(executor: Executor) -> None:
    code = dedent("""\
        import os, tempfile
        for name in ("HOME", "TMPDIR", "MPLCONFIGDIR", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR"):
            os.makedirs(os.environ[name], exist_ok=True)
            open(os.environ[name] + "/probe", "w").close()
        print(tempfile.gettempdir() == os.environ["TMPDIR"])
        """)
    assert executor.run(code).stdout == "True\n"


def test_only_the_three_standard_descriptors_are_open(executor: Executor) -> None:
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)  # as a library of ours might leave one
    result = executor.run("import os; print(sorted(os.listdir('/proc/self/fd')))")
    # The fourth is the listing's own.
    os.close(reading)
    os.close(writing)
    assert result.stdout == "['0', '1', '2', '3']\n"


def test_hook_set_by_the_user_is_honoured(executor: Executor) -> None:
    result = executor.run("import sys\nsys.excepthook = lambda *a: print('mine', a[0].__name__)\n1/0")
    assert (result.stdout, result.stderr, result.exit_code) == ("mine ZeroDivisionError\n", "", 1)


def test_atexit_and_unfinished_files_are_carried_out(executor: Executor) -> None:
    code = "import atexit\nf = open('late.txt', 'w')\nf.write('kept')\natexit.register(print, 'bye')"
    result = executor.run(code)
    assert result.stdout.endswith("bye\n")
    assert executor.files(result) == {"late.txt": b"kept"}
