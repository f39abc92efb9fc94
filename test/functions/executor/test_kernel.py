"""The seccomp filter, run here on made-up calls of both architectures; what a profile demands; the probe."""

from __future__ import annotations

import json
import re
import struct
import sys
from errno import EACCES, ENOSYS, EPERM
from pathlib import Path

import pytest
from executor_support import Executor
from hypothesis import given
from hypothesis import strategies as st
from slashbox_executor.kernel import Kernel, KernelError, confinement, probe
from slashbox_executor.kernel.bpf import ALLOW, Assembler, errno
from slashbox_executor.kernel.probe import Abilities, probe_abilities
from slashbox_executor.kernel.seccomp import build_program, fill_in
from slashbox_executor.kernel.syscalls import ARCHITECTURES, Architecture

OWN, PARENT = 5_000, 4_000
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the kernel layer is Linux's")
confined_only = pytest.mark.skipif(not probe_abilities().seccomp, reason="this kernel refuses seccomp")
architectures = pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=list(ARCHITECTURES))


def run_filter(code: bytes, number: int, audit: int, *arguments: int) -> int:
    """What the kernel's machine would return for a call."""
    values = [value & (2**64 - 1) for value in (*arguments, *[0] * (6 - len(arguments)))]
    data = struct.pack("<2I7Q", number & 0xFFFFFFFF, audit, 0, *values)
    instructions = list(struct.iter_unpack("=HBBI", code))
    at, value = 0, 0
    while True:
        operation, then, otherwise, constant = instructions[at]
        at += 1
        match operation:
            case 0x20:
                (value,) = struct.unpack_from("<I", data, constant)
            case 0x54:
                value &= constant
            case 0x06:
                return int(constant)
            case 0x15 | 0x25 | 0x35 | 0x45:
                tests = {
                    0x15: value == constant,
                    0x25: value > constant,
                    0x35: value >= constant,
                    0x45: bool(value & constant),
                }
                at += then if tests[operation] else otherwise
            case _:
                pytest.fail(f"unknown instruction {operation:#x}")


def verdict(architecture: Architecture, name: str, *arguments: int, signals: bool = True) -> int:
    code = fill_in(build_program(architecture, signals=signals), OWN, PARENT)
    return run_filter(code, architecture.numbers[name], architecture.audit, *arguments)


@architectures
@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        ("socket", (2, 1, 0), errno(EACCES)),
        ("socket", (1, 1, 0), errno(EACCES)),
        ("connect", (3,), errno(EACCES)),
        ("socketpair", (1, 1 | 0o2000000, 0), ALLOW),
        ("socketpair", (1, 5, 0), ALLOW),
        ("socketpair", (1, 2, 0), errno(EACCES)),
        ("socketpair", (2, 1, 0), errno(EACCES)),
        ("clone3", (), errno(ENOSYS)),
        ("io_uring_setup", (), errno(ENOSYS)),
        ("ptrace", (16, PARENT), errno(EPERM)),
        ("clone", (0x01200011,), ALLOW),
        ("clone", (0x10000011,), errno(EPERM)),
        ("clone", (0x00020011,), errno(EPERM)),
        ("personality", (0xFFFFFFFF,), ALLOW),
        ("personality", (0x0400000,), errno(EPERM)),
        ("ioctl", (0, 0x5401), ALLOW),
        ("ioctl", (0, 0x5412), errno(EPERM)),
        ("ioctl", (0, 0x100005412), errno(EPERM)),
        ("fcntl", (0, 1), ALLOW),
        ("fcntl", (0, 8, PARENT), errno(EPERM)),
        ("kill", (0, 9), ALLOW),
        ("kill", (OWN, 9), ALLOW),
        ("kill", (OWN + 7, 9), ALLOW),
        ("kill", (-OWN, 9), ALLOW),
        ("kill", (-OWN - 7, 9), ALLOW),
        ("kill", (PARENT, 9), errno(EPERM)),
        ("kill", (1, 9), errno(EPERM)),
        ("kill", (-1, 9), errno(EPERM)),
        ("kill", (-PARENT, 9), errno(EPERM)),
        ("kill", (2**32 + PARENT, 9), errno(EPERM)),
        ("prlimit64", (0, 7), ALLOW),
        ("prlimit64", (PARENT, 7), errno(EPERM)),
        ("setpriority", (0, 0, 1), ALLOW),
        ("setpriority", (0, PARENT, 1), errno(EPERM)),
        ("setpriority", (2, 70_000, 1), errno(EPERM)),
        ("ioprio_set", (3, 70_000, 1), errno(EPERM)),
        ("memfd_create", (), errno(ENOSYS)),
        ("seccomp", (), ALLOW),
    ],
)
def test_filter_decides(
    architecture: Architecture, name: str, arguments: tuple[int, ...], wanted: int
) -> None:
    assert verdict(architecture, name, *arguments) == wanted


@architectures
def test_signals_are_left_to_landlock_where_it_has_them(architecture: Architecture) -> None:
    assert verdict(architecture, "kill", 1, 9, signals=False) == ALLOW
    assert verdict(architecture, "prlimit64", 1, signals=False) == errno(EPERM)


