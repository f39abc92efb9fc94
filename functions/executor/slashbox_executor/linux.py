"""The few system calls that Python lacks, through ctypes; each says whether the kernel carried it out.

Inside a Lambda function every prctl is refused (EPERM), elsewhere they work: callers must manage without.
"""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWNS = 0x20000
MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 32, 4096, 16384, 1 << 18

_libc = ctypes.CDLL(None, use_errno=True)


def become_subreaper() -> bool:
    """From now on orphans of our descendants become our children instead of init's."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def forbid_new_privileges() -> bool:
    """Set-user-id programs such as su or sudo no longer change who this process is."""
    return _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def leave_mount_namespace() -> None:
    """From now on this process's mounts are its own. :raises OSError: where that is not allowed"""
    _check(_libc.unshare(_CLONE_NEWNS))
    mount(None, "/", None, MS_REC | MS_PRIVATE)


def enter_mount_namespace(handle: int) -> None:
    """`handle` is a descriptor of /proc/PID/ns/mnt. :raises OSError: where that is not allowed"""
    _check(_libc.setns(handle, _CLONE_NEWNS))


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """mount(2). :raises OSError:"""
    _check(
        _libc.mount(
            *(None if text is None else os.fsencode(text) for text in (source, target, kind)),
            ctypes.c_ulong(flags),
            None if data is None else os.fsencode(data),
        )
    )


def _prctl(operation: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    return bool(_libc.prctl(operation, ctypes.c_ulong(value), 0, 0, 0) == 0)


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
