"""Resolves the approved list into one hashed lock per Python and architecture: `lock.py --help`."""

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from layers.approved.approved_list import ApprovedList, read_approved_list
from layers.approved.errors import BuildError
from layers.approved.fetch import Source, explain_uv, fetch_distribution, find_uv
from layers.approved.lock_checks import check_lock, check_other_locks, check_steps_back
from layers.approved.lockfile import Lock, LockedDistribution, parse_lock, read_lock
from layers.approved.processes import Processes, registry_environment
from layers.approved.strip import import_roots, strip_tree
from layers.approved.target import ARCHITECTURES, PYTHONS, Target
from layers.approved.wheel_index import WheelFacts, check_roots, read_wheel_index, write_wheel_index

HERE = Path(__file__).resolve().parent
TARGETS = tuple(Target(python, architecture) for python in PYTHONS for architecture in ARCHITECTURES)

_UV_FAILURES = (
    (r"no solution found|unsatisfiable", "{name} cannot be solved with wheels alone"),
    (
        r"error sending request|failed to fetch|dns error|connect|timed out",
        "The package registry cannot be reached",
    ),
)


def main(arguments: list[str]) -> int:
    """Exit code 0 when the locks are written (or good, with --check), 1 with one line on stderr when not."""
    parser = argparse.ArgumentParser(prog="lock.py", description=__doc__, allow_abbrev=False)
    parser.add_argument("--check", action="store_true", help="check what is committed; needs no network")
    parser.add_argument("--uv", help="uv's binary (default: found on PATH)")
    parser.add_argument(
        "--accept-step-back",
        action="append",
        default=[],
        metavar="NAME",
        help="let this distribution go back",
    )
    parser.add_argument(
        "--approved", default=HERE, type=Path, help="the folder with packages.toml and locks/"
    )
    options = parser.parse_args(arguments)
    try:
        approved = read_approved_list(options.approved / "packages.toml")
        if options.check:
            check_committed(options.approved / "locks", approved)
        else:
            source = Source(find_uv(options.uv))
            renew_locks(options.approved / "locks", approved, source, options.accept_step_back)
    except BuildError as error:
        print(f"[lock] error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("[lock] interrupted; nothing was written", file=sys.stderr)
        return 130
    return 0


def check_committed(folder: Path, approved: ApprovedList) -> None:
    """Raises BuildError for the first thing that is wrong with the locks and the index in `folder`."""
    index = read_wheel_index(folder / "wheels.json")
    locks = {target.lock_name: read_lock(folder / f"{target.lock_name}.txt") for target in TARGETS}
    for target in TARGETS:
        check_lock(locks[target.lock_name], approved, target)
        check_roots(locks[target.lock_name], index, f"the lock {target.lock_name}")
    known = {(name, one.version) for lock in locks.values() for name, one in lock.distributions.items()}
    for name, version in index.keys() - known:
        raise BuildError(f"The wheel index knows {name} {version}, which no lock has: run lock.py")


def renew_locks(folder: Path, approved: ApprovedList, source: Source, accepted: list[str]) -> None:
    """Resolves every target anew and writes all locks and the index, or nothing. Raises BuildError."""
    processes = Processes()
    locks: dict[str, Lock] = {}
    for target in TARGETS:
        lock = resolve(approved, target, source, processes)
        check_lock(lock, approved, target)
        previous = folder / f"{target.lock_name}.txt"
        if previous.is_file():
            old = {name: one.version for name, one in read_lock(previous).distributions.items()}
            new = {name: one.version for name, one in lock.distributions.items()}
            strict = approved.distributions(target).values()
            check_steps_back(old, new, set(strict), accepted, f"the lock {target.lock_name}")
        locks[target.lock_name] = lock
        _say(f"{target.lock_name}: {len(lock.distributions)} distributions")
    check_other_locks(locks, {package.name for package in approved.packages}, accepted)

    index_path = folder / "wheels.json"
    index = read_wheel_index(index_path) if index_path.is_file() else {}
    wanted: dict[tuple[str, str], tuple[LockedDistribution, Target]] = {}
    for target in reversed(TARGETS):
        for name, locked in locks[target.lock_name].distributions.items():
            wanted.setdefault((name, locked.version), (locked, target))
    missing = {key: value for key, value in wanted.items() if key not in index}
    index = {key: facts for key, facts in index.items() if key in wanted}
    index |= _inspect_wheels(missing, source, processes)
    for target in TARGETS:
        check_roots(locks[target.lock_name], index, f"the lock {target.lock_name}")

    folder.mkdir(exist_ok=True)
    for name, lock in locks.items():
        (folder / f"{name}.txt").write_text(lock.text, encoding="utf-8")
    write_wheel_index(index_path, index)
    _say(f"wrote {len(locks)} locks and the facts of {len(index)} wheels")


def resolve(approved: ApprovedList, target: Target, source: Source, processes: Processes) -> Lock:
    """One target's lock, from scratch. Raises BuildError where no set of final releases with wheels fits."""
    command = [
        *(str(source.uv), "pip", "compile", "--quiet", "--generate-hashes", "--only-binary", ":all:"),
        *("--prerelease", "disallow", "--no-header", "--python", sys.executable),
        *("--python-platform", target.uv_platform, "--python-version", target.python),
        *source.options,
        "-",
    ]
    requirements = "\n".join(approved.requirements(target)) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        finished = processes.run(command, registry_environment(), Path(folder), stdin=requirements)
    if finished.returncode != 0:
        raise explain_uv(target.lock_name, finished.stderr, _UV_FAILURES)
    return parse_lock(finished.stdout, target.lock_name)


def inspect_wheel(
    locked: LockedDistribution, target: Target, source: Source, processes: Processes
) -> WheelFacts:
    """Fetches a wheel, hash checked, and notes what is in it. Raises BuildError where it cannot be had."""
    with tempfile.TemporaryDirectory() as folder:
        tree = fetch_distribution(locked, target, source, Path(folder) / "wheel", processes)
        strip_tree(tree)
        size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
        return WheelFacts(tuple(import_roots(tree)), size)


def _inspect_wheels(
    missing: dict[tuple[str, str], tuple[LockedDistribution, Target]], source: Source, processes: Processes
) -> dict[tuple[str, str], WheelFacts]:
    """Each wheel once: about 1 GB from an empty index."""
    found: dict[tuple[str, str], WheelFacts] = {}
    pool = ThreadPoolExecutor(max_workers=4)
    try:
        futures = {
            key: pool.submit(inspect_wheel, *value, source, processes) for key, value in missing.items()
        }
        for number, (key, future) in enumerate(futures.items(), 1):
            found[key] = future.result()
            _say(f"{number}/{len(missing)} {' '.join(key)}: {', '.join(found[key].imports) or '(none)'}")
    except BaseException:
        processes.stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return found


def _say(line: str) -> None:
    print(f"[lock] {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
