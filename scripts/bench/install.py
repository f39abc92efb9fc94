"""How long a package takes to be at hand for a user who has nothing yet: ours, pip, uv, the disk itself."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from slashbox_executor.deadline import Deadline
from slashbox_executor.packages import PackageStore
from slashbox_executor.transfer import BundleStore

from scripts.bench.floor import manifest_of, read_tree, write_tree
from scripts.bench.prepare import (
    CLOSURES,
    BenchError,
    Prepared,
    Progress,
    base_python,
    clean_environment,
    installer_environment,
    requirements,
)
from scripts.bench.report import Goal, Section, megabytes, milliseconds
from scripts.bench.serving import serving
from scripts.bench.spread import paired_ratios, spread

_QUICK_CLOSURES = ("seaborn", "networkx")
_LIMIT_SECONDS = 300.0
_REGISTRY_SECONDS = 180.0
_WITHIN = 2.0
_FASTER_THAN_PIP = {"seaborn": 20.0, "networkx": 10.0}
_IMPORTED_AS = {"scikit-learn": "sklearn.linear_model"}

# Installs a distribution into an empty folder.
Installer = Callable[[str, Path], None]


@dataclass(frozen=True)
class _Rounds:
    """How often the quick ways (ours, the limit) and the slow ones (pip, uv) are gone."""

    quick: int
    slow: int


def measure_packages(prepared: Prepared, quick: bool, progress: Progress) -> Section:
    """Every way in turn, into a fresh folder each."""
    section = Section(
        "packages",
        "Packages at hand, from an empty folder (median ms; pip and uv install all that is required, ours "
        "what the layer lacks)",
        (
            "package",
            "ours",
            "limit",
            "x limit",
            "pip",
            "uv",
            "pip, registry",
            "uv, registry",
            "pip/ours",
            "MB",
            "pip MB",
        ),
    )
    rounds = _Rounds(3, 1) if quick else _Rounds(5, 2)
    with tempfile.TemporaryDirectory(prefix="slashbox-bench-") as name, serving(prepared.environment) as url:
        folder = Path(name)
        for closure in _QUICK_CLOSURES if quick else CLOSURES:
            progress(f"packages: {closure}")
            ways = {
                "ours": _ours(prepared, url),
                "limit": _limit(prepared, closure),
                "pip": _pip(prepared, local=True),
                "uv": _uv(prepared, local=True),
            }
            times = {way: list[float]() for way in ways}
            for round_ in range(rounds.quick):
                for way, install in ways.items():
                    if way in {"ours", "limit"} or round_ < rounds.slow:
                        times[way].append(_timed(folder, closure, install))
            if not quick:
                times |= _from_registry(prepared, closure, folder, section)
            _add(section, prepared, closure, times)
    return section


def measure_imports(prepared: Prepared, quick: bool, progress: Progress) -> Section:
    """What the byte code in a bundle is worth: the first import in a fresh interpreter."""
    section = Section(
        "imports",
        "The first import of a package (ms, medians)",
        ("module", "with our byte code", "without", "ratio"),
    )
    rounds = 2 if quick else 4
    with tempfile.TemporaryDirectory(prefix="slashbox-bench-") as name:
        for closure in _QUICK_CLOSURES if quick else CLOSURES:
            module = _IMPORTED_AS.get(closure, closure)
            progress(f"imports: {module}")
            paths = [
                _unpacked(prepared, closure, Path(name) / f"{closure}-{kind}") for kind in ("with", "without")
            ]
            for cache in paths[1].rglob("__pycache__"):
                shutil.rmtree(cache)
            times: list[list[float]] = [[], []]
            for _ in range(rounds):
                for place, path in enumerate(paths):
                    times[place].append(_import(prepared, module, path))
            ratio = paired_ratios(times[1], times[0])
            medians = [milliseconds(spread(values).median) for values in times]
            section.rows.append((module, *medians, f"{ratio.median:.1f}"))
            section.data[module] = {"with_ms": times[0], "without_ms": times[1], "ratio": asdict(ratio)}
    section.notes.append(
        "numpy, pandas and matplotlib come from the layer and keep their byte code on both sides."
    )
    return section


def _ours(prepared: Prepared, url: str) -> Installer:
    manifest = manifest_of(prepared)

    def install(name: str, folder: Path) -> None:
        store = PackageStore(manifest, (), folder, BundleStore(url), lambda line: None)
        outcome = store.install({name: name}, Deadline(_LIMIT_SECONDS))
        if outcome.failed:
            raise BenchError(f"{outcome.failed[0].name}: {outcome.failed[0].reason}")

    return install


def _limit(prepared: Prepared, closure: str) -> Installer:
    tree = read_tree(prepared, closure)
    return lambda name, folder: write_tree(tree, folder)


def _pip(prepared: Prepared, *, local: bool) -> Installer:
    pip = [str(prepared.venv_python), "-m", "pip", "install", "--quiet", "--no-cache-dir"]
    return _installer(prepared, [*pip, *_from(prepared, local)], _REGISTRY_SECONDS)


def _uv(prepared: Prepared, *, local: bool) -> Installer:
    uv = [str(prepared.uv), "pip", "install", "--quiet", "--no-cache", "--compile-bytecode"]
    return _installer(prepared, [*uv, "--python", base_python(), *_from(prepared, local)], _REGISTRY_SECONDS)


def _from(prepared: Prepared, local: bool) -> list[str]:
    return ["--no-index", "--find-links", str(prepared.wheels)] if local else []


def _installer(prepared: Prepared, command: list[str], seconds: float) -> Installer:
    environment = installer_environment(prepared.wheels.parent)

    def install(name: str, folder: Path) -> None:
        # The same releases as ours, resolved from pins: less work than a bare name would be.
        listed = folder.with_suffix(".txt")
        listed.write_text(requirements(prepared.lock, [name]), encoding="utf-8")
        whole = [*command, "--require-hashes", "-r", str(listed), "--target", str(folder)]
        try:
            done = subprocess.run(
                whole, env=environment, capture_output=True, text=True, check=False, timeout=seconds
            )
        except subprocess.TimeoutExpired as error:
            raise BenchError(f"{command[0]} took more than {seconds:g} s") from error
        finally:
            listed.unlink()
        if done.returncode != 0:
            raise BenchError(" ".join(done.stderr.split())[-300:])

    return install


def _from_registry(
    prepared: Prepared, closure: str, folder: Path, section: Section
) -> dict[str, list[float]]:
    """Once each: it is somebody else's server. Nothing where it cannot be reached."""
    times = {}
    for way, install in (
        ("pip, registry", _pip(prepared, local=False)),
        ("uv, registry", _uv(prepared, local=False)),
    ):
        try:
            times[way] = [_timed(folder, closure, install)]
        except BenchError as error:
            section.notes.append(f"{closure}, {way}: not measured: {error}")
    return times


