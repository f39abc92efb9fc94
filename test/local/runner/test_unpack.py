"""Unpacking a function's or a layer's archive: exec bits stay, and nothing lands outside the folder."""

from __future__ import annotations

import importlib.util
import io
import os
import stat
import subprocess
import sys
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

SCRIPT = Path(__file__).parents[3] / "local" / "runner" / "unpack.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("slashbox_unpack", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


unpack = _load()


def archive_of(path: Path, *entries: tuple[str, str, int]) -> Path:
    """:param entries: name, content and unix mode of each"""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content, mode in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content)
    return path


def test_keeps_which_files_may_be_executed(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.zip", ("bin/run", "x", 0o100755), ("data", "x", 0o100644))
    unpack.unpack(archive, tmp_path / "out")
    assert (tmp_path / "out/bin/run").stat().st_mode & 0o777 == 0o555
    assert (tmp_path / "out/data").stat().st_mode & 0o777 == 0o444


def test_a_later_layer_replaces_the_files_of_an_earlier_one(tmp_path: Path) -> None:
    for content in ("first", "second"):
        archive = archive_of(
            tmp_path / f"{content}.zip", ("python/x.py", content, 0o644), (content, "", 0o644)
        )
        unpack.unpack(archive, tmp_path / "out")
    assert (tmp_path / "out/python/x.py").read_text() == "second"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"python", "first", "second"}


def test_links_within_the_folder_stay_links(tmp_path: Path) -> None:
    archive = archive_of(
        tmp_path / "a.zip", ("lib/a.so", "../lib/a.so.1", 0o120777), ("lib/a.so.1", "x", 0o644)
    )
    unpack.unpack(archive, tmp_path / "out")
    assert (tmp_path / "out/lib/a.so").is_symlink()
    assert (tmp_path / "out/lib/a.so").read_text() == "x"


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside", "..", "lib/../../x"])
def test_links_out_of_the_folder_are_refused(tmp_path: Path, target: str) -> None:
    archive = archive_of(tmp_path / "a.zip", ("link", target, 0o120777))
    with pytest.raises(unpack.UnpackError, match="leads out of the folder"):
        unpack.unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out/link").is_symlink()


def test_nothing_is_written_through_an_earlier_layers_link(tmp_path: Path) -> None:
    unpack.unpack(
        archive_of(tmp_path / "1.zip", ("d/x", "", 0o644), ("link", "d", 0o120777)), tmp_path / "out"
    )
    with pytest.raises(unpack.UnpackError, match="behind a link"):
        unpack.unpack(archive_of(tmp_path / "2.zip", ("link/y", "", 0o644)), tmp_path / "out")


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "..", "a\\..\\x"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(unpack.UnpackError, match="leads out of the folder"):
        unpack.unpack(archive_of(tmp_path / "a.zip", (name, "x", 0o644)), tmp_path / "out")


_PARTS = ["..", ".", "a", "b", "", "\\", "c:"]
_MODES = [0o100644, 0o100755, 0o120777, 0o040755]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["..", ".", "a", "b", "", "\\", "c:"]), min_size=1, max_size=5).map(
                "/".join
            ),
            st.sampled_from([0o100644, 0o100755, 0o120777, 0o040755]),
        ),
        max_size=6,
    )
)
def test_whatever_the_names_nothing_lands_outside(entries: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "jail" / "out"
        folder.parent.mkdir()
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, mode in entries:
                info = zipfile.ZipInfo(name)
                info.external_attr = mode << 16
                archive.writestr(info, "../../../x" if stat.S_ISLNK(mode) else "x")
        path = Path(base) / "a.zip"
        path.write_bytes(buffer.getvalue())
        with suppress(unpack.UnpackError, OSError):
            unpack.unpack(path, folder)
        found = {entry.name for entry in Path(base).iterdir()} | {e.name for e in folder.parent.iterdir()}
        assert found <= {"a.zip", "jail", "out"}


def test_more_than_lambda_takes_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "MAX_UNPACKED_BYTES", 10)
    with pytest.raises(unpack.UnpackError, match="Lambda takes 10"):
        unpack.unpack(
            archive_of(tmp_path / "a.zip", ("a", "123456", 0o644), ("b", "123456", 0o644)), tmp_path / "out"
        )
    assert list((tmp_path / "out").iterdir()) == []


def test_adds_byte_code_that_names_no_path_of_this_machine(tmp_path: Path) -> None:
    archive = archive_of(
        tmp_path / "a.zip", ("handler.py", "def handler(): pass", 0o644), ("bad.py", "(", 0o644)
    )
    command = [sys.executable, "-I", str(SCRIPT), str(archive), str(tmp_path / "out"), "--compile"]
    done = subprocess.run(command, check=False, capture_output=True, env={**os.environ})
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    (compiled,) = (tmp_path / "out").rglob("*.pyc")
    assert compiled.name.startswith("handler.")
    assert os.fsencode(tmp_path) not in compiled.read_bytes()


def test_says_in_one_line_what_is_wrong_with_an_archive(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("no zip")
    command = [sys.executable, "-I", str(SCRIPT), str(tmp_path / "a.zip"), str(tmp_path / "out")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "a.zip: File is not a zip file\n")
