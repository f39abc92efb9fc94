"""The store of packages: what is kept, what makes room, and how bundles come in."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from backports import zstd
from executor_support import make_zip
from slashbox_executor.deadline import Deadline
from slashbox_executor.manifest import Bundle, Distribution, Manifest
from slashbox_executor.packages import PackageStore
from slashbox_executor.protocol import Failure
from slashbox_executor.transfer import TransferError

_MARGIN = 64 << 20


class Shelf:
    """A bundle source in memory that notes what it was asked for; `refuse` and `fail` spoil it."""

    def __init__(self) -> None:
        self.bundles: dict[str, bytes] = {}
        self.fetched: list[str] = []
        self.refuse: set[str] = set()
        self.fail: Exception | None = None
        self.closed = 0

    def fetch(self, key: str, size: int, deadline: Deadline) -> Iterator[bytes]:
        name = key.removesuffix(".zst")
        self.fetched.append(name)
        data = self.bundles[name]
        yield data[:40]
        if self.fail:
            raise self.fail
        if name in self.refuse:
            raise TransferError("the store is gone")
        yield data[40:]

    def close(self) -> None:
        self.closed += 1


class Disk:
    """A disk that holds `capacity` bytes of file content beside the margin that is left free."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity

    def free(self, folder: Path) -> int:
        used = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        return self.capacity + _MARGIN - used


class Kit:
    """A store with distributions of 1,000 bytes each; `compressed` as the build makes them."""

    def __init__(
        self,
        folder: Path,
        needs: dict[str, Sequence[str]],
        capacity: int = 1 << 30,
        *,
        compressed: bool = True,
    ) -> None:
        self.shelf, self.log, self.disk = Shelf(), list[str](), Disk(capacity)
        distributions = {}
        for name, requires in needs.items():
            data = make_zip({f"{name}.py": name.encode().ljust(1_000, b"#")})
            if compressed:
                data = zstd.compress(data)
            self.shelf.bundles[name] = data
            bundle = Bundle(
                f"{name}.zst" if compressed else name, hashlib.sha256(data).hexdigest(), len(data), 1_000
            )
            distributions[name] = Distribution(name, "1.0", True, False, tuple(requires), bundle)
        manifest = Manifest("e", {name: (name,) for name in needs}, distributions)
        self.folder = folder
        self.store = PackageStore(
            manifest, (), folder, self.shelf, self.log.append, free_bytes=self.disk.free
        )

    def run(self, *modules: str, trusted: bool = True) -> list[Failure]:
        """What one run does that imports `modules`."""
        failed = self.store.install(self.store.wanted(modules), Deadline(60)).failed
        self.store.end_run(trusted=trusted)
        return failed

    @property
    def present(self) -> list[str]:
        return sorted(path.name.removesuffix("-1.0") for path in self.folder.iterdir())


@pytest.mark.parametrize("compressed", [True, False])
def test_closure_comes_whole_and_in_one_go(compressed: bool, tmp_path: Path) -> None:
    kit = Kit(tmp_path, {"a": ["b"], "b": ["c"], "c": [], "d": []}, compressed=compressed)
    assert kit.run("a") == []
    assert (kit.present, sorted(kit.shelf.fetched)) == (["a", "b", "c"], ["a", "b", "c"])
    assert (tmp_path / "c-1.0" / "c.py").read_text().startswith("c#")


def test_no_thread_and_no_connection_outlives_an_install(tmp_path: Path) -> None:
    kit = Kit(tmp_path, {"a": ["b"], "b": []})
    threads = threading.active_count()
    kit.run("a")
    assert (threading.active_count(), kit.shelf.closed) == (threads, 1)
    kit.shelf.fail = TransferError("gone")
    for path in tmp_path.iterdir():
        path.rename(tmp_path.parent / f"away-{path.name}")
    kit = Kit(tmp_path, {"a": ["b"], "b": []})
    kit.shelf.fail = TransferError("gone")
    assert kit.run("a")
    assert threading.active_count() == threads
    assert kit.shelf.closed >= 1


def test_defect_of_the_source_is_not_hidden_and_nobody_waits_for_ever(tmp_path: Path) -> None:
    kit = Kit(tmp_path, {"a": []})
    kit.shelf.fail = ZeroDivisionError("a defect")
    with pytest.raises(ZeroDivisionError):
        kit.run("a")
    assert kit.present == []


