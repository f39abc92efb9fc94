"""A stage to rebuild in: wheels in a folder for a registry, a bucket in memory, a pointer, a clock."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from approved_support import PYTHON, make_wheel, need_uv

from functions.rebuild.app import Rebuild, rebuild
from functions.rebuild.bucket import ConflictError, StoredText, manifest_key, progress_key
from functions.rebuild.builder import Tools
from functions.rebuild.orders import Order
from functions.rebuild.pointer import Pointer
from functions.rebuild.progress import parse_progress
from layers.approved.approved_list import read_approved_list
from layers.approved.byte_code import find_interpreter
from layers.approved.fetch import Source
from layers.approved.lock import inspect_wheel, resolve
from layers.approved.processes import Processes
from layers.approved.recipe import Recipe
from layers.approved.target import Target, host_architecture, host_system

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
SEED = "seed"

APPROVED = """
[[package]]
name = "amber"
why = "the core"
core = true

[[package]]
name = "birch"
why = "requires cedar"
small = true

[[package]]
name = "elm"
why = "neither core nor small"
"""


class Crash(BaseException):
    """The process is gone: no `except Exception` sees it."""


@dataclass
class _Object:
    data: bytes
    tag: str
    written: datetime


class MemoryBucket:
    """Every change is one step; `crash_at` ends the process before that step.

    `before_call` hears of every call; `uploaded` and `downloaded` tell which bytes moved.
    """

    def __init__(self) -> None:
        self.objects: dict[str, _Object] = {}
        self.changed: list[str] = []
        self.uploaded: list[str] = []
        self.downloaded: list[str] = []
        self.looked: list[str] = []
        self.steps = 0
        self.crash_at: int | None = None
        self.before_call: Callable[[], object] = lambda: None
        self.now = NOW

    def read(self, key: str) -> StoredText | None:
        self.before_call()
        found = self.objects.get(key)
        return StoredText(found.data.decode(), found.tag, found.written) if found else None

    def write(self, key: str, text: str) -> None:
        self.before_call()
        self._put(key, text.encode())

    def write_guarded(self, key: str, text: str, tag: str | None) -> str:
        self.before_call()
        found = self.objects.get(key)
        if (found.tag if found else None) != tag:
            raise ConflictError(key)
        return self._put(key, text.encode())

    def has(self, key: str, sha256: str) -> bool:
        self.before_call()
        self.looked.append(key)
        return key in self.objects and self.sha256(key) == sha256

    def upload(self, key: str, path: Path, sha256: str) -> bool:
        data = path.read_bytes()
        assert hashlib.sha256(data).hexdigest() == sha256
        if self.has(key, sha256):
            return False
        self.before_call()
        self._put(key, data)
        self.uploaded.append(release_of(key))
        return True

    def download(self, key: str, path: Path, sha256: str) -> bool:
        self.before_call()
        if key not in self.objects:
            return False
        path.write_bytes(self.objects[key].data)
        self.downloaded.append(release_of(key))
        return self.sha256(key) == sha256

    def place(self, key: str, data: bytes) -> None:
        """Somebody else's change: no step, and no call."""
        self.objects[key] = _Object(data, f"somebody's {len(data)}", self.now)

    def sha256(self, key: str) -> str:
        return hashlib.sha256(self.objects[key].data).hexdigest()

    def json(self, key: str) -> dict[str, object]:
        return cast("dict[str, object]", json.loads(self.objects[key].data))

    def _put(self, key: str, data: bytes) -> str:
        self.steps += 1
        if self.steps == self.crash_at:
            raise Crash
        self.changed.append(key)
        self.objects[key] = _Object(data, f"tag-{self.steps}", self.now + timedelta(milliseconds=self.steps))
        return self.objects[key].tag


def release_of(key: str) -> str:
    """`birch-1.0` for its bundle, and what is no bundle by its file's name."""
    return re.sub(r"-[0-9a-f]{64}\.zip\.zst$", "", key.rpartition("/")[2])


class World:
    """`publish` puts a release into the registry, `run` rebuilds, `promote` puts an environment in force."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        (folder / "packages.toml").write_text(APPROVED, encoding="utf-8")
        self.publish("amber", "1.0")
        self.publish("birch", "1.0", requires=("cedar",))
        self.publish("cedar", "1.0")
        self.publish("elm", "1.0")
        self.source = Source(need_uv(), (self.wheels,))
        self.bucket = MemoryBucket()
        self.pointer = Pointer("arn:seed", SEED, NOW - timedelta(days=7))
        self.said: list[str] = []
        self.orders: list[Order] = []
        self.recipe = self._commit()

    def publish(
        self,
        name: str,
        version: str,
        *,
        requires: tuple[str, ...] = (),
        root: str | None = None,
        tag: str = "",
    ) -> None:
        files = {f"{root or name}/__init__.py": f"VERSION = '{version}'\n"}
        path = self.wheels / f"{name}-{version}{tag and f'-{tag}'}-py3-none-any.whl"
        make_wheel(path, name, files, version=version, requires=requires)

    def withdraw(self, name: str, version: str) -> None:
        (self.wheels / f"{name}-{version}-py3-none-any.whl").unlink()

    def run(
        self, order: Order | None = None, seconds_left: Callable[[], float] = lambda: 900.0
    ) -> dict[str, object]:
        self.bucket.uploaded.clear()
        self.bucket.downloaded.clear()
        self.bucket.looked.clear()
        return rebuild(order or Order(), self._ports(seconds_left))

    def promote(self, environment: object) -> None:
        self.pointer = Pointer(f"arn:{environment}", str(environment), NOW)

    def manifest(self, environment: object) -> dict[str, object]:
        return self.bucket.json(manifest_key(str(environment)))

    def key_of(self, environment: object, name: str) -> str:
        """Of a bundle that the environment was made from."""
        stored = self.bucket.objects[progress_key(str(environment))].data.decode()
        return parse_progress(stored, "progress.json").built[name].key

    def _commit(self) -> Recipe:
        approved = read_approved_list(self.folder / "packages.toml")
        target = Target(PYTHON, host_architecture(), host_system())
        lock = resolve(approved, target, self.source, Processes())
        index = {
            (name, locked.version): inspect_wheel(locked, target, self.source, Processes())
            for name, locked in lock.distributions.items()
        }
        return Recipe(target, approved, lock, index, find_interpreter(target, sys.executable))

    def _ports(self, seconds_left: Callable[[], float]) -> Rebuild:
        return Rebuild(
            function="slashbox-test-rebuild",
            recipe=replace(self.recipe),
            pointer=self,
            tools=Tools(
                bucket=self.bucket,
                source=self.source,
                folder=self.folder / "work",
                seconds_left=seconds_left,
                say=self.said.append,
                tell=lambda _done, _of: None,
                now=lambda: self.bucket.now,
                wait=self._wait,
            ),
            go_on=self.orders.append,
        )

    def _wait(self, seconds: float) -> None:
        self.bucket.now += timedelta(seconds=seconds)

    def read(self) -> Pointer:
        return self.pointer
