"""A stage to rebuild in: wheels in a folder for a registry, a bucket in memory, a pointer, a clock."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from approved_support import PYTHON, make_wheel, need_uv

from functions.rebuild.app import Rebuild, rebuild
from functions.rebuild.bucket import ConflictError, StoredText, manifest_key
from functions.rebuild.builder import Tools
from functions.rebuild.orders import Order
from functions.rebuild.pointer import Pointer
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
    """Every change is one step; `crash_at` ends the process before that step."""

    def __init__(self) -> None:
        self.objects: dict[str, _Object] = {}
        self.changed: list[str] = []
        self.uploaded: list[str] = []
        self.copied: list[str] = []
        self.steps = 0
        self.crash_at: int | None = None

    def read(self, key: str) -> StoredText | None:
        found = self.objects.get(key)
        return StoredText(found.data.decode(), found.tag, found.written) if found else None

    def write(self, key: str, text: str) -> None:
        self._put(key, text.encode())

    def write_guarded(self, key: str, text: str, tag: str | None) -> str:
        found = self.objects.get(key)
        if (found.tag if found else None) != tag:
            raise ConflictError(key)
        return self._put(key, text.encode())

    def upload(self, key: str, path: Path, sha256: str) -> bool:
        data = path.read_bytes()
        assert hashlib.sha256(data).hexdigest() == sha256
        if key in self.objects and self.sha256(key) == sha256:
            return False
        self._put(key, data)
        self.uploaded.append(key.rpartition("/")[2])
        return True

    def download(self, key: str, path: Path, sha256: str) -> bool:
        if key not in self.objects:
            return False
        path.write_bytes(self.objects[key].data)
        return self.sha256(key) == sha256

    def copy(self, source: str, key: str, sha256: str) -> bool:
        if source not in self.objects or self.sha256(source) != sha256:
            return False
        self._put(key, self.objects[source].data)
        self.copied.append(key.rpartition("/")[2])
        return True

    def sha256(self, key: str) -> str:
        return hashlib.sha256(self.objects[key].data).hexdigest()

    def json(self, key: str) -> dict[str, object]:
        return cast("dict[str, object]", json.loads(self.objects[key].data))

    def _put(self, key: str, data: bytes) -> str:
        self.steps += 1
        if self.steps == self.crash_at:
            raise Crash
        self.changed.append(key)
        self.objects[key] = _Object(data, f"tag-{self.steps}", NOW + timedelta(seconds=self.steps))
        return self.objects[key].tag


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
        self.bucket.copied.clear()
        return rebuild(order or Order(), self._ports(seconds_left))

    def promote(self, environment: object) -> None:
        self.pointer = Pointer(f"arn:{environment}", str(environment), NOW)

    def manifest(self, environment: object) -> dict[str, object]:
        return self.bucket.json(manifest_key(str(environment)))

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
            ),
            go_on=self.orders.append,
            now=lambda: NOW,
        )

    def read(self) -> Pointer:
        return self.pointer
