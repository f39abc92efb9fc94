"""What the benchmarks need, made once and kept: packages, wheels, a virtual environment, data."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from layers.approved.lockfile import Lock, read_lock
from layers.approved.processes import registry_environment
from layers.approved.target import Target, host_architecture
from scripts.bench.workloads import write_table

ROOT = Path(__file__).resolve().parents[2]
CLOSURES = ("seaborn", "networkx", "scikit-learn", "sympy", "statsmodels", "pyarrow")
# What the programs that are timed import.
_TIMED = ("numpy", "pandas", "matplotlib")

Progress = Callable[[str], None]


class BenchError(Exception):
    """The benchmarks cannot be run here; the message says why, for the person who started them."""


@dataclass(frozen=True)
class Prepared:
    """
    :ivar environment: a built package environment (manifest, layer, bundles)
    :ivar wheels: of every package that is installed by anybody, as locked; None where they were not asked for
    :ivar venv: a virtual environment with pip in which the timed programs' packages are installed
    """

    environment: Path
    lock: Lock
    wheels: Path
    venv: Path
    table: Path
    uv: Path

    @property
    def layer(self) -> Path:
        return self.environment / "layer"

    @property
    def site_packages(self) -> Path:
        return self.layer / "python" / "lib" / python_name() / "site-packages"

    @property
    def packages_url(self) -> str:
        return self.environment.as_uri()

    @property
    def venv_python(self) -> Path:
        return self.venv / "bin" / "python"


def prepare(cache: Path, built: Path, uv: Path, closures: Sequence[str], progress: Progress) -> Prepared:
    """
    :param built: the environment that set-up made; what is finished in it is not fetched again
    :param closures: packages whose bundles and wheels will be needed
    :raises BenchError: where something cannot be fetched or built
    """
    cache.mkdir(parents=True, exist_ok=True)
    target = Target(f"{sys.version_info.major}.{sys.version_info.minor}", host_architecture())
    lock = read_lock(ROOT / "layers" / "approved" / "locks" / f"{target.lock_name}.txt")
    table = cache / "sales.csv"
    write_table(table)
    environment = _build_environment(cache, built, uv, closures, progress)
    venv = _make_venv(cache, progress)
    wheels = _fetch_wheels(cache, lock, [*_TIMED, *closures], venv, progress)
    _fill_venv(venv, lock, wheels, progress)
    return Prepared(environment, lock, wheels, venv, table, uv)


def python_name() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def base_python() -> str:
    """The real program, not a virtual environment's link to it."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def clean_environment(home: Path) -> dict[str, str]:
    """Of a program that is measured: nothing of the caller's Python settings, which change speed."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        **({"LD_LIBRARY_PATH": path} if (path := os.environ.get("LD_LIBRARY_PATH")) else {}),
    }


def requirements(lock: Lock, names: Sequence[str]) -> str:
    """Hashed pins of `names` and all that they need."""
    return "".join(f"{lock.distributions[name].requirement}\n" for name in sorted(lock.closure(names)))


def run_quietly(command: Sequence[str | Path], environment: dict[str, str], what: str) -> None:
    """:raises BenchError: with the program's own last words"""
    done = subprocess.run(
        [*map(str, command)],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        words = " ".join((done.stderr or done.stdout).split())[-400:]
        raise BenchError(f"{what} failed: {words}")


def installer_environment(cache: Path) -> dict[str, str]:
    """For pip and uv: how the registry is reached, and nothing else of the caller's."""
    kept = {name: value for name, value in os.environ.items() if name in {"PIP_INDEX_URL", "PIP_CERT"}}
    return {
        **registry_environment(),
        **kept,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "TMPDIR": str(_folder(cache / "tmp")),
    }


def _build_environment(
    cache: Path, built: Path, uv: Path, closures: Sequence[str], progress: Progress
) -> Path:
    folder = cache / "environments" / built.name
    # Hard links: what set-up has finished counts as finished here, and takes no room.
    for part in ("bundles", "records"):
        if not (folder / part).exists():
            shutil.copytree(built / part, folder / part, copy_function=os.link)
            (folder / part / "layer.json").unlink(missing_ok=True)
    progress("packages: layer and bundles")
    build = ROOT / "layers" / "approved" / "build.py"
    command: list[str | Path] = [sys.executable, build, "--system", "host", "--no-zip"]
    if closures:
        command += ["--only", ",".join(closures)]
    environment = {**os.environ, **registry_environment()}
    run_quietly([*command, "--uv", uv, "--out", folder], environment, "Building the packages")
    return folder


def _make_venv(cache: Path, progress: Progress) -> Path:
    venv = cache / f"venv-{python_name()}"
    if not (venv / "bin" / "pip").exists():
        progress("a virtual environment with pip")
        shutil.rmtree(venv, ignore_errors=True)
        run_quietly(
            [base_python(), "-I", "-m", "venv", venv], dict(os.environ), "Making a virtual environment"
        )
    return venv


def _fetch_wheels(cache: Path, lock: Lock, names: Sequence[str], venv: Path, progress: Progress) -> Path:
    wheels = _folder(cache / "wheels")
    wanted = requirements(lock, names)
    finished = cache / "wheels.txt"
    if not finished.exists() or finished.read_text(encoding="utf-8") != wanted:
        progress(f"wheels of {len(lock.closure(names))} distributions")
        listed = cache / "requirements.txt"
        listed.write_text(wanted, encoding="utf-8")
        command: list[str | Path] = [venv / "bin" / "pip", "download", "--quiet", "--no-deps"]
        command += ["--require-hashes", "--only-binary", ":all:", "--dest", wheels, "-r", listed]
        run_quietly(command, installer_environment(cache), "Fetching wheels")
        finished.write_text(wanted, encoding="utf-8")
    return wheels


def _fill_venv(venv: Path, lock: Lock, wheels: Path, progress: Progress) -> None:
    wanted = requirements(lock, _TIMED)
    finished = venv / "installed.txt"
    if finished.exists() and finished.read_text(encoding="utf-8") == wanted:
        return
    progress(f"{', '.join(_TIMED)} in the virtual environment, by pip")
    listed = venv / "requirements.txt"
    listed.write_text(wanted, encoding="utf-8")
    pip = venv / "bin" / "pip"
    command: list[str | Path] = [
        pip,
        "install",
        "--quiet",
        "--no-index",
        "--require-hashes",
        "--find-links",
        wheels,
    ]
    command += ["--find-links", wheels, "-r", listed]
    run_quietly(command, clean_environment(venv), "Installing with pip")
    finished.write_text(wanted, encoding="utf-8")


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
