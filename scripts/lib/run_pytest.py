"""Runs pytest and writes what `npm test` counts, as test-counts.ts reads it: `run_pytest.py REPORT ARGS…`"""

import json
import sys
from pathlib import Path

import pytest


class CountingPlugin:
    """Counts a test once: failed if any of its phases failed, passed if its call did and nothing failed."""

    def __init__(self) -> None:
        self._outcomes: dict[str, str] = {}
        self._reasons: dict[str, str] = {}
        self._broken: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._outcomes[report.nodeid] = "failed"
        elif report.skipped:
            # An expected failure is reported as skipped too: it ran, and did what its author said.
            expected = hasattr(report, "wasxfail")
            self._outcomes.setdefault(report.nodeid, "passed" if expected else "skipped")
            self._reasons[report.nodeid] = _reason(report)
        elif report.when == "call":
            self._outcomes.setdefault(report.nodeid, "passed")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            lines = str(report.longrepr).strip().splitlines()
            self._broken.append(f"{report.nodeid}: {lines[-1] if lines else 'cannot be collected'}")
        elif report.skipped:
            self._outcomes[report.nodeid] = "skipped"
            self._reasons[report.nodeid] = _reason(report)

    def document(self) -> dict[str, object]:
        names: dict[str, list[str]] = {"passed": [], "failed": [], "skipped": []}
        for name, outcome in self._outcomes.items():
            names[outcome].append(name)
        return {
            "passed": len(names["passed"]),
            "failed": len(names["failed"]),
            "skipped": [{"name": name, "reason": self._reasons.get(name, "")} for name in names["skipped"]],
            "broken": self._broken,
        }


def main(report: Path, arguments: list[str]) -> int:
    # As `python -m pytest` does: tests import the project's folders by their path from its root.
    sys.path[0] = str(Path.cwd())
    plugin = CountingPlugin()
    status = pytest.main(arguments, plugins=[plugin])
    report.write_text(json.dumps(plugin.document()), encoding="utf-8")
    return int(status)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(getattr(report, "wasxfail", ""))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
