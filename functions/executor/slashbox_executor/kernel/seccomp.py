"""Which system calls a run may make: all but those listed here, which fail with an error that programs know.

Refused means an error, never death: a library that tries something and can do without goes on. Numbers and
the lower half of arguments are all that is looked at; every argument below is an `int` to the kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EACCES, ENOSYS, EPERM
from functools import partial

from .bpf import ALLOW, Assembler, Program, errno
from .syscalls import Architecture

# The newest call that was looked at (mseal, Linux 6.10); later ones do not exist for a run.
_NEWEST = 462
_FIRST_X32 = 0x40000000

_NETWORK = "socket connect bind listen accept accept4"
# Libraries take these errors for an older kernel and go another way (glibc: clone3 → clone; asyncio: pidfd).
# memfd would be memory that nobody counts; io_uring makes other calls without passing the filter.
_ABSENT = """
    clone3 pidfd_open io_uring_setup io_uring_enter io_uring_register memfd_create memfd_secret
"""
_REFUSED = """
    ptrace process_vm_readv process_vm_writev kcmp process_madvise process_mrelease pidfd_getfd
    pidfd_send_signal
    unshare setns mount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount fspick
    mount_setattr name_to_handle_at open_by_handle_at fanotify_init fanotify_mark quotactl quotactl_fd
    bpf perf_event_open userfaultfd keyctl add_key request_key init_module finit_module delete_module
    kexec_load kexec_file_load reboot swapon swapoff acct syslog settimeofday clock_settime adjtimex
    clock_adjtime sethostname setdomainname iopl ioperm modify_ldt vhangup lookup_dcookie nfsservctl
    migrate_pages move_pages msgget semget shmget shmat mq_open
"""
# Their first argument is a process: none but the run's own.
_SIGNALS = "kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo"
_OTHERS_SETTINGS = "prlimit64 sched_setaffinity sched_setscheduler sched_setparam sched_setattr"

# CLONE_NEW… for time, mount, cgroup, uts, ipc, user, pid and network namespaces.
_NEW_NAMESPACES = 0x7E020080
_AF_UNIX, _SOCK_STREAM, _SOCK_SEQPACKET, _SOCK_TYPE_MASK = 1, 1, 5, 0xF
_PRIO_PROCESS, _IOPRIO_WHO_PROCESS = 0, 1
_ASK_PERSONALITY = 0xFFFFFFFF
# Input into a terminal; and who gets the signals of a descriptor, which may be anybody's process.
_TIOCSTI, _TIOCLINUX, _FIOSETOWN, _SIOCSPGRP = 0x5412, 0x541C, 0x8901, 0x8902
_F_SETOWN, _F_SETOWN_EX = 8, 15

_NUMBER, _ARCHITECTURE = 0, 4

OWN_PID, PARENT_PID = "own_pid", "parent_pid"


def build_program(architecture: Architecture, *, signals: bool) -> Program:
    """
    The filter, with the process id of the run's first process (`own_pid`) left open.

    :param signals: refuse signals to processes that are older than the run's first. Without Landlock's scope
        nothing else tells the run's from others'; honest code meets it once process ids have wrapped around.
    """
    return _Builder(architecture).build(signals=signals)


def arguments_offset(index: int) -> int:
    """Where, in seccomp's data, the lower half of an argument is (both architectures are little-endian)."""
    return 16 + 8 * index


