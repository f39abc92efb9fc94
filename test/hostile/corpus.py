"""Reads the cases: each a program with a header that says what it tries and how that ends in each mode."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "cases"
_FIELD = re.compile(r"# ([\w-]+): (.+)")
_OPEN = re.compile(r"open: .+")
_MODES = ("full", "no-landlock", "lambda")


@dataclass(frozen=True, slots=True)
class Case:
    """
    :ivar outcomes: per mode `stopped`, or `open: ` and the platform's control that stops it; for honest
        programs `works`
    :ivar ends: the statuses of a run that may end so
    :ivar through_ptrace: where the system has Yama's restriction, it stops this case in every mode
    """

    name: str
    code: str
    outcomes: dict[str, str]
    ends: frozenset[str]
    seconds: float
    needs_layer: bool
    through_ptrace: bool


def read_cases() -> list[Case]:
    """:raises ValueError: for a header that is not complete"""
    return [_read(path) for path in sorted(FOLDER.glob("*.py"))]


def _read(path: Path) -> Case:
    code = path.read_text(encoding="utf-8")
    header = code.split("\n\n", 1)[0]
    fields = {match[1]: match[2] for line in header.splitlines() if (match := _FIELD.fullmatch(line))}
    honest = path.stem.startswith("ok_")
    outcomes = {mode: "works" if honest else fields.get(mode, "") for mode in _MODES}
    for mode, outcome in outcomes.items():
        if outcome not in {"stopped", "works"} and not _OPEN.fullmatch(outcome):
            raise ValueError(f"{path.name}: the outcome of mode {mode} is {outcome!r}")
    if ("does" if honest else "tries") not in fields:
        raise ValueError(f"{path.name} does not say what it tries")
    return Case(
        name=path.stem,
        code=code,
        outcomes=outcomes,
        ends=frozenset(fields.get("ends", "ok").split()),
        seconds=float(fields.get("seconds", 15)),
        needs_layer=fields.get("needs") == "layer",
        through_ptrace=fields.get("through") == "ptrace",
    )
