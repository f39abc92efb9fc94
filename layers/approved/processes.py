"""Runs other programs in a clean environment, and can end all that still run when the build is stopped."""

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# What reaching a registry may need: the rest of the caller's settings must not change what is built.
_KEPT = ("PATH", "HOME", "LANG", "SYSTEMROOT", "SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC")
_KEPT_PREFIXES = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_HTTP", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_OFFLINE")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@dataclass(frozen=True)
class Finished:
    returncode: int
    stdout: str
    stderr: str


class Processes:
    """Children of one build. Thread-safe."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, *, stdin: str = ""
    ) -> Finished:
        """Waits for the end; `environment` is the whole environment. Raises OSError if it cannot start."""
        with self._lock:
            if self._stopped:
                raise KeyboardInterrupt
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                env=dict(environment),
                cwd=folder,
            )
            self._running.add(process)
        try:
            stdout, stderr = process.communicate(stdin)
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            with self._lock:
                self._running.discard(process)
        return Finished(process.returncode, stdout, stderr)

    def stop(self) -> None:
        """Ends what runs and lets nothing new start."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()


def registry_environment() -> dict[str, str]:
    """The caller's settings for proxies, certificates and package index (uv's or pip's), and nothing else."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES) or name.lower() in _PROXIES
    }
    for name, pip_name in (
        ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"),
        ("UV_INDEX", "PIP_EXTRA_INDEX_URL"),
        ("SSL_CERT_FILE", "PIP_CERT"),
    ):
        if name not in kept and os.environ.get(pip_name):
            kept[name] = os.environ[pip_name]
    return kept
