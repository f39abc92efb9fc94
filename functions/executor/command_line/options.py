"""The command line of `npm run exec`, checked; what is typed wrongly is a `UsageError` in one line."""

from __future__ import annotations

import argparse
import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from slashbox_executor.limits import read_limits
from slashbox_executor.protocol import RunLimits
from slashbox_executor.settings import Settings, read_settings

from .errors import UsageError
from .job import Job, make_job

MOST_REPEATS = 10_000
_MOST_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Options:
    """
    :ivar job: the one run that was asked for; None with `batch`, and where requests come on stdin
    :ivar repeat: how often to carry it out; None: once, and its time is not asked for
    :ivar batch: a file with one request a line
    :ivar user: whose run it is, where a request of the batch does not say
    :ivar for_children: the arguments that hold for each environment of a batch
    """

    job: Job | None
    repeat: int | None
    batch: Path | None
    user: str
    limits: RunLimits
    settings: Settings
    json: bool
    for_children: tuple[str, ...]


def read_options(arguments: Sequence[str]) -> Options:
    """
    :raises UsageError: at the first thing that cannot be done
    :raises LimitError, SettingsError: for a variable of the environment
    """
    typed = _parser().parse_args(arguments)
    limits, settings = _limits(typed), _settings(typed)
    if not typed.user.strip():
        raise UsageError("--user must not be empty")
    if typed.batch is not None or typed.serve:
        _refuse_with_batch(typed)
        return Options(None, None, typed.batch, typed.user, limits, settings, True, _for_children(typed))
    if typed.file is None:
        raise UsageError("the following arguments are required: FILE.py (or --batch). Try --help.")
    if typed.repeat is not None and not 1 <= typed.repeat <= MOST_REPEATS:
        raise UsageError(f"--repeat is {typed.repeat}; it must be from 1 to {MOST_REPEATS:,}")
    job = make_job(typed.file, typed.inputs, typed.stdin, typed.out)
    return Options(job, typed.repeat, None, typed.user, limits, settings, typed.json, ())


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. Try --help.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="slashbox exec",
        description="Runs a Python file as the deployed executor would.",
        epilog="Exit code 0 when every run was carried out, whatever the code did; 1 when one was not; "
        "2 for a mistake on the command line.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "file", type=Path, nargs="?", metavar="FILE.py", help="the code to run, or a notebook (.ipynb)"
    )
    parser.add_argument(
        "--file", dest="inputs", type=Path, action="append", default=[], metavar="PATH", help="an input file"
    )
    parser.add_argument("--stdin", type=Path, metavar="PATH", help="a file with the standard input")
    parser.add_argument("--user", default="local", metavar="ID", help="whose run it is")
    parser.add_argument("--time-limit", type=float, metavar="S", help="seconds that the code may take")
    parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where produced files go")
    parser.add_argument(
        "--repeat",
        type=int,
        metavar="N",
        help="carry it out N times in one warm environment; the JSON of the last run gets durations_ms, the "
        "time of each whole run as its user would wait for it",
    )
    parser.add_argument(
        "--batch",
        type=Path,
        metavar="LIST.jsonl",
        help="carry out one request a line, an object of code_file and, as needed, files, stdin, user and "
        "out; print one line of JSON for each. Each user has an environment of their own",
    )
    # One user's environment, for --batch: requests come on stdin.
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--layer-root", type=Path, metavar="DIR", help="an unpacked layer")
    parser.add_argument("--packages", metavar="URL", help="where bundles lie (http, https or file)")
    parser.add_argument("--first-use", metavar="URL", help="who builds bundles that are not there yet")
    return parser


def _for_children(typed: argparse.Namespace) -> tuple[str, ...]:
    given = {
        "--time-limit": typed.time_limit,
        "--layer-root": typed.layer_root and typed.layer_root.resolve(),
        "--packages": typed.packages,
        "--first-use": typed.first_use,
    }
    return tuple(part for name, value in given.items() if value for part in (name, str(value)))


def _refuse_with_batch(typed: argparse.Namespace) -> None:
    given = {
        "FILE.py": typed.file,
        "--file": typed.inputs,
        "--stdin": typed.stdin,
        "--out": typed.out,
        "--repeat": typed.repeat,
    }
    for name, value in given.items():
        if value:
            raise UsageError(f"{name} does not go with --batch: each line of the list says what to run")


def _limits(typed: argparse.Namespace) -> RunLimits:
    limits = read_limits(os.environ)
    if typed.time_limit is None:
        return limits
    if not 0 < typed.time_limit <= _MOST_SECONDS:
        raise UsageError(
            f"--time-limit is {typed.time_limit:g}; it must be above 0 and at most {_MOST_SECONDS} seconds"
        )
    return dataclasses.replace(limits, time_seconds=typed.time_limit)


def _settings(typed: argparse.Namespace) -> Settings:
    settings = read_settings(os.environ)
    if settings.profile != "strict":
        settings = dataclasses.replace(settings, profile="local")
    if typed.layer_root:
        settings = dataclasses.replace(settings, layer_root=typed.layer_root.resolve())
    if typed.packages:
        settings = dataclasses.replace(settings, packages_url=typed.packages.rstrip("/"))
    if typed.first_use:
        settings = dataclasses.replace(settings, first_use_url=typed.first_use.rstrip("/"))
    return settings
