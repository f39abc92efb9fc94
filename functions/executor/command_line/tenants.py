"""Execution environments by user, each in a process of its own, as Lambda keeps them; a few at a time."""

from __future__ import annotations

import subprocess
import sys
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, cast

MOST_TENANTS = 4
# An environment ends within moments; a run that it still has is stopped with it.
_END_SECONDS = 20.0
_CLI = Path(__file__).parents[1] / "cli.py"


class TenantError(Exception):
    """The environment ended, or never began; it said why on stderr."""


class Tenant:
    """A process that carries out one user's runs, one after the other (`cli.py --serve`)."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """:param environment: its variables; None: ours"""
        self._process = subprocess.Popen(
            [sys.executable, "-E", "-s", str(_CLI), "--serve", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=environment,
        )
        self._requests = cast(IO[str], self._process.stdin)
        self._answers = cast(IO[str], self._process.stdout)

    @property
    def pid(self) -> int:
        return self._process.pid

    def run(self, request: str) -> str:
        """One line for another. :raises TenantError:"""
        try:
            self._requests.write(request + "\n")
            self._requests.flush()
            answer = self._answers.readline()
        except (OSError, ValueError) as error:
            raise TenantError("the execution environment has ended") from error
        if not answer.endswith("\n"):
            raise TenantError("the execution environment ended before it answered")
        return answer.rstrip("\n")

    def close(self) -> None:
        """Ends the process and all that it started, in an orderly way unless it takes too long."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.communicate(timeout=_END_SECONDS)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()


class Tenants:
    """At most `MOST_TENANTS` at a time: the one unused for longest makes room."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments
        self._tenants: OrderedDict[str, Tenant] = OrderedDict()

    def __enter__(self) -> Tenants:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for tenant in self._tenants.values():
            tenant.close()

    def run(self, user: str, request: str) -> str:
        """:raises TenantError: the user's next request starts a fresh environment"""
        tenant = self._tenants.get(user) or self._start(user)
        self._tenants.move_to_end(user)
        try:
            return tenant.run(request)
        except TenantError:
            self._tenants.pop(user).close()
            raise

    def _start(self, user: str) -> Tenant:
        if len(self._tenants) >= MOST_TENANTS:
            self._tenants.popitem(last=False)[1].close()
        self._tenants[user] = tenant = Tenant(self._arguments)
        return tenant
