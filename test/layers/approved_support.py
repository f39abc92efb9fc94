"""A tiny world to build in: wheels made on the spot, their lock, index and approved list."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
import zipfile
from pathlib import Path

import pytest

from layers.approved.approved_list import read_approved_list
from layers.approved.byte_code import find_interpreter
from layers.approved.environment import build_environment
from layers.approved.errors import BuildError
from layers.approved.fetch import Source, find_uv
from layers.approved.lockfile import read_lock
from layers.approved.recipe import Recipe
from layers.approved.target import Target, host_architecture, host_system
from layers.approved.wheel_index import WheelFacts, read_wheel_index, write_wheel_index

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

APPROVED = """
[[package]]
name = "amber"
why = "the core of the tests"
core = true

[[package]]
name = "birch"
why = "requires amber and cedar"
small = true

[[package]]
name = "dune"
why = "absent on purpose"
on.x86_64 = { absent = true, reason = "dune is not made for this machine." }
on.aarch64 = { absent = true, reason = "dune is not made for this machine." }

[hints]
requests = "There is no network here."
"""

FILES = {
    "amber": {
        "amber/__init__.py": "def glow():\n    return 'warm'\n",
        "amber/tests/test_glow.py": "raise SystemExit('tests are not imported')\n",
        "amber/glow.h": "int glow(void);\n",
        "amber/__init__.pyi": "def glow() -> str: ...\n",
        "amber/template.py": "this is {{ not }} Python\n",
        "bin/amber": "#!/somewhere/python\n",
    },
    "birch": {"birch/__init__.py": "import amber, cedar_wood\nVALUE = 7\n"},
    "cedar": {
        "cedar_wood/__init__.py": "import lazy\nlazy.attach_stub\n",
        "cedar_wood/__init__.pyi": "VALUE: int\n",
        "cedar_single.py": "VALUE = 1\n",
    },
}
REQUIRED_BY = {"amber": ["birch"], "birch": [], "cedar": ["birch"]}
IMPORTS = {"amber": ("amber",), "birch": ("birch",), "cedar": ("cedar_single", "cedar_wood")}


class Shelf:
    """`folder` is laid out as layers/approved is; `wheels` holds what its lock names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wheels = folder / "wheels"
        self.locks = folder / "locks"
        self.target = Target(PYTHON, host_architecture(), host_system())
        self.said: list[str] = []
        self.wheels.mkdir(parents=True)
        self.locks.mkdir()
        (folder / "packages.toml").write_text(APPROVED, encoding="utf-8")
        entries = []
        for name, files in FILES.items():
            digest = make_wheel(self.wheel(name), name, files)
            via = "".join(f"    # via {requirer}\n" for requirer in REQUIRED_BY[name])
            entries.append(f"{name}==1.0 \\\n    --hash=sha256:{digest}\n{via}")
        (self.locks / f"{self.target.lock_name}.txt").write_text("".join(entries), encoding="utf-8")
        write_wheel_index(
            self.locks / "wheels.json",
            {(name, "1.0"): WheelFacts(roots, 1_000) for name, roots in IMPORTS.items()},
        )

    def wheel(self, name: str) -> Path:
        return self.wheels / f"{name}-1.0-py3-none-any.whl"

    def recipe(self, *, byte_code: bool = True) -> Recipe:
        return Recipe(
            self.target,
            read_approved_list(self.folder / "packages.toml"),
            read_lock(self.locks / f"{self.target.lock_name}.txt"),
            read_wheel_index(self.locks / "wheels.json"),
            find_interpreter(self.target, sys.executable) if byte_code else None,
        )

    def source(self) -> Source:
        return Source(need_uv(), (self.wheels,))

    def build(
        self, output: Path, *wanted: str, byte_code: bool = True, workers: int = 2
    ) -> dict[str, object]:
        self.said.clear()
        return build_environment(
            self.recipe(byte_code=byte_code),
            list(wanted),
            self.source(),
            output,
            self.said.append,
            workers=workers,
        )


def make_wheel(
    path: Path, name: str, files: dict[str, str], *, version: str = "1.0", requires: tuple[str, ...] = ()
) -> str:
    """Writes a valid pure-Python wheel and returns its SHA-256."""
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in contents.items():
            data = text.encode()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += f"{member},sha256={digest},{len(data)}\n"
            wheel.writestr(zipfile.ZipInfo(member, (2020, 1, 1, 0, 0, 0)), data)
        wheel.writestr(zipfile.ZipInfo(f"{info}/RECORD", (2020, 1, 1, 0, 0, 0)), f"{record}{info}/RECORD,,\n")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def need_uv() -> Path:
    """uv's binary, from set-up's environments or PATH. Without it the test is skipped, on CI it fails."""
    own = sorted((Path(__file__).parents[2] / ".slashbox" / "python").glob("*/bin/uv"))
    try:
        return find_uv(str(own[0]) if own else None)
    except BuildError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
