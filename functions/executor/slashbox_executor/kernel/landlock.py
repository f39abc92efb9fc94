"""Which files a run may read and write, as a Landlock ruleset: what is not named here does not open."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from . import calls

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_REFER, _TRUNCATE, _IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
_VERSION_1_RIGHTS = (1 << 13) - 1
_RIGHTS_SINCE = {2: _REFER, 3: _TRUNCATE, 5: _IOCTL_DEVICE}
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_NETWORK_SINCE, _BIND_AND_CONNECT_TCP = 4, 3
SCOPES_SINCE, _ABSTRACT_SOCKETS_AND_SIGNALS = 6, 3

_READ = _EXECUTE | _READ_FILE | _READ_DIR
_DEVICE = _READ_FILE | _WRITE_FILE | _TRUNCATE | _IOCTL_DEVICE

# Programs and libraries; of /etc what libraries look up; of /proc and /sys what they measure the machine by.
# /proc/self is the run's first process; those it starts later do not see their own, and none sees others'.
_SYSTEM_READABLE = """
    /usr /bin /sbin /lib /lib32 /lib64 /nix/store /var/lang
    /etc/ld.so.cache /etc/ld.so.conf /etc/ld.so.conf.d /etc/ld.so.preload /etc/alternatives
    /etc/passwd /etc/group /etc/nsswitch.conf /etc/hosts /etc/host.conf /etc/resolv.conf /etc/gai.conf
    /etc/services /etc/protocols /etc/mime.types /etc/localtime /etc/timezone /etc/os-release
    /etc/debian_version /etc/fonts /etc/terminfo /etc/inputrc /etc/locale.alias /etc/ssl/certs
    /etc/ssl/openssl.cnf /etc/pki/tls /etc/pki/ca-trust /etc/crypto-policies
    /proc/self /proc/cpuinfo /proc/meminfo /proc/stat /proc/loadavg /proc/uptime /proc/version
    /proc/filesystems /proc/sys /sys/devices/system/cpu /sys/devices/system/node
    /sys/fs/cgroup /sys/kernel/mm/transparent_hugepage
""".split()  # noqa: SIM905 - a list of them would fill a page
SHARED_MEMORY = "/dev/shm"  # noqa: S108
_SYSTEM_WRITABLE = [SHARED_MEMORY]
_DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """
    :ivar version: of Landlock, as the kernel told
    :ivar readable: folders and files that the run may read and execute, beside the system's
    :ivar writable: folders in which it may do as it likes, except make devices
    """

    version: int
    readable: tuple[str, ...]
    writable: tuple[str, ...]

    def enforce(self) -> None:
        """
        For the calling thread and all that it starts. Needs no_new_privs.

        A path that does not exist, or that this user cannot reach anyhow, is left out.

        :raises OSError:
        """
        enforce_ruleset(begin_ruleset(self.version, ()), self.version, self.readable, self.writable)


def begin_ruleset(version: int, readable: Iterable[str]) -> int:
    """
    A descriptor of a ruleset with the system's own files and `readable`: the longer part, the same for every
    run. To be made by the process that it will hold: /proc/self is its maker's. :raises OSError:
    """
    handled = _rights(version)
    ruleset = calls.create_ruleset(_attributes(version, handled))
    try:
        _allow(ruleset, (*_SYSTEM_READABLE, *readable), _READ & handled)
        _allow(ruleset, _SYSTEM_WRITABLE, _write_rights(handled))
        _allow(ruleset, _DEVICES, _DEVICE & handled)
    except OSError:
        os.close(ruleset)
        raise
    return ruleset


def enforce_ruleset(ruleset: int, version: int, readable: Iterable[str], writable: Iterable[str]) -> None:
    """Adds what is this run's own, holds the calling thread to it, closes the descriptor. :raises OSError:"""
    handled = _rights(version)
    try:
        _allow(ruleset, readable, _READ & handled)
        _allow(ruleset, writable, _write_rights(handled))
        calls.restrict_self(ruleset)
    finally:
        os.close(ruleset)


def _rights(version: int) -> int:
    """All rights to files that this version knows: what a ruleset handles is refused unless allowed."""
    return _VERSION_1_RIGHTS | sum(right for since, right in _RIGHTS_SINCE.items() if version >= since)


def _write_rights(handled: int) -> int:
    return handled & ~(_MAKE_CHAR | _MAKE_BLOCK)


def _attributes(version: int, handled: int) -> bytes:
    """Older kernels refuse a structure that is longer than theirs."""
    fields = [handled]
    if version >= _NETWORK_SINCE:
        fields.append(_BIND_AND_CONNECT_TCP)
    if version >= SCOPES_SINCE:
        fields.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    return struct.pack(f"={len(fields)}Q", *fields)


def _allow(ruleset: int, paths: Iterable[str], rights: int) -> None:
    for path in paths:
        with suppress(FileNotFoundError, PermissionError, NotADirectoryError):
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
                calls.allow_beneath(ruleset, rights if is_folder else rights & _OF_FILES, handle)
            finally:
                os.close(handle)
