"""The floor that no executor can get under: a small, warm process that forks and waits. Run as a program.

For each line on stdin it forks a child that prints 1 into a pipe, and answers with the milliseconds until the
output was read and the child was gone.
"""

import os
import sys
import time

_CODE = compile("print(1)", "main.py", "exec")


def main() -> None:
    for _ in sys.stdin:
        started = time.perf_counter()
        output = _fork_and_read()
        taken = (time.perf_counter() - started) * 1000
        if output != b"1\n":
            raise SystemExit(f"the child printed {output!r}")
        print(taken, flush=True)


def _fork_and_read() -> bytes:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(writing, 1)
        exec(_CODE, {"__name__": "__main__"})  # noqa: S102 - ours
        sys.stdout.flush()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        output = pipe.read()
    os.waitpid(pid, 0)
    return output


if __name__ == "__main__":
    main()
