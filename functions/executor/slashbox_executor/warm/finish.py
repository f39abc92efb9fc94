"""Ends a forked run as the interpreter ends a program; `os._exit` alone would lose what is unwritten."""

from __future__ import annotations

import atexit
import ctypes
import gc
import io
import sys
import threading
from contextlib import suppress

_libc = ctypes.CDLL(None)
_WRITERS = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)


def finish() -> None:
    """
    Waits for threads, runs what was registered for the end, lets go of the program's objects, so that files
    are closed and finalisers run, and writes out whatever is still open. The caller exits after it.
    """
    with suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
    with suppress(BaseException):
        atexit._run_exitfuncs()
    # Before: of a file in a cycle, the collector may close the lower half first.
    _flush_open_files()
    with suppress(BaseException):
        sys.modules.pop("__main__", None)
        gc.collect()
    _flush_open_files()
    with suppress(BaseException):
        _libc.fflush(None)


def _flush_open_files() -> None:
    with suppress(BaseException):
        for value in gc.get_objects():
            if type(value) in _WRITERS:
                _flush(value)
    _flush(sys.stdout)
    _flush(sys.stderr)


def _flush(stream: object) -> None:
    with suppress(BaseException):
        stream.flush()  # type: ignore[attr-defined]
