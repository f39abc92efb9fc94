"""Starts the bundle server beside a benchmark, in a process of its own so that it takes none of its time."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.bench.prepare import BenchError


@contextmanager
def serving(folder: Path, megabytes_per_second: float = 0) -> Iterator[str]:
    """Its address. 0: as fast as it can. :raises BenchError: where it does not start"""
    program = Path(__file__).with_name("bundle_server.py")
    process = subprocess.Popen(
        [sys.executable, "-I", str(program), str(folder), str(megabytes_per_second)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="ascii",
    )
    try:
        port = process.stdout.readline().strip() if process.stdout else ""
        if not port:
            raise BenchError("the server for bundles did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.communicate(timeout=10)
