"""`load_file`: finds one of the user's files by name or id and has it read as its ending says."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

_MOST_LISTED = 20
_COMPRESSED = (".gz", ".bz2", ".xz", ".lzma", ".zst")
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz")
# Where inputs.py leaves the ids of the files of this run.
_IDS = "code/.input-ids.json"

_Call = Callable[..., Any]


def load_file(call: _Call, root: str, name: object, options: dict[str, object]) -> Any:
    """
    :param name: a file's name, path or id
    :param options: for the function that reads it, such as pandas.read_csv
    :raises FileNotFoundError: with the names that there are
    :raises ImportError: naming the package that this ending needs
    """
    if not isinstance(name, (str, os.PathLike)):
        raise TypeError(f"load_file takes a file's name or id, not {type(name).__name__}")
    return _load(call, root, _find(root, os.fspath(name)), options)


def _load(call: _Call, root: str, path: Path, options: dict[str, object]) -> Any:
    lower = path.name.lower()
    scratch = str(Path(root, "tmp"))
    if lower.endswith(_ARCHIVES):
        return call("archives", "unpack", path, scratch)
    if lower.endswith(_COMPRESSED):
        return _load(call, root, call("archives", "decompress", path, scratch), options)
    return call("readers", "read", call, path, options)


def _find(root: str, name: str) -> Path:
    work = Path(root, "work")
    stored = _names_by_id(root).get(name, name)
    for path in (Path(stored), work / stored):
        try:
            if path.is_file():
                return path
            if path.is_dir():
                raise IsADirectoryError(f"{stored!r} is a folder: name a file in it")
        except (OSError, ValueError) as error:  # a name that no file can have
            if isinstance(error, IsADirectoryError):
                raise
    raise FileNotFoundError(_what_there_is(work, name))


def _names_by_id(root: str) -> dict[str, str]:
    try:
        ids = json.loads(Path(root, _IDS).read_bytes())
    except (OSError, ValueError):
        return {}
    return ids if isinstance(ids, dict) else {}


def _what_there_is(work: Path, name: str) -> str:
    try:
        names = sorted(path.name for path in work.iterdir() if path.is_file())
    except OSError:
        names = []
    text = f"There is no file {name[:200]!r} here."
    folded = {known.casefold(): known for known in names}
    near = difflib.get_close_matches(name.rpartition("/")[2].casefold()[:255], folded, n=1, cutoff=0.6)
    if near:
        text += f" Did you mean {folded[near[0]]}?"
    if not names:
        return f"{text} This run has no files: store some with /upload, or attach them."
    shown = ", ".join(names[:_MOST_LISTED])
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return f"{text} Files here: {shown}{more}."
