"""Which form a bundle should have, and which way into a folder: what decides is measured here.

Each form goes the executor's way, from HTTP on loopback to files that can be imported: as fast as the server
can, and at the rate at which a Lambda function reads from S3 through a gateway endpoint (assumed, see below).
"""

import hashlib
import io
import lzma
import shutil
import tarfile
import tempfile
import time
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from backports import zstd
from slashbox_executor.arrivals import Arrivals
from slashbox_executor.deadline import Deadline
from slashbox_executor.manifest import Bundle
from slashbox_executor.transfer import BundleStore
from slashbox_executor.unpack import unpack

from scripts.bench.floor import TreeFile, read_tree, write_tree
from scripts.bench.prepare import Prepared, Progress
from scripts.bench.report import Section, megabytes, milliseconds
from scripts.bench.serving import serving
from scripts.bench.spread import spread

# Not measured by us: between what people report of S3 to Lambda for one connection.
_S3_MEGABYTES_PER_SECOND = 80.0
_CLOSURES = ("sympy", "scikit-learn", "pyarrow")
_QUICK_CLOSURES = ("networkx",)
_LIMIT_SECONDS = 300.0
_ZSTD = b"\x28\xb5\x2f\xfd"

Fetch = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class _Packed:
    path: Path
    bundle: Bundle


@dataclass(frozen=True)
class _Form:
    """`pack` makes the file; `install` brings it from `url` into a folder."""

    name: str
    pack: Callable[[list[TreeFile]], bytes]
    install: Callable[[str, _Packed, Path], None]


def measure_formats(prepared: Prepared, quick: bool, progress: Progress) -> Section:
    """Forms by packages: bytes that move, and the time until the package can be imported."""
    closures, rounds = (_QUICK_CLOSURES, 2) if quick else (_CLOSURES, 3)
    section = Section(
        "formats",
        "Forms of a bundle, from HTTP to importable (median ms; S3: at an assumed "
        f"{_S3_MEGABYTES_PER_SECOND:g} MB/s)",
        ("package, form", "MB moved", "files", "loopback", "S3", "loopback, x limit"),
    )
    with tempfile.TemporaryDirectory(prefix="slashbox-bench-") as name:
        folder = Path(name)
        with serving(folder) as fast, serving(folder, _S3_MEGABYTES_PER_SECOND) as slow:
            places = _Places(folder, fast, slow)
            for closure in closures:
                progress(f"formats: {closure}")
                tree = read_tree(prepared, closure)
                _measure(section, closure, tree, places, rounds, *_FORMS)
                bare = [file for file in tree if not file.path.endswith(".pyc")]
                _measure(section, f"{closure} without byte code", bare, places, rounds, _FORMS[2], _FORMS[6])
    return section


@dataclass(frozen=True)
class _Places:
    """Where packed forms lie, and the two addresses that they are served at."""

    folder: Path
    fast: str
    slow: str


def _measure(
    section: Section, title: str, tree: list[TreeFile], places: _Places, rounds: int, *chosen: _Form
) -> None:
    packed = {form.name: _pack(form, tree, places.folder) for form in chosen}
    times: dict[str, tuple[list[float], list[float]]] = {form.name: ([], []) for form in chosen}
    limits: list[float] = []
    for _ in range(rounds):
        limits.append(_timed(places.folder, lambda into: write_tree(tree, into)))
        for form in chosen:
            for place, url in enumerate((places.fast, places.slow)):
                install = partial(form.install, url, packed[form.name])
                times[form.name][place].append(_timed(places.folder, install))
    limit = spread(limits).median
    section.rows.append((f"{title}: the limit", "", str(len(tree)), milliseconds(limit), "", "1.00"))
    found: dict[str, object] = {"limit_ms": limits, "files": len(tree)}
    for name, (fast, slow) in times.items():
        size, median = packed[name].bundle.bytes, spread(fast).median
        in_lambda = milliseconds(spread(slow).median)
        section.rows.append(
            (f"  {name}", megabytes(size), "", milliseconds(median), in_lambda, f"{median / limit:.2f}")
        )
        found[name] = {"bytes": size, "loopback_ms": fast, "s3_ms": slow}
    section.data[title] = found
    for item in packed.values():
        item.path.unlink(missing_ok=True)  # two forms may be one file


def _pack(form: _Form, tree: list[TreeFile], folder: Path) -> _Packed:
    data = form.pack(tree)
    digest = hashlib.sha256(data).hexdigest()
    # The executor takes the ending for the form.
    key = f"{digest}.zst" if data.startswith(_ZSTD) else digest
    path = folder / key
    path.write_bytes(data)
    return _Packed(path, Bundle(key, digest, len(data), sum(len(file.data) for file in tree)))


