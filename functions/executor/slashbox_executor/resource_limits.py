"""The kernel's own limits for the processes of one run: memory, processor time, files, processes."""

from __future__ import annotations

import contextlib
import os
import resource

from .protocol import RunLimits

OPEN_FILES = 1_024
_MEGABYTE = 1 << 20
# Room beside the limit for what counts as data and is no one's fault: interpreter, libraries, thread stacks.
_DATA_HEADROOM_MEGABYTES = 256
# Address space is cheap and libraries reserve much of it; this only stops the absurd.
_ADDRESS_SPACE_HEADROOM_MEGABYTES = 4_096


def limit_resources(limits: RunLimits, *, dedicated: bool) -> None:
    """
    For the calling process, for good, and for all that it starts.

    :param dedicated: it has a user id that nobody else on this machine has
    """
    memory = limits.memory_megabytes
    processor_seconds = int(limits.time_seconds * (os.cpu_count() or 1)) + 10
    wanted = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits.disk_megabytes * _MEGABYTE),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CPU, processor_seconds),
        (resource.RLIMIT_DATA, (memory + _DATA_HEADROOM_MEGABYTES) * _MEGABYTE),
        (resource.RLIMIT_AS, (2 * memory + _ADDRESS_SPACE_HEADROOM_MEGABYTES) * _MEGABYTE),
    ]
    if dedicated:
        # The kernel counts by user: of use only where that user is nobody but this run.
        wanted.append((resource.RLIMIT_NPROC, limits.processes))
    for kind, value in wanted:
        ceiling = resource.getrlimit(kind)[1]
        lowered = value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)
        with contextlib.suppress(OSError, ValueError):  # macOS knows some of these by name only
            resource.setrlimit(kind, (lowered, lowered))