def test_failure_in_a_closure_names_it_and_keeps_what_came_whole(tmp_path: Path) -> None:
    kit = Kit(tmp_path, {"a": ["b"], "b": ["c"], "c": [], "d": []})
    kit.shelf.refuse = {"c"}
    assert kit.run("a", "d") == [Failure("a", "c could not be fetched: the store is gone")]
    assert "c" not in kit.present
    assert "d" in kit.present
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    kit.shelf.refuse, kit.shelf.fetched = set(), []
    assert kit.run("a") == []
    assert kit.shelf.fetched == ["c"]


def test_package_without_a_part_of_its_closure_is_not_at_hand(tmp_path: Path) -> None:
    kit = Kit(tmp_path, {"a": ["b"], "b": []})
    kit.run("a", trusted=False)
    (tmp_path / "b-1.0" / "b.py").write_text("changed")
    kit.shelf.fetched = []
    assert kit.run("a") == []
    assert kit.shelf.fetched == ["b"]
    assert kit.log[-2:] == [
        "Dropped b: its files were changed by a run",
        "Auto-installed missing module: a",
    ]


def test_unused_package_is_neither_looked_at_nor_seen_after_a_run_that_could_change_it(
    tmp_path: Path,
) -> None:
    kit = Kit(tmp_path, {"a": [], "b": []})
    kit.run("a", "b", trusted=False)
    assert kit.store.paths == []
    (tmp_path / "b-1.0" / "b.py").write_text("changed")
    installed = kit.store.install(kit.store.wanted(["a"]), Deadline(60))
    assert (installed.names, installed.kept) == ([], ["a"])
    assert [path.name for path in kit.store.paths] == ["a-1.0"]
    assert len(kit.shelf.fetched) == 2
    assert kit.log == ["Auto-installed missing module: a", "Auto-installed missing module: b"]


def test_trusted_run_leaves_all_packages_at_hand(tmp_path: Path) -> None:
    kit = Kit(tmp_path, {"a": [], "b": []})
    kit.run("a", "b")
    assert kit.store.wanted(["a", "b"]) == {}
    assert len(kit.store.paths) == 2


def test_least_recently_used_packages_make_room(tmp_path: Path) -> None:
    kit = Kit(tmp_path, {name: [] for name in "abcd"}, capacity=3_500)
    for name in ("a", "b", "c", "a"):
        kit.run(name)
    assert kit.run("d") == []
    assert kit.present == ["a", "c", "d"]
    assert "Removed b to make room for d" in kit.log
    assert {path.name for path in kit.store.paths} == {"a-1.0", "c-1.0", "d-1.0"}


def test_package_that_this_run_needs_never_makes_room(tmp_path: Path) -> None:
    kit = Kit(tmp_path, {"a": ["b"], "b": [], "c": [], "d": []}, capacity=3_500)
    kit.run("a")
    kit.run("c")
    assert kit.run("a", "d") == []
    assert kit.present == ["a", "b", "d"]
    assert kit.run("a", "b", "d", "c") == [Failure("c", "there is not enough disk space left to unpack c")]
    assert kit.present == ["a", "b", "d"]


def test_found_missing_later_counts_as_the_same_run(tmp_path: Path) -> None:
    kit = Kit(tmp_path, {name: [] for name in "abc"}, capacity=2_500)
    first = kit.store.install(kit.store.wanted(["a"]), Deadline(60))
    second = kit.store.install(kit.store.wanted(["b"]), Deadline(60))
    third = kit.store.install(kit.store.wanted(["c"]), Deadline(60))
    assert (first.names, second.names, third.names) == (["a"], ["b"], [])
    assert kit.present == ["a", "b"]


def test_nothing_is_removed_where_it_would_not_help(tmp_path: Path) -> None:
    kit = Kit(tmp_path, {"a": [], "big": ["x", "y", "z"], "x": [], "y": [], "z": []}, capacity=2_500)
    kit.run("a")
    assert kit.run("big") == [Failure("big", "there is not enough disk space left to unpack big")]
    assert (kit.present, kit.shelf.fetched) == (["a"], ["a"])
    assert kit.run("a") == []


def test_removed_part_of_a_closure_comes_back_when_it_is_needed(tmp_path: Path) -> None:
    kit = Kit(tmp_path, {"a": ["b"], "b": [], "c": []}, capacity=2_500)
    kit.run("a")
    kit.run("c")
    assert len(kit.present) == 2
    assert kit.run("a") == []
    assert {"a", "b"} <= set(kit.present)
