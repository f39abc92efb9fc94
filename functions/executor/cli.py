"""Runs on this machine, through the executor's own code and isolation: `npm run exec -- FILE.py …`"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from command_line.batch import run_batch, serve
from command_line.errors import UsageError
from command_line.job import Job, carry_out
from command_line.options import Options, read_options
from command_line.report import describe, print_durations, print_text
from slashbox_executor.environment import ExecutionEnvironment
from slashbox_executor.kernel import KernelError
from slashbox_executor.limits import LimitError
from slashbox_executor.manifest import ManifestError
from slashbox_executor.settings import SettingsError, forget_environment
from slashbox_executor.view import ViewError

_NOT_CARRIED_OUT = 1
_USAGE_ERROR = 2


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 when every run was carried out, whatever the code did."""
    signal.signal(signal.SIGTERM, _end)
    try:
        options = read_options(arguments)
        if options.batch is not None:
            complete = run_batch(options.batch, options.user, options.for_children)
            return 0 if complete else _NOT_CARRIED_OUT
        environment = _start_environment(options)
    except (UsageError, LimitError, SettingsError, ManifestError, ViewError, KernelError) as error:
        print(f"slashbox exec: {error}", file=sys.stderr)
        return _USAGE_ERROR
    try:
        if options.job is None:
            serve(environment, options.limits, sys.stdin)
            return 0
        return _run(options.job, options, environment)
    finally:
        environment.close()


def _run(job: Job, options: Options, environment: ExecutionEnvironment) -> int:
    outcomes = [carry_out(job, environment, options.limits) for _ in range(options.repeat or 1)]
    durations = None if options.repeat is None else [outcome.milliseconds for outcome in outcomes]
    if options.json:
        print(json.dumps(describe(outcomes[-1], durations)))
    else:
        print_text(outcomes[-1])
        if durations:
            print_durations(durations)
    return 0 if all(outcome.carried_out for outcome in outcomes) else _NOT_CARRIED_OUT


def _start_environment(options: Options) -> ExecutionEnvironment:
    library_path = os.environ.get("LD_LIBRARY_PATH")
    forget_environment(os.environ)
    return ExecutionEnvironment(
        options.settings,
        lambda line: print(line, file=sys.stderr, flush=True),
        library_path,
        eager=options.job is None or options.repeat is not None,
    )


def _end(number: int, frame: FrameType | None) -> None:
    """As Ctrl-C does: what was started is ended and removed on the way out."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
