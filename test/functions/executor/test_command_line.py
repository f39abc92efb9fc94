"""The command line: one run, many runs of one file, and a list of runs by several users."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line.batch import read_request
from command_line.errors import UsageError
from executor_support import Executor
from hypothesis import given
from hypothesis import strategies as st

EXECUTOR = Path(__file__).parents[3] / "functions" / "executor"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    return tmp_path


def _cli(
    *arguments: str | Path, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, EXECUTOR / "cli.py", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def script(folder: Path) -> Path:
    path = folder / "job.py"
    path.write_text(
        "import sys\nprint(open('in.csv').read(), input())\nopen('out.txt', 'w').write('made')\nsys.exit(3)"
    )
    (folder / "in.csv").write_text("1,2")
    (folder / "words").write_text("typed\n")
    return path


def test_json_result_is_the_last_line(script: Path, folder: Path) -> None:
    done = _cli(
        script, "--file", folder / "in.csv", "--stdin", folder / "words", "--json", "--out", folder / "out"
    )
    result = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0
    assert (result["status"], result["exit_code"], result["stdout"]) == ("error", 3, "1,2 typed\n")
    assert {"stderr", "duration_ms", "installed_packages", "failed_packages"} <= result.keys()
    (file,) = result["files"]
    assert (file["name"], file["size"], Path(file["path"]).read_text()) == ("out.txt", 4, "made")
    assert Path(file["path"]).parent == folder / "out"


def test_text_result_reads_as_the_program_would(script: Path, folder: Path) -> None:
    done = _cli(script, "--file", folder / "in.csv", "--stdin", folder / "words", "--out", folder / "out")
    assert (done.returncode, done.stdout) == (0, "1,2 typed\n")
    assert "[error, exit code 3" in done.stderr
    assert f"file: {folder}/out/out.txt (4 bytes)" in done.stderr


def test_limits_come_from_settings_and_arguments(folder: Path) -> None:
    path = folder / "loop.py"
    path.write_text("print('x' * 5000, flush=True)\nwhile True: pass")
    done = _cli(path, "--json", "--time-limit", "0.5", SLASHBOX_OUTPUT_CHARS="1000")
    result = json.loads(done.stdout)
    assert (result["status"], len(result["stdout"]), done.returncode) == ("timeout", 1000, 0)


def test_packages_are_installed_from_a_folder(folder: Path, executor: Executor) -> None:
    executor.add_bundle("shapes", {"shapes.py": "x = 1"})
    ((key, data),) = executor.store.objects.items()
    bundle = folder / key.lstrip("/")
    bundle.parent.mkdir(parents=True)
    bundle.write_bytes(data)
    path = folder / "use.py"
    path.write_text("import shapes; print(shapes.x)")
    done = _cli(path, "--json", "--layer-root", executor.layer_root, "--packages", folder.as_uri())
    assert "Auto-installed missing module: shapes\n" in done.stderr
    result = json.loads(done.stdout)
    assert (result["stdout"], result["installed_packages"]) == ("1\n", ["shapes"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: FILE.py"),
        (["missing.py"], "cannot read missing.py: No such file"),
        (["/dev"], "cannot read /dev"),
        (["JOB", "--file", "nothing.csv"], "--file nothing.csv is not a file"),
        (["JOB", "--file", "JOB", "--file", "JOB"], "two input files have the name job.py"),
        (["JOB", "--time-limit", "0"], "--time-limit is 0"),
        (["JOB", "--time-limit", "soon"], "invalid float value: 'soon'"),
        (["JOB", "--stdin", "nothing"], "cannot read nothing"),
        (["JOB", "--user", " "], "--user must not be empty"),
        (["JOB", "--out", "/dev/null/x"], "--out /dev/null/x cannot be made"),
        (["JOB", "--unknown"], "unrecognized arguments: --unknown"),
        (["JOB", "--repeat", "0"], "--repeat is 0"),
        (["JOB", "--repeat", "many"], "invalid int value: 'many'"),
        (["JOB", "--batch", "JOB"], "FILE.py does not go with --batch"),
        (["--repeat", "2", "--batch", "JOB"], "--repeat does not go with --batch"),
        (["--batch", "missing.jsonl"], "cannot read missing.jsonl"),
    ],
)
def test_usage_errors_are_one_clear_line(script: Path, arguments: list[str], words: str) -> None:
    done = _cli(*(str(script) if argument == "JOB" else argument for argument in arguments))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


def test_setting_out_of_bounds_is_a_usage_error(script: Path) -> None:
    done = _cli(script, SLASHBOX_MEMORY_MB="lots")
    assert done.returncode == 2
    assert 'SLASHBOX_MEMORY_MB is "lots"' in done.stderr


def test_repeated_run_tells_how_long_each_took(script: Path, folder: Path) -> None:
    given: list[str | Path] = [
        "--file",
        folder / "in.csv",
        "--stdin",
        folder / "words",
        "--out",
        folder / "out",
    ]
    result = json.loads(_cli(script, *given, "--repeat", "3", "--json").stdout)
    assert (result["exit_code"], result["stdout"], len(result["durations_ms"])) == (3, "1,2 typed\n", 3)
    assert result["durations_ms"][-1] + 0.1 > result["duration_ms"] > 0
    text = _cli(script, *given, "--repeat", "2")
    assert (text.stdout, text.stderr.count("[2 runs: first ")) == ("1,2 typed\n", 1)


def test_run_that_is_not_repeated_has_no_list_of_times(script: Path, folder: Path) -> None:
    assert "durations_ms" not in json.loads(_cli(script, "--json", TMPDIR=str(folder)).stdout)


def test_input_is_taken_by_its_name_also_through_a_link(folder: Path) -> None:
    (folder / "real.csv").write_text("real")
    (folder / "linked.csv").symlink_to("real.csv")
    (folder / "read.py").write_text("print(open('linked.csv').read())")
    assert _cli(folder / "read.py", "--file", folder / "linked.csv").stdout == "real\n"


def _batch(
    folder: Path, *lines: str | dict[str, Any], **environment: str
) -> tuple[int, list[dict[str, Any]]]:
    path = folder / "list.jsonl"
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    done = _cli("--batch", path, cwd=folder.parent, **environment)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_batch_answers_each_line_in_order(script: Path, folder: Path) -> None:
    (folder / "hello.py").write_text("print('hello')")
    job = {"code_file": "job.py", "files": ["in.csv"], "stdin": "words", "out": "made/here"}
    code, results = _batch(folder, job, {"code_file": str(folder / "hello.py")})
    assert code == 0
    assert [result["stdout"] for result in results] == ["1,2 typed\n", "hello\n"]
    assert [len(result["durations_ms"]) for result in results] == [1, 1]
    assert results[0]["files"][0]["path"] == str(folder / "made" / "here" / "out.txt")
    assert (folder / "made" / "here" / "out.txt").read_text() == "made"


def test_bad_line_of_a_batch_is_an_error_of_its_own(folder: Path) -> None:
    (folder / "hello.py").write_text("print('hello')")
    good = {"code_file": "hello.py"}
    code, results = _batch(
        folder,
        good,
        "{",
        "",
        {**good, "files": ["none.csv"]},
        {"code_file": "none.py"},
        {**good, "x": 1},
        good,
    )
    assert code == 1
    assert [result.get("stdout") for result in results] == ["hello\n", None, None, None, None, "hello\n"]
    errors = [result["error"] for result in results if "error" in result]
    for error, words in zip(
        errors,
        ["line 2: not JSON", "line 4: --file", "line 5: cannot read", "line 6: unknown key 'x'"],
        strict=True,
    ):
        assert error.startswith(words)


def test_users_of_a_batch_share_nothing_and_keep_their_own(folder: Path, executor: Executor) -> None:
    """Six users, more than are kept: the first one's packages are gone when it comes back."""
    executor.add_bundle("shapes", {"shapes.py": "x = 1"})
    ((key, data),) = executor.store.objects.items()
    (folder / key.lstrip("/")).parent.mkdir(parents=True)
    (folder / key.lstrip("/")).write_bytes(data)
    (folder / "use.py").write_text("import shapes; print(shapes.x)")
    users = ["a", "b", "c", "d", "e", "f", "f", "a"]
    (folder / "list.jsonl").write_text(
        "".join(json.dumps({"code_file": "use.py", "user": user}) + "\n" for user in users)
    )
    done = _cli(
        *("--batch", folder / "list.jsonl", "--layer-root", executor.layer_root),
        *("--packages", folder.as_uri()),
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [result["stdout"] for result in results] == ["1\n"] * 8
    fresh, kept = ["shapes"], list[str]()
    assert [result["installed_packages"] for result in results] == [*[fresh] * 6, kept, fresh]


def test_batch_prints_each_result_when_it_is_done(folder: Path) -> None:
    (folder / "hello.py").write_text("print('hello')")
    os.mkfifo(folder / "list.jsonl")
    process = subprocess.Popen(
        [sys.executable, EXECUTOR / "cli.py", "--batch", folder / "list.jsonl"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with (folder / "list.jsonl").open("w", buffering=1) as requests:
        for _ in range(2):
            requests.write('{"code_file": "hello.py"}\n')
            assert json.loads(process.stdout.readline())["stdout"] == "hello\n"
    assert process.wait(30) == 0


def test_batch_that_is_ended_leaves_nothing(folder: Path) -> None:
    (folder / "hello.py").write_text("print('hello')")
    os.mkfifo(folder / "list.jsonl")
    process = subprocess.Popen(
        [sys.executable, EXECUTOR / "cli.py", "--batch", folder / "list.jsonl"],
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with (folder / "list.jsonl").open("w", buffering=1) as requests:
        requests.write('{"code_file": "hello.py"}\n')
        process.stdout.readline()
        assert list(folder.glob("slashbox-*"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
    assert not list(folder.glob("slashbox-*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_that_is_under_way_is_ended_with_us(folder: Path, number: signal.Signals) -> None:
    (folder / "stay.py").write_text(
        "import os, time\n"
        "with open('new', 'w') as file:\n    file.write(str(os.getpid()))\n"
        "os.rename('new', 'pid')\ntime.sleep(99)"
    )
    process = subprocess.Popen(
        [sys.executable, EXECUTOR / "cli.py", folder / "stay.py"],
        env={**os.environ, "TMPDIR": str(folder)},
        stderr=subprocess.DEVNULL,
    )
    while not (found := list(folder.glob("slashbox-*/run-*/work/pid"))):
        assert process.poll() is None
    stat = Path(f"/proc/{found[0].read_text()}/stat")
    process.send_signal(number)
    process.wait(30)
    # Whoever buries it may take a moment.
    assert not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    assert not list(folder.glob("slashbox-*"))


def test_environment_that_cannot_start_is_an_error_of_each_line(folder: Path, executor: Executor) -> None:
    (folder / "hello.py").write_text("print('hello')")
    (executor.layer_root / "slashbox").mkdir()
    (executor.layer_root / "slashbox" / "manifest.json").write_text("{")
    code, results = _batch(
        folder, {"code_file": "hello.py"}, {}, SLASHBOX_LAYER_ROOT=str(executor.layer_root)
    )
    assert code == 1
    assert [result["error"].split(": ")[0] for result in results] == ["line 1", "line 2"]
    assert "execution environment" in results[0]["error"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
_REQUEST = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("code_file", "files", "stdin", "user", "out", "more"), _JSON)
)


@given(st.text() | _JSON.map(json.dumps) | _REQUEST.map(json.dumps))
def test_line_of_a_batch_is_a_request_or_a_usage_error(line: str) -> None:
    folder = Path("/somewhere")
    try:
        request = read_request(line, folder, "me")
    except UsageError as error:
        assert "\n" not in str(error)
        return
    assert all(path.is_absolute() for path in (request.code_file, *request.files))
    assert request.user
    assert read_request(request.to_line(), Path("/elsewhere"), "other") == request
