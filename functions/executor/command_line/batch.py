"""`--batch`: one request a line in, one line of JSON out, in order; each user in a process of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from slashbox_executor.environment import ExecutionEnvironment
from slashbox_executor.protocol import RunLimits

from .errors import UsageError
from .job import carry_out, make_job
from .report import describe
from .tenants import TenantError, Tenants

_TEXTS = ("code_file", "stdin", "user", "out")
_KEYS = {*_TEXTS, "files"}


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """One line of the list, its paths absolute; nothing has been looked up on disk."""

    code_file: Path
    files: tuple[Path, ...]
    stdin: Path | None
    user: str
    out: Path | None

    def to_line(self) -> str:
        """As `read_request` reads it."""
        values = {
            "code_file": str(self.code_file),
            "files": [str(path) for path in self.files],
            "stdin": self.stdin and str(self.stdin),
            "user": self.user,
            "out": self.out and str(self.out),
        }
        return json.dumps({name: value for name, value in values.items() if value is not None})


def read_request(line: str, folder: Path, user: str) -> BatchRequest:
    """
    :param folder: what relative paths are relative to
    :param user: whose run it is where the line does not say
    :raises UsageError: for anything but an object of the known keys with values of their types
    """
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise UsageError("not an object")
    if unknown := sorted(set(raw) - _KEYS):
        raise UsageError(f"unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    if "code_file" not in raw:
        raise UsageError("code_file is missing")
    for name in _TEXTS:
        if name in raw and not (isinstance(raw[name], str) and _is_usable(raw[name])):
            raise UsageError(f"{name} must be a text that is not empty")
    files = raw.get("files", [])
    if not (isinstance(files, list) and all(isinstance(name, str) and _is_usable(name) for name in files)):
        raise UsageError("files must be a list of paths")
    return BatchRequest(
        code_file=folder / raw["code_file"],
        files=tuple(folder / name for name in files),
        stdin=folder / raw["stdin"] if "stdin" in raw else None,
        user=raw.get("user", user),
        out=folder / raw["out"] if "out" in raw else None,
    )


def run_batch(path: Path, user: str, child_arguments: Sequence[str]) -> bool:
    """
    Carries out the list at `path` and prints a line for each request as soon as it is done.

    :param child_arguments: of this command line, for the processes of the users
    :return: whether every request was carried out
    :raises UsageError: if the list itself cannot be read
    """
    try:
        lines = path.open(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    complete = True
    with lines, Tenants(child_arguments) as tenants:
        for number, line in _numbered(lines):
            try:
                request = read_request(line, path.absolute().parent, user)
                answer = tenants.run(request.user, request.to_line())
            except (UsageError, TenantError) as error:
                answer = json.dumps({"error": str(error)})
            complete &= _is_carried_out(answer)
            print(_with_line_number(answer, number), flush=True)
    return complete


def serve(environment: ExecutionEnvironment, limits: RunLimits, requests: TextIO) -> None:
    """One user's side: answers each line of `requests` with one line on stdout, until their end."""
    for _, line in _numbered(requests):
        try:
            request = read_request(line, Path.cwd(), "local")
            job = make_job(request.code_file, request.files, request.stdin, request.out)
        except UsageError as error:
            answer: dict[str, object] = {"error": str(error)}
        else:
            outcome = carry_out(job, environment, limits)
            answer = describe(outcome, [outcome.milliseconds])
        print(json.dumps(answer), flush=True)


def _numbered(lines: TextIO) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def _is_usable(text: str) -> bool:
    return bool(text.strip()) and "\0" not in text


def _is_carried_out(answer: str) -> bool:
    found = json.loads(answer)
    return "error" not in found and found["status"] not in {"refused", "sandbox_error"}


def _with_line_number(answer: str, number: int) -> str:
    found = json.loads(answer)
    if "error" not in found:
        return answer
    return json.dumps({"error": f"line {number}: {found['error']}"})
