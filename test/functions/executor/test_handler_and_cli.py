"""The two ways in: Lambda's handler and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from executor_support import Executor
from test_protocol import GOOD

EXECUTOR = Path(__file__).parents[3] / "functions" / "executor"


def _invoke(event: object, tenant: str | None, folder: Path) -> tuple[dict[str, Any], str]:
    """One invocation in a process of its own: importing the handler changes the process for good."""
    script = dedent("""\
        import json, os, sys
        import handler
        class Context:
            tenant_id = sys.argv[1] or None
            def get_remaining_time_in_millis(self): return 60_000
        answer = handler.handler(json.loads(sys.stdin.read()), Context())
        left = [name for name in os.environ if name.startswith(("AWS_", "SLASHBOX_", "_HANDLER"))]
        print(json.dumps({"answer": answer, "left": left}))
        """)
    done = subprocess.run(
        [sys.executable, "-c", script, tenant or ""],
        input=json.dumps(event),
        env={
            "PYTHONPATH": str(EXECUTOR),
            "AWS_SECRET_ACCESS_KEY": "hidden",
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1",
            "_HANDLER": "handler.handler",
            "SLASHBOX_LAYER_ROOT": str(folder / "layer"),
            "TMPDIR": str(folder),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    printed = json.loads(done.stdout.splitlines()[-1])
    assert printed["left"] == []
    assert [path.name for path in folder.iterdir() if path.name.startswith("slashbox-")] == []
    return printed["answer"], done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    return tmp_path


def test_handler_answers_a_run(folder: Path) -> None:
    answer, _ = _invoke({**GOOD, "inputs": [], "code": "print(6 * 7)"}, "42", folder)
    assert (answer["status"], answer["stdout"], answer["version"]) == ("ok", "42\n", 1)


def test_handler_refuses_without_a_tenant(folder: Path) -> None:
    answer, log = _invoke({**GOOD, "inputs": [], "code": "print('ran')"}, None, folder)
    assert (answer["status"], answer["stdout"]) == ("refused", "")
    assert "tenant" in answer["hint"]
    assert "Refused: " in log


def test_handler_tells_about_the_machine(folder: Path) -> None:
    answer, _ = _invoke({"version": 1, "op": "probe"}, "42", folder)
    assert (answer["version"], answer["op"]) == (1, "probe")
    assert answer["report"]["system"][0] == os.uname().sysname
    refused, _ = _invoke({"version": 1, "op": "probe"}, None, folder)
    assert "report" not in refused


@pytest.mark.parametrize("event", [{}, [], "text", {**GOOD, "op": "probe"}])
def test_handler_refuses_what_is_not_a_request(event: object, folder: Path) -> None:
    answer, _ = _invoke(event, "42", folder)
    assert answer["status"] == "refused"
    assert "The request cannot be carried out: " in answer["hint"]


def test_secrets_of_the_function_are_out_of_reach(folder: Path) -> None:
    code = dedent("""\
        import glob, os
        found = str(os.environ)
        for path in glob.glob("/proc/[0-9]*/environ"):
            try: found += open(path, "rb").read().decode(errors="replace")
            except OSError: pass
        print("hidden" in found, "AWS_LAMBDA_RUNTIME_API" in found)
        """)
    answer, _ = _invoke({**GOOD, "inputs": [], "code": code}, "42", folder)
    assert answer["stdout"] == "False False\n"


def _cli(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, EXECUTOR / "cli.py", *arguments],
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