@architectures
def test_a_younger_executor_is_protected_too(architecture: Architecture) -> None:
    code = fill_in(build_program(architecture, signals=True), 300, 30_000)
    number = architecture.numbers["kill"]
    assert run_filter(code, number, architecture.audit, 30_000, 9) == errno(EPERM)
    assert run_filter(code, number, architecture.audit, 30_001, 9) == ALLOW


@given(number=st.integers(463, 2**32 - 1), arguments=st.lists(st.integers(0, 2**64 - 1), max_size=6))
def test_calls_that_were_not_looked_at_do_not_exist(number: int, arguments: list[int]) -> None:
    for architecture in ARCHITECTURES.values():
        code = fill_in(build_program(architecture, signals=True), OWN, PARENT)
        assert run_filter(code, number, architecture.audit, *arguments) == errno(ENOSYS)


@given(number=st.integers(0, 2**32 - 1), audit=st.integers(0, 2**32 - 1))
def test_foreign_programs_have_no_calls(number: int, audit: int) -> None:
    for architecture in ARCHITECTURES.values():
        if audit != architecture.audit:
            code = fill_in(build_program(architecture, signals=True), OWN, PARENT)
            assert run_filter(code, number, audit) == errno(ENOSYS)


@architectures
def test_numbers_are_those_of_the_kernels_headers(architecture: Architecture) -> None:
    header = {
        "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        "aarch64": Path("/usr/include/asm-generic/unistd.h"),
    }[architecture.name]
    if not header.exists():
        pytest.skip("the kernel's headers are not installed")
    lines = (line.split() for line in header.read_text().splitlines() if line.startswith("#define __NR"))
    known = {
        re.sub(r"^__NR(3264)?_", "", words[1]): words[2]
        for words in lines
        if words[2:3] and words[2].isdigit()
    }
    found = {name: number for name, number in architecture.numbers.items() if name in known}
    assert len(found) > 60
    assert found == {name: int(known[name]) for name in found}


def test_assembler_refuses_jumps_that_the_kernel_would_refuse() -> None:
    out = Assembler()
    out.equal(1, then="far")
    for _ in range(256):
        out.verdict(ALLOW)
    out.label("far")
    out.verdict(ALLOW)
    with pytest.raises(ValueError, match="not possible"):
        out.assemble()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that refuses everything, as Lambda's."""
    nothing = Abilities(False, False, 0, ("seccomp is refused (EPERM)",))
    monkeypatch.setattr(confinement, "probe_abilities", lambda: nothing)


def test_strict_refuses_a_kernel_that_lacks_something(bare: None) -> None:
    with pytest.raises(KernelError, match=r"'strict' needs .* seccomp is refused \(EPERM\)"):
        Kernel("strict", print)


@pytest.mark.parametrize("profile", ["local", "lambda"])
def test_other_profiles_say_what_is_missing_and_go_on(profile: str, bare: None) -> None:
    log: list[str] = []
    kernel = Kernel(profile, log.append)  # type: ignore[arg-type]
    assert log == ["Code is not held back by the kernel: seccomp is refused (EPERM)"]
    kernel.confine(readable=[], writable=[]).enter()


@linux_only
def test_probe_tells_how_each_call_ends_and_changes_nothing() -> None:
    before = Path("/proc/self/status").read_text().partition("NoNewPrivs")[2]
    report = json.loads(json.dumps(probe()))
    assert Path("/proc/self/status").read_text().partition("NoNewPrivs")[2][:60] == before[:60]
    assert set(report["calls"]) >= {"prctl(NO_NEW_PRIVS)", "seccomp", "landlock", "ptrace", "unshare(user)"}
    assert all(outcome == "ok" or outcome[0] in "ES" for outcome in report["calls"].values())
    assert report["status"]["NoNewPrivs"] in {"0", "1"}
    assert report["interpreter"]["mode"]


@confined_only
@pytest.mark.parametrize(
    "code",
    [
        "import socket\nsocket.create_connection(('127.0.0.1', 9))",
        "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9')",
        "import socket\nsocket.getaddrinfo('nowhere.example', 80)",
        "import http.server\nhttp.server.HTTPServer(('', 0), None)",
    ],
)
def test_network_is_said_to_be_off(code: str, executor: Executor) -> None:
    result = executor.run(code)
    assert (result.status, result.hint) == ("error", "Network access is switched off here.")
    assert result.duration_ms < 10_000


@confined_only
def test_a_manager_is_said_to_need_sockets(executor: Executor) -> None:
    result = executor.run("import multiprocessing\nmultiprocessing.Manager()")
    assert result.status == "error"
    assert "Manager needs sockets" in (result.hint or "")


@linux_only
def test_a_refused_file_is_explained(executor: Executor) -> None:
    result = executor.run("import os\nos.makedirs('x')\nos.chmod('x', 0)\nopen('/etc/shadow')")
    assert result.status == "error"
    assert result.hint == "A run reaches its working folder and tempfile.gettempdir(), and no other files."
