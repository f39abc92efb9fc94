"""Every hostile program ends as it declares, in every mode that this machine can make; honest ones work."""

from __future__ import annotations

import http.server
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).resolve().parent
_EXECUTOR = _HERE.parents[1] / "functions" / "executor"
for _folder in (_HERE, _EXECUTOR):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

import modes  # noqa: E402
from corpus import Case, read_cases  # noqa: E402
from slashbox_executor import boot  # noqa: E402
from slashbox_executor.kernel.probe import probe_abilities  # noqa: E402

CASES = read_cases()
_AS_ROOT = sys.platform == "linux" and os.geteuid() == 0
# Started as root, the executor also runs as it would there: as another user than the code.
_MODES = [*modes.PROFILES, *(["dedicated"] if _AS_ROOT else [])]
_LIMITS = {
    "install_seconds": 1,
    "memory_megabytes": 512,
    "disk_megabytes": 16,
    "output_characters": 10_000,
    "file_bytes": 1 << 20,
    "files": 5,
    "processes": 40,
}
_YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")


class Corpus:
    """An executor in one mode, and around it what code may try to reach."""

    def __init__(self, mode: str, folder: Path, bait: dict[str, object], layer: Path) -> None:
        self.secret = f"CANARY-{secrets.token_hex(12)}"
        self.bait = bait
        uid = 0x5C000000 + os.getpid() if _AS_ROOT and mode != "dedicated" else os.geteuid()
        outside, tmp = folder / "outside", folder / "tmp"
        for made in (outside, tmp):
            made.mkdir()
            made.chmod(0o700 if mode != "dedicated" else 0o755)
            os.chown(made, uid, -1)
        file = outside / "secret.txt"
        file.write_text(self.secret)
        file.chmod(0o600)
        os.chown(file, uid, -1)
        own = "full" if mode == "dedicated" else mode
        self._errors = (folder / "errors.txt").open("w+")
        self._host = subprocess.Popen(
            [
                boot.interpreter(),
                "-P",
                "-B",
                str(_HERE / "host.py"),
                own,
                *(["--dedicated"] if mode == "dedicated" else []),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
            env={
                "PATH": os.environ.get("PATH", ""),
                "TMPDIR": str(tmp),
                "AWS_SECRET_ACCESS_KEY": self.secret,
                "SLASHBOX_PROFILE": next(profile for name, profile in modes.PROFILES.items() if name == own),
                "SLASHBOX_LAYER_ROOT": str(layer),
                "CORPUS_UID": str(uid),
                "CORPUS_FOLDER": str(folder),
                **{k: v for k, v in os.environ.items() if k == "LD_LIBRARY_PATH"},
            },
        )

    def run(self, case: Case) -> dict[str, Any]:
        asked = {
            "name": case.name,
            "code": case.code,
            "bait": self.bait,
            "limits": {**_LIMITS, "time_seconds": case.seconds},
        }
        assert self._host.stdin is not None
        assert self._host.stdout is not None
        try:
            self._host.stdin.write(json.dumps(asked) + "\n")
            self._host.stdin.flush()
            return dict(json.loads(self._host.stdout.readline()))
        except (ValueError, BrokenPipeError):
            pytest.fail(f"the executor is gone: {self.log()}")

    def log(self) -> str:
        """The end of what the executor has to say."""
        self._errors.seek(0)
        return self._errors.read()[-2_000:]

    def close(self) -> None:
        if self._host.stdin is not None:
            self._host.stdin.close()
        try:
            self._host.wait(10)
        except subprocess.TimeoutExpired:
            self._host.kill()
            self._host.wait()
        if self._host.stdout is not None:
            self._host.stdout.close()
        self._errors.close()


class _RuntimeApi(http.server.BaseHTTPRequestHandler):
    """Answers as Lambda's runtime API would: to anybody."""

    def do_GET(self) -> None:
        body = b"{}"
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "next-one")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def bait() -> Iterator[dict[str, object]]:
    """Listeners of every kind, all of them on this machine only."""
    kept = _open_folder()
    folder = Path(kept.name)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _RuntimeApi)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))
    abstract, by_path, by_path_datagrams = (
        socket.socket(socket.AF_UNIX, kind)
        for kind in (socket.SOCK_STREAM, socket.SOCK_STREAM, socket.SOCK_DGRAM)
    )
    name = f"slashbox-corpus-{secrets.token_hex(8)}"
    abstract.bind("\0" + name)
    # In a short folder of our own: a socket's path may have 107 bytes only.
    sockets = folder / "s"
    here = os.open(folder, os.O_RDONLY)
    by_path.bind(f"/proc/self/fd/{here}/s")
    by_path_datagrams.bind(f"/proc/self/fd/{here}/d")
    os.close(here)
    for path in (sockets, folder / "d"):
        path.chmod(0o777)
    for listener in (abstract, by_path):
        listener.listen(64)
    yield {
        "port": server.server_address[1],
        "datagrams": datagrams.getsockname()[1],
        "abstract": name,
        "socket": str(sockets),
        "datagram_socket": str(folder / "d"),
    }
    for opened in (datagrams, abstract, by_path, by_path_datagrams):
        opened.close()
    server.shutdown()
    server.server_close()
    thread.join()
    kept.cleanup()


