"""Builds an environment of the approved packages for one Python and architecture: `build.py --help`."""

import argparse
import json
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from layers.approved.approved_list import read_approved_list
from layers.approved.byte_code import find_interpreter
from layers.approved.environment import build_bundles, build_environment
from layers.approved.errors import BuildError
from layers.approved.fetch import Source, find_uv
from layers.approved.lockfile import read_lock
from layers.approved.recipe import Recipe
from layers.approved.target import ARCHITECTURES, SYSTEMS, Target, host_architecture, host_system
from layers.approved.wheel_index import read_wheel_index

HERE = Path(__file__).resolve().parent


def main(arguments: list[str]) -> int:
    """Exit code 0 when built, 1 with one line on stderr when not, 130 when interrupted."""
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        recipe = make_recipe(options)
        if options.print_id:
            print(recipe.id)
            return 0
        if options.bundles is not None:
            _build_bundles(recipe, options)
        else:
            _build(recipe, options)
    except BuildError as error:
        print(f"[packages] error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("[packages] interrupted; what is finished is kept", file=sys.stderr)
        return 130
    return 0


def make_recipe(options: argparse.Namespace) -> Recipe:
    """From the command line and the files of `--approved` (this folder)."""
    target = Target(options.python, options.arch, options.system)
    folder = Path(options.approved)
    return Recipe(
        target=target,
        approved=read_approved_list(folder / "packages.toml"),
        lock=read_lock(folder / "locks" / f"{target.lock_name}.txt"),
        index=read_wheel_index(folder / "locks" / "wheels.json"),
        interpreter=find_interpreter(target, options.interpreter),
        layer=options.layer,
    )


def _parse(arguments: list[str]) -> argparse.Namespace:
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    parser = argparse.ArgumentParser(prog="build.py", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--python", default=running, help="minor version, such as 3.13 (default: this Python's)"
    )
    parser.add_argument("--arch", default=host_architecture(), help=" or ".join(ARCHITECTURES))
    parser.add_argument(
        "--system",
        default="linux",
        choices=[*SYSTEMS, "host"],
        help="linux (default, as Lambda is), macos or host",
    )
    parser.add_argument("--out", type=Path, help="the environment's folder; a second build goes on in it")
    parser.add_argument("--uv", help="uv's binary (default: found on PATH)")
    parser.add_argument("--interpreter", help="a Python of the same minor version, to write byte code with")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--core", action="store_true", help="the layer only (default)")
    chosen.add_argument("--small", action="store_true", help="and the list's small bundles")
    chosen.add_argument("--only", metavar="NAMES", help="and bundles of these packages: seaborn,networkx,…")
    chosen.add_argument("--all", action="store_true", help="and every bundle")
    chosen.add_argument(
        "--bundles",
        metavar="NAMES",
        help="bundles of these packages and of what they need, no layer; prints them as a line of JSON",
    )
    parser.add_argument(
        "--layer", choices=["core", "full"], default="core", help="full: all that fits Lambda (with --all)"
    )
    parser.add_argument("--no-zip", action="store_true", help="leave layer.zip out")
    parser.add_argument(
        "--print-id", action="store_true", help="print the environment's id and build nothing"
    )
    parser.add_argument(
        "--find-links", action="append", default=[], type=Path, metavar="FOLDER", help="wheels from here only"
    )
    parser.add_argument("--approved", default=HERE, help="the folder with packages.toml and locks/")
    parser.add_argument("--resume", action="store_true", help="accepted for clarity: a build always goes on")
    options = parser.parse_args(arguments)
    if options.system == "host":
        options.system = host_system()
    return options


def _build(recipe: Recipe, options: argparse.Namespace) -> None:
    if options.out is None:
        raise BuildError("Say where to build with --out FOLDER")
    started = time.monotonic()
    wanted = _wanted(recipe, options)
    source = _source(options)
    count = len(recipe.lock.closure([*recipe.core, *wanted]))
    _say(
        f"[packages] environment {recipe.id}: {count} packages for Python {recipe.target.python} "
        f"{recipe.target.architecture}"
    )
    if recipe.interpreter is None:
        _say(
            f"[packages] no Python {recipe.target.python} here to write byte code with: imports will be "
            "three times slower; install it or give its path with --interpreter"
        )
    build_environment(recipe, wanted, source, options.out.resolve(), _say, pack_layer=not options.no_zip)
    _say(f"[packages] environment {recipe.id} is ready ({time.monotonic() - started:.0f} s)")


def _build_bundles(recipe: Recipe, options: argparse.Namespace) -> None:
    """For whoever runs the layer already: what is printed is what its manifest does not say."""
    if options.out is None:
        raise BuildError("Say where to build with --out FOLDER")
    wanted = _named(recipe, options.bundles)
    bundles = build_bundles(recipe, wanted, _source(options), options.out.resolve(), _say)
    print(json.dumps({"environment": recipe.id, "bundles": bundles}))


def _source(options: argparse.Namespace) -> Source:
    return Source(find_uv(options.uv), tuple(folder.resolve() for folder in options.find_links))


def _wanted(recipe: Recipe, options: argparse.Namespace) -> list[str]:
    chosen = recipe.approved.distributions(recipe.target)
    if options.all:
        return list(chosen.values())
    if options.small:
        return [
            chosen[package.name]
            for package in recipe.approved.packages
            if package.small and package.name in chosen
        ]
    return _named(recipe, options.only or "")


def _named(recipe: Recipe, listed: str) -> list[str]:
    """Distributions of a list with commas, of the approved ones and of what they need."""
    chosen = recipe.approved.distributions(recipe.target)
    names = [name.strip() for name in listed.split(",") if name.strip()]
    absent = recipe.approved.absent(recipe.target)
    for name in names:
        if name in absent:
            raise BuildError(absent[name])
        if name not in chosen and name not in recipe.lock.distributions:
            raise BuildError(
                f"{name} is not on the approved list (packages.toml), nor required by what is on it"
            )
    return [chosen.get(name, name) for name in names]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
