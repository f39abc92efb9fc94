"""Wiping survives whatever a run can leave; families of processes know their own."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slashbox_executor import environment
from slashbox_executor.wipe import strays, wipe


def test_missing_path_counts_as_wiped(tmp_path: Path) -> None:
    assert wipe(tmp_path / "nothing")


def test_file_and_link_are_wiped_but_not_what_the_link_leads_to(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    top = tmp_path / "top"
    top.mkdir()
    (top / "link").symlink_to(kept)
    (tmp_path / "toplink").symlink_to(kept)
    assert wipe(top)
    assert wipe(tmp_path / "toplink")
    assert (kept / "file").read_text() == "x"
    assert not top.exists()


def test_tree_deeper_than_any_path_is_wiped(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(1_200):
        name = "d" * 100
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    assert wipe(top)
    assert not top.exists()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_any_tree_with_any_modes_is_wiped(
    tmp_path_factory: pytest.TempPathFactory, seed: int, size: int
) -> None:
    chance = random.Random(seed)
    top = tmp_path_factory.mktemp("tree") / "top"
    top.mkdir()
    folders = [top]
    for number in range(size):
        parent = chance.choice(folders)
        name = chance.choice(["a", ".wipe-1", "-x", "\u202e", "n\n", "é"]) + str(number)
        path = parent / name
        match chance.randrange(4):
            case 0:
                path.mkdir()
                folders.append(path)
            case 1:
                path.write_text("x")
            case 2:
                path.symlink_to("/")
            case 3:
                os.mkfifo(path)
    for folder in reversed(folders):
        folder.chmod(chance.choice([0, 0o400, 0o500, 0o700]))
    assert wipe(top)
    assert not top.exists()


def test_strays_are_told_by_their_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kept" / "inner").mkdir(parents=True)
    (tmp_path / "stray").write_text("")
    monkeypatch.setattr("slashbox_executor.wipe.SHARED_FOLDERS", (str(tmp_path), "/nothing/here"))
    assert strays(os.geteuid(), keep=[tmp_path / "kept" / "inner"]) == [tmp_path / "stray"]
    assert strays(os.geteuid() + 1) == []


def test_folders_of_dead_executors_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    dead, alive = tmp_path / f"slashbox-{child.pid}-a", tmp_path / f"slashbox-{os.getpid()}-b"
    other = tmp_path / "slashbox-out-x"
    for folder in (dead, alive, other):
        folder.mkdir()
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    environment._remove_abandoned()
    assert (dead.exists(), alive.exists(), other.exists()) == (False, True, True)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_family_holds_descendants_and_orphans_and_nobody_else() -> None:
    """In a process of its own: becoming a reaper of orphans cannot be undone."""
    code = """
import os, signal, sys, time
from slashbox_executor.identity import choose_identity
from slashbox_executor.processes import Family
from slashbox_executor.settings import Settings
identity = choose_identity(Settings(profile="local"))
if not identity.reaps_orphans:
    print("no reaper")
    sys.exit()
def sleeper(depth, ready):
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if depth:
            sleeper(depth - 1, ready)
            os._exit(0)
        os.write(ready, b"r")
        time.sleep(60)
        os._exit(0)
    return pid
reading, writing = os.pipe()
before = sleeper(0, writing)
os.read(reading, 1)
family = Family(identity, "no such mark")
main = sleeper(2, writing)
family.adopt(main, os.getpid())
os.read(reading, 1)
os.waitpid(main, 0)
members = {process.pid for process in family.members()}
assert before not in members and os.getpid() not in members and members, members
assert family.kill()
assert family.members() == []
os.kill(before, 0)
os.kill(before, signal.SIGKILL)
print("fine")
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "functions/executor")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    if done.stdout == "no reaper\n":
        pytest.skip("this system does not let a process become the reaper of orphans")
    assert (done.stdout, done.returncode) == ("fine\n", 0), done.stderr
