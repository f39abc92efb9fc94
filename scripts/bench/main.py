"""`npm run bench`: prepares, measures in turns, prints tables with goals beside them, and writes JSON."""

import argparse
import os
import platform
import signal
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "functions" / "executor"))

from scripts.bench.formats import measure_formats
from scripts.bench.install import measure_imports, measure_packages
from scripts.bench.memory import measure_growth, measure_memory
from scripts.bench.prepare import CLOSURES, BenchError, Prepared, Progress, prepare
from scripts.bench.report import Section, write_json
from scripts.bench.runs import measure_latency, measure_row, measure_users
from scripts.bench.sides import refuse_spoilt_settings

Benchmark = Callable[[Prepared, bool, Progress], Section]

BENCHMARKS: dict[str, Benchmark] = {
    "latency": measure_latency,
    "row": measure_row,
    "users": measure_users,
    "leak": measure_growth,
    "memory": measure_memory,
    "packages": measure_packages,
    "imports": measure_imports,
    "formats": measure_formats,
}
_NEEDS_CLOSURES = {"packages", "imports", "formats"}
# It decided something once (docs/adr/0012) and takes minutes.
_ONLY_IF_ASKED = {"formats"}


def main(arguments: list[str]) -> int:
    """Exit code 0 when everything was measured, whether goals were met or not; 1 when it could not be."""
    options = parse(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    names = options.only or [name for name in BENCHMARKS if name not in _ONLY_IF_ASKED]
    sections = []
    try:
        refuse_spoilt_settings()
        closures = CLOSURES if _NEEDS_CLOSURES & set(names) else ("networkx",)
        prepared = prepare(options.cache, options.environment, options.uv, closures, _say)
        for name in names:
            section = BENCHMARKS[name](prepared, options.quick, _say)
            sections.append(section)
            print(f"\n{section}\n", flush=True)
    except BenchError as error:
        print(f"[bench] error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("[bench] interrupted", file=sys.stderr)
        return 130
    if options.json is not None:
        write_json(options.json, _machine(), sections)
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    """Ends the process with exit code 2 and a word on what is wrong."""
    parser = argparse.ArgumentParser(prog="npm run bench --", description=__doc__, allow_abbrev=False)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where everything that was measured goes")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, nothing from a registry")
    parser.add_argument(
        "--only",
        action="append",
        choices=list(BENCHMARKS),
        metavar="NAME",
        help=f"one benchmark, may be repeated: {', '.join(BENCHMARKS)}",
    )
    for name in ("cache", "environment", "uv"):
        parser.add_argument(f"--{name}", type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.json is not None:
        options.json = options.json.absolute()
        if not options.json.parent.is_dir():
            parser.error(f"--json {options.json}: there is no such folder")
    return options


def _machine() -> dict[str, object]:
    return {
        "system": " ".join(platform.uname()[i] for i in (0, 2, 4)),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "load": os.getloadavg(),
    }


def _say(line: str) -> None:
    print(f"[bench] {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