def _timed(folder: Path, name: str, install: Installer) -> float:
    into = Path(tempfile.mkdtemp(dir=folder))
    started = time.perf_counter()
    try:
        install(name, into)
        return (time.perf_counter() - started) * 1000
    finally:
        shutil.rmtree(into)


def _add(section: Section, prepared: Prepared, closure: str, times: dict[str, list[float]]) -> None:
    def shown(way: str) -> str:
        return milliseconds(spread(times[way]).median) if times.get(way) else "-"

    over_limit = paired_ratios(times["ours"], times["limit"])
    pip = "pip, registry" if times.get("pip, registry") else "pip"
    faster = paired_ratios(times[pip], times["ours"][: len(times[pip])]).median
    bundles = [item.bundle for item in manifest_of(prepared).closure([closure]) if item.bundle]
    moved, wheels = sum(bundle.bytes for bundle in bundles), _wheel_bytes(prepared, closure)
    section.rows.append(
        (
            closure,
            shown("ours"),
            shown("limit"),
            f"{over_limit.median:.2f}",
            *(shown(way) for way in ("pip", "uv", "pip, registry", "uv, registry")),
            f"{faster:.0f}",
            megabytes(moved),
            megabytes(wheels),
        )
    )
    wanted = _FASTER_THAN_PIP.get(closure)
    if wanted is not None:
        words = f"{closure}: at least {wanted:g} times faster than {pip}"
        section.goals.append(Goal(words, f"{faster:.0f} times", faster >= wanted))
    section.goals.append(
        Goal(
            f"{closure}: within {_WITHIN:g} times the disk's own limit",
            f"{over_limit.median:.2f} times",
            over_limit.median <= _WITHIN,
        )
    )
    section.data[closure] = {
        "times_ms": times,
        "over_limit": asdict(over_limit),
        "bytes": moved,
        "wheel_bytes": wheels,
    }


def _wheel_bytes(prepared: Prepared, name: str) -> int:
    wanted = {f"{part.replace('-', '_')}" for part in prepared.lock.closure([name])}
    sizes = {path.name.partition("-")[0].lower(): path.stat().st_size for path in prepared.wheels.iterdir()}
    return sum(size for part, size in sizes.items() if part.replace(".", "_") in wanted)


def _unpacked(prepared: Prepared, closure: str, folder: Path) -> Path:
    """All of a closure's bundles in one folder."""
    for file in read_tree(prepared, closure):
        path = folder / file.path.partition("/")[2]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
    return folder


def _import(prepared: Prepared, module: str, path: Path) -> float:
    """Milliseconds that the import statement takes."""
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    environment = clean_environment(path)
    environment["PYTHONPATH"] = f"{path}:{prepared.site_packages}"
    done = subprocess.run(
        [base_python(), "-S", "-B", "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BenchError(f"{module} cannot be imported: {done.stderr[-300:]}")
    return float(done.stdout) * 1000