def _timed(folder: Path, install: Callable[[Path], None]) -> float:
    into = Path(tempfile.mkdtemp(dir=folder))
    started = time.perf_counter()
    install(into)
    taken = (time.perf_counter() - started) * 1000
    shutil.rmtree(into)
    return taken


def _zip(method: int) -> Callable[[list[TreeFile]], bytes]:
    def pack(tree: list[TreeFile]) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for file in tree:
                archive.writestr(file.path, file.data)
        return buffer.getvalue()

    return pack


def _tar(mode: Literal["w", "w:gz"]) -> Callable[[list[TreeFile]], bytes]:
    def pack(tree: list[TreeFile]) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode=mode) as archive:
            for file in tree:
                head = tarfile.TarInfo(file.path)
                head.size = len(file.data)
                archive.addfile(head, io.BytesIO(file.data))
        return buffer.getvalue()

    return pack


def _solid(compress: Callable[[bytes], bytes]) -> Callable[[list[TreeFile]], bytes]:
    """All files behind each other as one compressed stream: what a container of our own could win."""
    return lambda tree: compress(_zip(zipfile.ZIP_STORED)(tree))


def _ahead(url: str, packed: _Packed, into: Path) -> None:
    """As the executor does it: received and hashed in a thread, decompressed in another, and unpacked."""
    deadline, source = Deadline(_LIMIT_SECONDS), BundleStore(url)
    with Arrivals(source, [packed.bundle], deadline) as arrivals:
        unpack(arrivals.bundle(), into, packed.bundle.unpacked_bytes, deadline)
    source.close()


def _in_turn(url: str, packed: _Packed, into: Path) -> None:
    """The same in one thread."""
    deadline, source, digest = Deadline(_LIMIT_SECONDS), BundleStore(url), hashlib.sha256()

    def hashed() -> Iterator[bytes]:
        for part in source.fetch(packed.bundle.key, packed.bundle.bytes, deadline):
            digest.update(part)
            yield part

    unpack(hashed(), into, packed.bundle.unpacked_bytes, deadline)
    assert digest.hexdigest() == packed.bundle.sha256  # noqa: S101
    source.close()


def _inflated(make: Callable[[], object]) -> Callable[[str, _Packed, Path], None]:
    def install(url: str, packed: _Packed, into: Path) -> None:
        deadline, source, inflate = Deadline(_LIMIT_SECONDS), BundleStore(url), make()
        with Arrivals(source, [packed.bundle], deadline) as arrivals:
            parts = (inflate.decompress(part) for part in arrivals.bundle())  # type: ignore[attr-defined]
            unpack(parts, into, packed.bundle.unpacked_bytes, deadline)
        source.close()

    return install


def _whole(open_: Callable[[io.BufferedRandom, Path], None]) -> Callable[[str, _Packed, Path], None]:
    """Onto the disk first, then hashed, then unpacked by the standard library."""

    def install(url: str, packed: _Packed, into: Path) -> None:
        with tempfile.TemporaryFile(dir=into.parent) as file:
            with urllib.request.urlopen(f"{url}/{packed.bundle.key}") as response:  # noqa: S310 - loopback
                shutil.copyfileobj(response, file, 1 << 18)
            file.seek(0)
            assert hashlib.file_digest(file, "sha256").hexdigest() == packed.bundle.sha256  # noqa: S101
            file.seek(0)
            open_(file, into)

    return install


def _unzip(file: io.BufferedRandom, into: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        archive.extractall(into)  # noqa: S202 - ours


def _untar(file: io.BufferedRandom, into: Path) -> None:
    with tarfile.open(fileobj=file) as archive:
        archive.extractall(into, filter="data")


_FORMS = (
    _Form("stored zip, whole, zipfile", _zip(zipfile.ZIP_STORED), _whole(_unzip)),
    _Form("stored zip, streamed", _zip(zipfile.ZIP_STORED), _in_turn),
    _Form("stored zip, received ahead", _zip(zipfile.ZIP_STORED), _ahead),
    _Form("deflated zip, received ahead", _zip(zipfile.ZIP_DEFLATED), _ahead),
    _Form("deflated zip, whole, zipfile", _zip(zipfile.ZIP_DEFLATED), _whole(_unzip)),
    _Form("one zlib stream, received ahead", _solid(zlib.compress), _inflated(zlib.decompressobj)),
    _Form("one zstd frame (level 3), received ahead", _solid(partial(zstd.compress, level=3)), _ahead),
    _Form("one zstd frame (level 9), received ahead", _solid(partial(zstd.compress, level=9)), _ahead),
    _Form(
        "one lzma stream (level 1), received ahead",
        _solid(partial(lzma.compress, preset=1)),
        _inflated(lzma.LZMADecompressor),
    ),
    _Form("tar, whole, tarfile", _tar("w"), _whole(_untar)),
    _Form("tar.gz, whole, tarfile", _tar("w:gz"), _whole(_untar)),
)
