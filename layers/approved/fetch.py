"""Fetches one locked distribution's wheel with uv, its hash checked, and unpacks it into its own folder."""

import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from layers.approved.errors import BuildError
from layers.approved.lockfile import LockedDistribution
from layers.approved.processes import Processes, registry_environment
from layers.approved.target import Target

# uv's words → ours, first match wins. `{name}` is the distribution.
_UNREACHABLE = (
    "The package registry cannot be reached: check the network (or the proxy and index settings) and start "
    "again; what is finished is kept"
)
_KNOWN_FAILURES = (
    (
        r"hash mismatch",
        "{name} did not arrive as it was locked (its hash differs): it was not used; try again",
    ),
    (
        r"no space left|os error 28|disk quota",
        "The disk is full: make room and start again; what is finished is kept",
    ),
    (r"error sending request|failed to fetch|dns error|connect|timed out|network", _UNREACHABLE),
    (
        r"permission denied|read-only file system",
        "{name} cannot be written: check the output folder's permissions",
    ),
    (
        r"no wheels|no matching|not found|no solution",
        "{name} has no wheel for this target that the lock allows",
    ),
)


@dataclass(frozen=True)
class Source:
    """`uv` is its binary; with `find_links`, wheels come from these folders only and no registry is asked."""

    uv: Path
    find_links: tuple[Path, ...] = ()

    @property
    def options(self) -> list[str]:
        folders = [option for folder in self.find_links for option in ("--find-links", str(folder))]
        return ["--no-index", *folders] if folders else []


def find_uv(given: str | None) -> Path:
    """The uv binary: the given one, else one on PATH, else one beside this Python."""
    if given is not None:
        if not os.access(given, os.X_OK):
            raise BuildError(f"There is no uv at {given}: give the path of its binary with --uv")
        return Path(given).absolute()
    found = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if found is None:
        raise BuildError("uv is not installed: install it (`pip install uv`) or give its path with --uv")
    return Path(found).absolute()


def fetch_distribution(
    distribution: LockedDistribution, target: Target, source: Source, folder: Path, processes: Processes
) -> Path:
    """Unpacks the wheel into `folder/tree` and returns that. Raises BuildError in the operator's words."""
    folder.mkdir(parents=True)
    requirements, tree = folder / "requirements.txt", folder / "tree"
    requirements.write_text(distribution.requirement + "\n", encoding="utf-8")
    command = [
        *(str(source.uv), "pip", "install", "--quiet", "--no-progress", "--no-cache", "--target", str(tree)),
        *("--no-deps", "--require-hashes", "--only-binary", ":all:", "--python", sys.executable),
        *("--python-platform", target.uv_platform, "--python-version", target.python),
        *source.options,
        *("-r", str(requirements)),
    ]
    environment = registry_environment()
    # The same file system as the folder: uv then moves files instead of copying them.
    environment["TMPDIR"] = str(folder)
    finished = processes.run(command, environment, folder)
    if finished.returncode != 0 or not tree.is_dir():
        raise explain_uv(f"{distribution.name} {distribution.version}", finished.stderr)
    return tree


def explain_uv(name: str, stderr: str, known: Sequence[tuple[str, str]] = _KNOWN_FAILURES) -> BuildError:
    """One line for the operator, with uv's own last words behind it."""
    detail = " ".join(re.sub(r"[^\x20-\x7e]|-->", " ", stderr).split())[-300:] or "uv said nothing"
    for pattern, words in known:
        if re.search(pattern, stderr, re.IGNORECASE):
            return BuildError(f"{words.format(name=name)} [uv: {detail}]")
    return BuildError(f"{name} could not be fetched [uv: {detail}]")
