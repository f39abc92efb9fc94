"""An executor in a process of its own, in one mode: reads requests as lines of JSON, answers each with one.

The worst case is what is tested: it has the same user as the code that it runs. Started as root, it first
takes a user id that nobody else has; only with `--dedicated` does it stay root and give runs a user of their
own.
"""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO, cast

_HERE = Path(__file__).resolve().parent
_EXECUTOR = _HERE.parents[1] / "functions" / "executor"
sys.path[:0] = [str(_HERE), str(_EXECUTOR)]

import modes  # noqa: E402
from slashbox_executor import boot  # noqa: E402
from slashbox_executor.app import Ports, execute  # noqa: E402
from slashbox_executor.deadline import Deadline  # noqa: E402
from slashbox_executor.environment import ExecutionEnvironment  # noqa: E402
from slashbox_executor.protocol import (  # noqa: E402
    InputFile,
    Request,
    RunLimits,
    Slot,
    to_response,
)
from slashbox_executor.settings import forget_environment, read_settings  # noqa: E402
from slashbox_executor.view import View  # noqa: E402


class Bait:
    """Hands every run the same one input file, and keeps what the run hands out."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self.stored: dict[str, bytes] = {}

    def fetch(self, item: InputFile, target: BinaryIO, deadline: Deadline) -> None:
        target.write(self._text)

    def store(self, slot: int, name: str, source: BinaryIO, size: int, deadline: Deadline) -> None:
        self.stored[name] = source.read()


def main() -> None:
    mode = cast("modes.Mode", sys.argv[1])
    if os.geteuid() == 0 and "--dedicated" not in sys.argv:
        _start_over_as(int(os.environ["CORPUS_UID"]))
    modes.enter(mode)
    # What the executor holds that code must not get: a secret in memory, and one in an open file.
    secret, folder = os.environ["AWS_SECRET_ACCESS_KEY"], Path(os.environ["CORPUS_FOLDER"])
    kept_file = (folder / "outside" / "secret.txt").open()
    settings = read_settings(os.environ)
    forget_environment(os.environ)
    answers = os.fdopen(os.dup(1), "w")
    environment = ExecutionEnvironment(settings, lambda line: print(line, file=sys.stderr))
    for line in sys.stdin:
        answers.write(json.dumps(_answer(json.loads(line), environment)) + "\n")
        answers.flush()
    environment.close()
    assert secret and not kept_file.closed


def _start_over_as(uid: int) -> None:
    """By a new start of the interpreter, because a process that changed its user is closed to that user."""
    folders = [*boot.interpreter_folders(), _HERE, _EXECUTOR, Path(os.environ["SLASHBOX_LAYER_ROOT"])]
    View([*folders, Path(os.environ["CORPUS_FOLDER"])]).enter()
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.execv(boot.interpreter(), [boot.interpreter(), "-P", "-B", *sys.argv])


def _answer(asked: dict[str, Any], environment: ExecutionEnvironment) -> dict[str, object]:
    bait = Bait(json.dumps({**asked["bait"], "executor": os.getpid()}).encode())
    result = execute(
        Request(
            run_id=asked["name"],
            code=asked["code"],
            code_name="main.py",
            stdin=None,
            inputs=(InputFile("bait.json", "", 0),),
            outputs=tuple(Slot("", {}) for _ in range(5)),
            limits=RunLimits(**asked["limits"]),
        ),
        environment,
        Ports(bait, bait),
        Deadline(60),
    )
    return {
        "response": to_response(result),
        "files": {name: io.BytesIO(data).read().decode("latin-1") for name, data in bait.stored.items()},
        "left": _left_behind(environment),
    }


def _left_behind(environment: ExecutionEnvironment) -> list[str]:
    """Folders and children that should be gone. Those that runs are forked from stay."""
    parents = environment.parents
    kept = set(map(str, parents.pids)) if parents else set()
    folder = environment.workspace().root.parent
    left = [str(path) for path in folder.glob("run-*")]
    task = Path(f"/proc/self/task/{os.getpid()}/children")
    return left + ([f"process {pid}" for pid in {*task.read_text().split()} - kept] if task.exists() else [])


if __name__ == "__main__":
    main()
