"""Takes away what no run reads (tests, headers, stubs, scripts), and names the import roots of the rest."""

import re
import shutil
from pathlib import Path

# The rules are part of an environment's id: a change here makes new environments.
DROPPED_ROOTS = frozenset(
    {"bin", "etc", "include", "man", "share", "src", "docs", "doc", "examples", "benchmarks"}
)
DROPPED_FOLDERS = frozenset({"tests", "__pycache__"})
# Not .cu: thinc (spaCy) reads its CUDA sources when it is imported, on machines without CUDA too.
DROPPED_SUFFIXES = frozenset(
    {
        ".a",
        ".c",
        ".cc",
        ".cpp",
        ".f",
        ".f90",
        ".h",
        ".hh",
        ".hpp",
        ".lib",
        ".pth",
        ".pxd",
        ".pxi",
        ".pyc",
        ".pyx",
    }
)
DROPPED_METADATA = frozenset(
    {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"}
)
STUB_SUFFIX = ".pyi"
# A package that calls this reads its own stubs when it is imported (scikit-image does): they stay.
STUB_READER = b"attach_stub"

_MODULE = re.compile(r"(?P<name>[^.]+)(?:\.py|(?:\.[^.]+)?\.(?:so|pyd))")


def strip_tree(tree: Path) -> None:
    """Changes the folder of one unpacked wheel in place."""
    for entry in list(tree.iterdir()):
        if entry.is_dir() and (entry.name in DROPPED_ROOTS or entry.name.endswith(".data")):
            shutil.rmtree(entry)
        elif entry.is_file() and entry.name == ".lock":
            entry.unlink()
    keeps_stubs = _reads_stubs(tree)
    for folder in [path for path in tree.rglob("*") if path.is_dir() and path.name in DROPPED_FOLDERS]:
        shutil.rmtree(folder, ignore_errors=True)
    for path in [path for path in tree.rglob("*") if path.is_file()]:
        in_metadata = path.parent.parent == tree and path.parent.name.endswith(".dist-info")
        if in_metadata:
            dropped = path.name in DROPPED_METADATA
        else:
            dropped = path.suffix in DROPPED_SUFFIXES or (path.suffix == STUB_SUFFIX and not keeps_stubs)
        if dropped:
            path.unlink()


def import_roots(tree: Path) -> list[str]:
    """The names that `import` can start with, sorted. From the files: 71 of 159 wheels do not name theirs."""
    roots = set()
    for entry in tree.iterdir():
        if entry.is_dir():
            if entry.name.isidentifier() and any(_MODULE.fullmatch(path.name) for path in entry.rglob("*")):
                roots.add(entry.name)
        elif (match := _MODULE.fullmatch(entry.name)) and match["name"].isidentifier():
            roots.add(match["name"])
    return sorted(roots)


def _reads_stubs(tree: Path) -> bool:
    return any(STUB_READER in path.read_bytes() for path in tree.rglob("__init__.py"))
