"""System call numbers of the two architectures that Lambda has, for the calls that the kernel layer names.

From Linux's own tables: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

# name, x86_64, aarch64; "-" where the architecture has no such call
_TABLE = """
accept 43 202
accept4 288 242
acct 163 89
add_key 248 217
adjtimex 159 171
bind 49 200
bpf 321 280
chroot 161 51
clock_adjtime 305 266
clock_settime 227 112
clone 56 220
clone3 435 435
connect 42 203
delete_module 176 106
fanotify_init 300 262
fanotify_mark 301 263
fcntl 72 25
finit_module 313 273
fsconfig 431 431
fsmount 432 432
fsopen 430 430
fspick 433 433
init_module 175 105
io_uring_enter 426 426
io_uring_register 427 427
io_uring_setup 425 425
ioctl 16 29
ioperm 173 -
iopl 172 -
ioprio_set 251 30
kcmp 312 272
kexec_file_load 320 294
kexec_load 246 104
keyctl 250 219
kill 62 129
landlock_add_rule 445 445
landlock_create_ruleset 444 444
landlock_restrict_self 446 446
listen 50 201
lookup_dcookie 212 18
memfd_create 319 279
memfd_secret 447 447
migrate_pages 256 238
modify_ldt 154 -
mount 165 40
mount_setattr 442 442
move_mount 429 429
move_pages 279 239
mq_open 240 180
msgget 68 186
name_to_handle_at 303 264
nfsservctl 180 42
open_by_handle_at 304 265
open_tree 428 428
perf_event_open 298 241
personality 135 92
pidfd_getfd 438 438
pidfd_open 434 434
pidfd_send_signal 424 424
pivot_root 155 41
prctl 157 167
prlimit64 302 261
process_madvise 440 440
process_mrelease 448 448
process_vm_readv 310 270
process_vm_writev 311 271
ptrace 101 117
quotactl 179 60
quotactl_fd 443 443
reboot 169 142
request_key 249 218
rt_sigqueueinfo 129 138
rt_tgsigqueueinfo 297 240
sched_setaffinity 203 122
sched_setattr 314 274
sched_setparam 142 118
sched_setscheduler 144 119
seccomp 317 277
semget 64 190
setdomainname 171 162
sethostname 170 161
setns 308 268
setpriority 141 140
settimeofday 164 170
shmat 30 196
shmget 29 194
socket 41 198
socketpair 53 199
swapoff 168 225
swapon 167 224
syslog 103 116
tgkill 234 131
tkill 200 130
umount2 166 39
unshare 272 97
userfaultfd 323 282
vhangup 153 58
"""


@dataclass(frozen=True, slots=True)
class Architecture:
    """
    :ivar audit: how a filter recognises calls of this architecture (AUDIT_ARCH_… in linux/audit.h)
    :ivar numbers: of the calls that this architecture has
    """

    name: str
    audit: int
    numbers: dict[str, int]


def _column(index: int) -> dict[str, int]:
    rows = [line.split() for line in _TABLE.split("\n") if line]
    return {row[0]: int(row[index]) for row in rows if row[index] != "-"}


ARCHITECTURES = {
    "x86_64": Architecture("x86_64", 0xC000003E, _column(1)),
    "aarch64": Architecture("aarch64", 0xC00000B7, _column(2)),
}


def this_architecture() -> Architecture | None:
    """None where the kernel layer does not exist: another system, or a processor without a table here."""
    if sys.platform != "linux" or sys.maxsize < 2**32:
        return None
    return ARCHITECTURES.get(platform.machine())
