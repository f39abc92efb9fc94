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
