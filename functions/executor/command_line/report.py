"""How a finished run is shown: as JSON for programs, or as the program itself would have printed."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence

from slashbox_executor.protocol import Failure

from .job import Outcome


def describe(outcome: Outcome, durations_ms: Sequence[float] | None = None) -> dict[str, object]:
    """The result as `--json` prints it; `durations_ms` is there only if given."""
    result = outcome.result
    description: dict[str, object] = {
        "status": result.status,
        "exit_code": result.exit_code,
        "signal": result.signal,
        "stdout": result.stdout,
        "stderr": result.stderr,
        "stdout_truncated": result.stdout_truncated,
        "stderr_truncated": result.stderr_truncated,
        "duration_ms": round(result.duration_ms, 1),
        "hint": result.hint,
        "installed_packages": result.installed_packages,
        "failed_packages": _listed(result.failed_packages),
        "files": [
            {"name": file.name, "size": file.size, "kind": file.kind, "path": str(outcome.paths[file.name])}
            for file in result.files
        ],
        "skipped_files": _listed(result.skipped_files),
    }
    if durations_ms is not None:
        description["durations_ms"] = [round(milliseconds, 3) for milliseconds in durations_ms]
    return description


def print_text(outcome: Outcome) -> None:
    """The run's own output on its own streams, and what else there is to say on stderr."""
    result = outcome.result
    sys.stdout.write(result.stdout)
    sys.stdout.flush()
    sys.stderr.write(result.stderr)
    for text, cut in (("stdout", result.stdout_truncated), ("stderr", result.stderr_truncated)):
        if cut:
            print(f"[{text} was cut at the output limit]", file=sys.stderr)
    ended = f", signal {result.signal}" if result.signal else ""
    ended += f", exit code {result.exit_code}" if result.exit_code else ""
    if result.status != "ok":
        print(f"[{result.status}{ended}, {result.duration_ms:.0f} ms]", file=sys.stderr)
    if result.hint:
        print(f"[{result.hint}]", file=sys.stderr)
    for file in result.files:
        print(f"{file.kind}: {outcome.paths[file.name]} ({file.size:,} bytes)", file=sys.stderr)
    for title, failures in (("left out", result.skipped_files), ("not installed", result.failed_packages)):
        for failure in failures:
            print(f"{title}: {failure.name}: {failure.reason}", file=sys.stderr)


def print_durations(durations_ms: Sequence[float]) -> None:
    """What `--repeat` found, for a person."""
    ordered = sorted(durations_ms)
    middle = ordered[len(ordered) // 2]
    print(
        f"[{len(ordered)} runs: first {durations_ms[0]:.1f} ms, median {middle:.1f} ms, "
        f"{ordered[0]:.1f} to {ordered[-1]:.1f} ms]",
        file=sys.stderr,
    )


def _listed(failures: list[Failure]) -> list[dict[str, str]]:
    return [dataclasses.asdict(failure) for failure in failures]