@pytest.fixture(scope="module", params=_MODES)
def corpus(request: pytest.FixtureRequest, bait: dict[str, object]) -> Iterator[tuple[str, Corpus]]:
    mode: str = request.param
    abilities = probe_abilities()
    if not abilities.seccomp:
        pytest.skip(f"this machine cannot make any mode: {'; '.join(abilities.missing)}")
    if mode in {"full", "dedicated"} and abilities.missing:
        pytest.skip(f"this machine cannot make the mode: {'; '.join(abilities.missing)}")
    kept = _open_folder()
    folder = Path(kept.name)
    layer = Path(os.environ.get("SLASHBOX_TEST_LAYER_ROOT") or folder / "layer").resolve()
    (folder / "layer" / "python").mkdir(parents=True)
    running = Corpus(mode, folder, {**bait, "outside": str(folder / "outside")}, layer)
    yield mode, running
    running.close()
    kept.cleanup()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case_ends_as_declared(case: Case, corpus: tuple[str, Corpus]) -> None:
    mode, running = corpus
    if case.needs_layer and not os.environ.get("SLASHBOX_TEST_LAYER_ROOT"):
        pytest.skip("needs a built layer: run the tests with `npm test`, or set SLASHBOX_TEST_LAYER_ROOT")
    answer = running.run(case)
    response = answer["response"]
    told = f"{response['status']}, {response['hint']}\n{response['stdout']}\n{response['stderr']}"
    if response["status"] == "sandbox_error":
        told += running.log()
    assert answer["left"] == [], told
    assert _still_running(response["stdout"]) == [], told
    assert len(response["stdout"]) <= _LIMITS["output_characters"]
    assert len(response["stderr"]) <= _LIMITS["output_characters"]
    json.dumps(response, ensure_ascii=False).encode()  # no lone surrogates
    assert response["status"] in case.ends, told
    declared = case.outcomes["full" if mode == "dedicated" else mode]
    if case.through_ptrace and _YAMA.exists() and _YAMA.read_text().strip() != "0":
        declared = "stopped"
    assert _outcome(answer, running.secret) == declared.partition(":")[0], told


def test_corpus_is_wide() -> None:
    names = [case.name for case in CASES]
    hostile = [name for name in names if not name.startswith("ok_")]
    assert len(hostile) >= 40
    assert len(names) - len(hostile) >= 15
    families = {name.partition("_")[0] for name in hostile}
    assert families >= {"cred", "net", "proc", "fs", "cpu", "mem", "disk", "fd", "out", "py", "rapi"}


def test_every_open_case_has_its_control_in_the_documentation() -> None:
    page = (_HERE.parents[1] / "docs" / "security.md").read_text(encoding="utf-8")
    rows = {tuple(line.strip("|\n ").split(" | ")[1:]) for line in page.splitlines() if line.startswith("|")}
    for case in CASES:
        weaker, lambda_ = case.outcomes["no-landlock"], case.outcomes["lambda"]
        if lambda_.startswith("open"):
            assert (weaker.partition(":")[0], "open", lambda_.partition(": ")[2]) in rows, case.name


def _outcome(answer: dict[str, Any], secret: str) -> str:
    """
    A program says HELD, REACHED or WORKS; one that runs into a limit cannot, and then its status was checked.

    The secret in anything that comes out is REACHED, whatever the program says.
    """
    response = answer["response"]
    everything = "".join([response["stdout"], response["stderr"], *answer["files"].values()])
    words = set(response["stdout"].split())
    if "REACHED" in words or secret in everything:
        return "open"
    if "WORKS" in words:
        return "works"
    if "HELD" in words or response["status"] != "ok":
        return "stopped"
    return "nothing said"


def _still_running(stdout: str) -> list[str]:
    """Of the processes that the program says it left, those that live."""
    pids = [line.split()[1] for line in stdout.splitlines() if line.startswith("LEFT ")]
    return [pid for pid in pids if _is_alive(pid)]


def _is_alive(pid: str) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def _open_folder() -> tempfile.TemporaryDirectory[str]:
    """Not pytest's: those are closed to other users, again by every session that starts meanwhile."""
    folder = tempfile.TemporaryDirectory(prefix="corpus-", ignore_cleanup_errors=True)
    Path(folder.name).chmod(0o755)
    return folder
