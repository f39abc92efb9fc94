"""The executor's Lambda function: one invocation, one run."""

from __future__ import annotations

import atexit
import os
from typing import Protocol

from slashbox_executor.app import Ports, execute
from slashbox_executor.deadline import Deadline
from slashbox_executor.environment import ExecutionEnvironment
from slashbox_executor.kernel import probe
from slashbox_executor.protocol import (
    VERSION,
    RequestError,
    Result,
    asks_for_probe,
    parse_request,
    to_response,
)
from slashbox_executor.settings import forget_environment, read_settings
from slashbox_executor.transfer import PresignedInputs, PresignedOutputs

# Of the function's own time, kept for answering.
_ANSWER_SECONDS = 2.0


class Context(Protocol):
    """What we use of Lambda's context object."""

    tenant_id: str | None

    def get_remaining_time_in_millis(self) -> int: ...


def _log(line: str) -> None:
    print(line, flush=True)


_settings = read_settings(os.environ)
_library_path = os.environ.get("LD_LIBRARY_PATH")
forget_environment(os.environ)
_environment = ExecutionEnvironment(_settings, _log, _library_path)
atexit.register(_environment.close)


def handler(event: object, context: Context) -> dict[str, object]:
    """Runs what `event` asks for; always answers, in the words of executor-protocol.ts."""
    if not context.tenant_id:
        return _refuse(
            "This executor runs code only in an execution environment of the user's own (no tenant id)."
        )
    if asks_for_probe(event):
        return _answer_probe()
    try:
        request = parse_request(event)
    except RequestError as error:
        return _refuse(f"The request cannot be carried out: {error}.")
    deadline = Deadline(context.get_remaining_time_in_millis() / 1000 - _ANSWER_SECONDS)
    ports = Ports(PresignedInputs(), PresignedOutputs(request.outputs))
    return to_response(execute(request, _environment, ports, deadline))


def _answer_probe() -> dict[str, object]:
    """What this machine and its kernel allow: for the operator, not for the worker."""
    return {"version": VERSION, "op": "probe", "report": probe()}


def _refuse(reason: str) -> dict[str, object]:
    _log(f"Refused: {reason}")
    return to_response(Result("refused", hint=reason))