class _Builder:
    def __init__(self, architecture: Architecture) -> None:
        self._architecture = architecture
        self._out = Assembler()

    def build(self, *, signals: bool) -> Program:
        out = self._out
        out.load(_ARCHITECTURE)
        out.equal(self._architecture.audit, then="ours")
        out.verdict(errno(ENOSYS))
        out.label("ours")
        out.load(_NUMBER)
        known = out.fresh()
        # On x86_64 this also refuses the x32 calls: their numbers are above all others.
        out.above(min(_NEWEST, _FIRST_X32), otherwise=known)
        out.verdict(errno(ENOSYS))
        out.label(known)
        for names, number in ((_NETWORK, EACCES), (_ABSENT, ENOSYS), (_REFUSED, EPERM)):
            for name in names.split():
                self._rule(name, partial(out.verdict, errno(number)))
        self._rule("socketpair", self._connected_unix_pair)
        self._rule("clone", lambda: self._refuse_bits(0, _NEW_NAMESPACES))
        self._rule("personality", lambda: self._allow_only(0, 0, _ASK_PERSONALITY))
        self._rule("ioctl", lambda: self._refuse_only(1, _TIOCSTI, _TIOCLINUX, _FIOSETOWN, _SIOCSPGRP))
        self._rule("fcntl", lambda: self._refuse_only(1, _F_SETOWN, _F_SETOWN_EX))
        for name in f"{_OTHERS_SETTINGS} {_SIGNALS if signals else ''}".split():
            self._rule(name, lambda: self._own_process(0))
        self._rule("setpriority", lambda: self._own_process(1, kind=_PRIO_PROCESS))
        self._rule("ioprio_set", lambda: self._own_process(1, kind=_IOPRIO_WHO_PROCESS))
        out.verdict(ALLOW)
        return out.assemble()

    def _rule(self, name: str, verdict: Callable[[], None]) -> None:
        """`verdict` decides about the call `name` and must return in all cases."""
        number = self._architecture.numbers.get(name)
        if number is None:
            return
        following = self._out.fresh()
        self._out.equal(number, otherwise=following)
        verdict()
        self._out.label(following)

    def _allow_only(self, argument: int, *values: int) -> None:
        allow = self._out.fresh()
        self._out.load(arguments_offset(argument))
        for value in values:
            self._out.equal(value, then=allow)
        self._out.verdict(errno(EPERM))
        self._out.label(allow)
        self._out.verdict(ALLOW)

    def _refuse_only(self, argument: int, *values: int) -> None:
        refuse = self._out.fresh()
        self._out.load(arguments_offset(argument))
        for value in values:
            self._out.equal(value, then=refuse)
        self._out.verdict(ALLOW)
        self._out.label(refuse)
        self._out.verdict(errno(EPERM))

    def _refuse_bits(self, argument: int, bits: int) -> None:
        refuse = self._out.fresh()
        self._out.load(arguments_offset(argument))
        self._out.any_bit(bits, then=refuse)
        self._out.verdict(ALLOW)
        self._out.label(refuse)
        self._out.verdict(errno(EPERM))

    def _connected_unix_pair(self) -> None:
        """Datagram pairs are refused: `sendto` with an address would leave the pair."""
        out, refuse, allow = self._out, self._out.fresh(), self._out.fresh()
        out.load(arguments_offset(0))
        out.equal(_AF_UNIX, otherwise=refuse)
        out.load(arguments_offset(1))
        out.mask(_SOCK_TYPE_MASK)
        out.equal(_SOCK_STREAM, then=allow)
        out.equal(_SOCK_SEQPACKET, then=allow)
        out.label(refuse)
        out.verdict(errno(EACCES))
        out.label(allow)
        out.verdict(ALLOW)

    def _own_process(self, argument: int, kind: int | None = None) -> None:
        """Itself (0), a process or thread not older than the run's first, or a group led by such a one."""
        out, refuse, allow = self._out, self._out.fresh(), self._out.fresh()
        if kind is not None:
            out.load(arguments_offset(0))
            out.equal(kind, otherwise=refuse)
        out.load(arguments_offset(argument))
        out.equal(0, then=allow)
        out.equal(PARENT_PID, then=refuse)  # younger than the run once process ids have wrapped around
        out.equal(f"-{PARENT_PID}", then=refuse)
        out.at_least(OWN_PID, otherwise=refuse)
        # Groups are negative: as an unsigned number, one of the run's is at most 2^32 - own_pid.
        out.above(f"-{OWN_PID}", otherwise=allow)
        out.label(refuse)
        out.verdict(errno(EPERM))
        out.label(allow)
        out.verdict(ALLOW)


def fill_in(program: Program, own_pid: int, parent_pid: int) -> bytes:
    """The finished filter for the run whose first process is `own_pid`, started by `parent_pid`."""
    return program.fill(
        **{OWN_PID: own_pid, f"-{OWN_PID}": -own_pid, PARENT_PID: parent_pid, f"-{PARENT_PID}": -parent_pid}
    )
