"""Bundles are unpacked as they arrive: the same files as zipfile's, or an error, and nothing outside."""

from __future__ import annotations

import io
import itertools
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slashbox_executor.deadline import Deadline
from slashbox_executor.decompress import decompressed
from slashbox_executor.unpack import BundleError, unpack

from layers.approved.archive import compress_file, write_archive

_MOST_BYTES = 1 << 20
_NAMES = st.from_regex(r"[a-zé]{1,3}(/[a-z]{1,3}){0,3}", fullmatch=True)


def _zip(entries: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archive:
        warnings.simplefilter("ignore")  # of names that come twice
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


def _in_parts(data: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return (data[start:end] for start, end in itertools.pairwise(edges))


def _unpack(parts: Iterable[bytes], folder: Path, most_bytes: int = _MOST_BYTES) -> dict[str, bytes]:
    unpack(parts, folder, most_bytes, Deadline(60))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@given(
    files=st.dictionaries(_NAMES, st.binary(max_size=300), max_size=6),
    method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    cuts=st.lists(st.integers(0, 10_000), max_size=12),
)
def test_files_are_those_that_were_packed_however_they_arrive(
    files: dict[str, bytes], method: int, cuts: list[int]
) -> None:
    names = list(files)
    if any(other.startswith(f"{name}/") for name in names for other in names):
        return  # a file cannot be a folder too
    with TemporaryDirectory() as folder:
        assert _unpack(_in_parts(_zip(files.items(), method), cuts), Path(folder)) == files


@pytest.mark.parametrize("packed_as", ["plain", "deflated", "compressed"])
def test_what_builders_packed_then_and_now_is_unpacked(packed_as: str, tmp_path: Path) -> None:
    files = {"p/__init__.py": b"x = 1\n" * 500, "p/data/\u00fcber.bin": bytes(range(256)) * 9, "p/empty": b""}
    for name, data in files.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    size = write_archive(tmp_path / "tree", tmp_path / "p.zip", deflate=packed_as == "deflated")
    compress_file(tmp_path / "p.zip", tmp_path / "p.zip.zst")
    (tmp_path / "out").mkdir()
    if packed_as == "compressed":
        parts = list(decompressed([(tmp_path / "p.zip.zst").read_bytes()], size))
    else:
        parts = [(tmp_path / "p.zip").read_bytes()]
    assert _unpack(parts, tmp_path / "out", most_bytes=size) == files


@given(
    data=st.binary(max_size=400)
    | st.builds(
        lambda files, method, at, harm: _harmed(_zip(files, method), at, harm),
        st.lists(st.tuples(_NAMES, st.binary(max_size=200)), max_size=4),
        st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
        st.integers(0, 1_000),
        st.binary(max_size=6),
    ),
    cuts=st.lists(st.integers(0, 1_000), max_size=4),
)
def test_damage_is_a_bundle_error_or_harmless_and_stays_inside(data: bytes, cuts: list[int]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name) / "inside"
        folder.mkdir()
        try:
            unpacked = _unpack(_in_parts(data, cuts), folder)
        except BundleError:
            pass
        except OSError as error:
            assert error.filename is None or str(error.filename).startswith(str(folder))
        else:
            assert sum(map(len, unpacked.values())) <= _MOST_BYTES
        assert [path.name for path in Path(name).iterdir()] == ["inside"]
        assert not any(path.is_symlink() for path in folder.rglob("*"))


def _harmed(data: bytes, at: int, harm: bytes) -> bytes:
    at %= len(data)
    return data[:at] + harm + data[at + len(harm) :]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("../evil", "not a plain file"),
        ("/evil", "not a plain file"),
        ("a/../../evil", "not a plain file"),
        ("a\\..\\evil", "not a plain file"),
        (".", "not a plain file"),
        ("./", "not a plain file"),
    ],
)
def test_path_that_leads_outside_is_refused(path: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=words):
        _unpack([_zip([(path, b"")])], tmp_path)


def test_link_in_a_bundle_is_only_a_file(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("link")
    entry.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert _unpack([buffer.getvalue()], tmp_path) == {"link": b"/etc/passwd"}
    assert not (tmp_path / "link").is_symlink()


def test_folders_may_have_entries_of_their_own(tmp_path: Path) -> None:
    _unpack([_zip([("a/", b""), ("a/b/", b""), ("a/b/c", b"c")])], tmp_path)
    assert (tmp_path / "a" / "b" / "c").read_bytes() == b"c"


@pytest.mark.parametrize("second", ["a", "./a", "a/b", "a//"])
def test_name_that_comes_twice_is_damage(second: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="there twice"):
        _unpack([_zip([("a", b"1"), (second, b"")])], tmp_path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_more_than_the_manifest_says_is_refused(method: int, tmp_path: Path) -> None:
    data = _zip([("a", bytes(500)), ("b", bytes(501))], method)
    with pytest.raises(BundleError, match="more than its manifest says"):
        _unpack([data], tmp_path, most_bytes=1_000)


def test_bomb_is_stopped_at_the_size_in_its_head(tmp_path: Path) -> None:
    data = bytearray(_zip([("a", bytes(5_000_000))], zipfile.ZIP_DEFLATED))
    struct.pack_into("<I", data, 22, 1_000)
    with pytest.raises(BundleError, match="larger than its head says"):
        _unpack([bytes(data)], tmp_path)
    assert (tmp_path / "a").stat().st_size <= 1_001


def test_entry_shorter_than_its_head_says_is_damage(tmp_path: Path) -> None:
    data = bytearray(_zip([("a", b"x" * 100)], zipfile.ZIP_DEFLATED))
    struct.pack_into("<I", data, 22, 101)
    with pytest.raises(BundleError, match="shorter than its head says"):
        _unpack([bytes(data)], tmp_path)


@pytest.mark.parametrize(
    ("offset", "value", "words"),
    [
        (6, 0x1, "of a kind"),
        (6, 0x8, "of a kind"),
        (8, 12, "of a kind"),
        (18, 7, "contradicts"),
        (0, 1, "no entry"),
    ],
    ids=["encrypted", "sizes behind", "bzip2", "two sizes", "no zip"],
)
def test_entry_that_bundles_do_not_have_is_refused(
    offset: int, value: int, words: str, tmp_path: Path
) -> None:
    data = bytearray(_zip([("a", b"123")]))
    struct.pack_into("<H", data, offset, value)
    with pytest.raises(BundleError, match=words):
        _unpack([bytes(data)], tmp_path)


def test_time_is_bounded(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="took too long"):
        unpack([_zip([("a", b"")])], tmp_path, 1, Deadline(0))


def test_what_ended_the_stream_outranks_the_damage_that_it_caused(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"not a zip"
        raise ConnectionError("lost")

    with pytest.raises(ConnectionError, match="lost"):
        _unpack(broken(), tmp_path)


def test_everything_is_read_so_that_a_hash_of_it_can_be_compared(tmp_path: Path) -> None:
    data, seen = _zip([("a", b"1")]), bytearray()

    def noted() -> Iterator[bytes]:
        for part in _in_parts(data, range(0, len(data), 3)):
            seen.extend(part)
            yield part

    _unpack(noted(), tmp_path)
    assert zlib.crc32(seen) == zlib.crc32(data)
