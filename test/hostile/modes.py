"""The surroundings in which the corpus runs: this kernel as it is, without Landlock, and as Lambda has it."""

from __future__ import annotations

from errno import ENOSYS, EPERM
from typing import Literal

from slashbox_executor.kernel import calls
from slashbox_executor.kernel.bpf import ALLOW, Assembler, errno
from slashbox_executor.kernel.seccomp import arguments_offset
from slashbox_executor.kernel.syscalls import this_architecture
from slashbox_executor.settings import Profile

Mode = Literal["full", "no-landlock", "lambda"]

PROFILES: dict[Mode, Profile] = {"full": "strict", "no-landlock": "local", "lambda": "lambda"}

_LANDLOCK = "landlock_create_ruleset landlock_add_rule landlock_restrict_self"
# What people have seen refused inside Lambda functions (ADR 8 names the sources).
_LAMBDA = """
    prctl seccomp ptrace process_vm_readv process_vm_writev chroot unshare setns mount umount2 pivot_root
    bpf perf_event_open userfaultfd keyctl add_key request_key kcmp io_uring_setup io_uring_enter
    io_uring_register name_to_handle_at open_by_handle_at syslog swapon reboot
"""
_NEW_NAMESPACES = 0x7E020080


def enter(mode: Mode) -> None:
    """Puts the calling process, for good, where `mode` says. :raises OSError: where this kernel cannot"""
    refused = {
        "full": {},
        "no-landlock": dict.fromkeys(_LANDLOCK.split(), ENOSYS),
        "lambda": {**dict.fromkeys(f"{_LANDLOCK} {_LAMBDA}".split(), EPERM), "clone3": ENOSYS},
    }[mode]
    if not refused:
        return
    calls.set_no_new_privileges()
    calls.install_filter(_refuse(refused, namespaces=mode == "lambda"))


def _refuse(refused: dict[str, int], *, namespaces: bool) -> bytes:
    architecture = this_architecture()
    assert architecture is not None
    out = Assembler()
    out.load(0)
    for name, error in refused.items():
        following = out.fresh()
        out.equal(architecture.numbers[name], otherwise=following)
        out.verdict(errno(error))
        out.label(following)
    if namespaces:
        out.equal(architecture.numbers["clone"], otherwise="allow")
        out.load(arguments_offset(0))
        out.any_bit(_NEW_NAMESPACES, otherwise="allow")
        out.verdict(errno(EPERM))
        out.label("allow")
    out.verdict(ALLOW)
    return out.assemble().fill()
