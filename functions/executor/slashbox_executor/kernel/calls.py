"""The raw system calls of the kernel layer, through ctypes. Each raises OSError with the kernel's error."""

from __future__ import annotations

import ctypes
import os
import struct

from .syscalls import this_architecture

_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_SET_MODE_FILTER = 1
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_RULE_PATH_BENEATH = 1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_architecture = this_architecture()


def call(name: str, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """
    Makes the system call `name`; whole numbers are passed as 64 bits, bytes as their address.

    :raises OSError: also (ENOSYS) where this architecture has no such call
    """
    number = _architecture.numbers.get(name, -1) if _architecture else -1
    passed: list[object] = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    # Variadic arguments that are left out would be whatever lies in the registers.
    passed += [ctypes.c_long(0)] * (6 - len(passed))
    result: int = _libc.syscall(ctypes.c_long(number), *passed)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return result


def set_no_new_privileges() -> None:
    """Without it no process may confine itself, unless it is an administrator's."""
    call("prctl", _PR_SET_NO_NEW_PRIVS, 1)


def install_filter(program: bytes) -> None:
    """The calling thread, and all that it starts, are under `program` from the next call on."""
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("=H6xQ", len(program) // 8, ctypes.addressof(code))
    call("seccomp", _SECCOMP_SET_MODE_FILTER, 0, header)


def landlock_version() -> int:
    """The newest version of Landlock that this kernel speaks (its "ABI"), 1 at least."""
    return call("landlock_create_ruleset", None, 0, _LANDLOCK_CREATE_RULESET_VERSION)


def create_ruleset(attributes: bytes) -> int:
    """A descriptor."""
    return call("landlock_create_ruleset", attributes, len(attributes), 0)


def allow_beneath(ruleset: int, rights: int, folder: int) -> None:
    rule = struct.pack("=Qi", rights, folder)
    call("landlock_add_rule", ruleset, _LANDLOCK_RULE_PATH_BENEATH, rule, 0)


def restrict_self(ruleset: int) -> None:
    call("landlock_restrict_self", ruleset, 0)
