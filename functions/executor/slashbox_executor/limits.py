"""The operator's limits as the executor's own command line reads them.

functions/shared/limits.ts is the source; a test holds names, defaults and bounds here against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .protocol import RunLimits


@dataclass(frozen=True, slots=True)
class LimitRule:
    variable: str
    fallback: int
    least: int
    most: int
    what: str


RULES: Mapping[str, LimitRule] = {
    "time_seconds": LimitRule("SLASHBOX_TIME_LIMIT_S", 300, 1, 500, "seconds a run may take"),
    "install_seconds": LimitRule(
        "SLASHBOX_INSTALL_LIMIT_S", 120, 1, 200, "seconds that installing missing packages may take"
    ),
    "memory_megabytes": LimitRule("SLASHBOX_MEMORY_MB", 2048, 128, 9216, "MB of memory for a run"),
    "disk_megabytes": LimitRule("SLASHBOX_DISK_MB", 512, 1, 8192, "MB of disk that a run may write"),
    "output_characters": LimitRule(
        "SLASHBOX_OUTPUT_CHARS", 100_000, 1_000, 1_000_000, "characters of output kept"
    ),
    "file_bytes": LimitRule("SLASHBOX_MAX_FILE_BYTES", 52_428_800, 1, 536_870_912, "bytes of one file"),
    "files": LimitRule("SLASHBOX_PRODUCED_FILES", 25, 1, 100, "files that a run may produce"),
    "processes": LimitRule("SLASHBOX_PROCESSES", 64, 4, 900, "processes and threads of a run"),
}


class LimitError(ValueError):
    """A setting that cannot be used; the message is for the operator."""


def read_limits(environment: Mapping[str, str]) -> RunLimits:
    """Limits from SLASHBOX_* variables; what is unset or empty takes its default.

    :raises LimitError: naming the variable, its value and the bounds
    """
    read = {name: _read(environment, rule) for name, rule in RULES.items()}
    return RunLimits(
        time_seconds=read["time_seconds"],
        install_seconds=read["install_seconds"],
        memory_megabytes=read["memory_megabytes"],
        disk_megabytes=read["disk_megabytes"],
        output_characters=read["output_characters"],
        file_bytes=read["file_bytes"],
        files=read["files"],
        processes=read["processes"],
    )


def _read(environment: Mapping[str, str], rule: LimitRule) -> int:
    text = environment.get(rule.variable, "").strip()
    if not text:
        return rule.fallback
    if not (text.isascii() and text.isdigit()) or not rule.least <= int(text) <= rule.most:
        raise LimitError(
            f'{rule.variable} is "{text}", but {rule.what} must be a whole number from {rule.least} to '
            f"{rule.most}. Change it or leave it unset for {rule.fallback}."
        )
    return int(text)
