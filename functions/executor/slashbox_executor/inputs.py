"""Puts a run's input files into its working folder."""

from __future__ import annotations

import hashlib
import json
from typing import BinaryIO, cast

from .collect import Known
from .deadline import Deadline
from .protocol import InputFile, Request
from .transfer import InputSource, TransferError
from .workspace import Workspace


class InputError(Exception):
    """An input that cannot be had; the message is for the person."""


def load_inputs(
    request: Request, workspace: Workspace, source: InputSource, deadline: Deadline
) -> dict[str, Known]:
    """
    What was put there, by name.

    :raises InputError: at the first one that fails
    """
    known: dict[str, Known] = {}
    for item in request.inputs:
        if item.name == request.code_name:
            raise InputError(
                f'A file cannot be named "{item.name}": that is the name of the code itself. Rename it.'
            )
        if item.name in known:
            raise InputError(f'Two files are named "{item.name}". Rename or leave out one of them.')
        known[item.name] = _load(item, workspace, source, deadline)
    _note_ids(request, workspace)
    return known


def _note_ids(request: Request, workspace: Workspace) -> None:
    """For `load_file`, which also takes a file's id (child/loading.py)."""
    ids = {item.id: item.name for item in request.inputs if item.id}
    if ids:
        path = workspace.code / ".input-ids.json"
        path.write_text(json.dumps(ids), encoding="utf-8")
        path.chmod(0o644)


def _load(item: InputFile, workspace: Workspace, source: InputSource, deadline: Deadline) -> Known:
    path = workspace.work / item.name
    digest = _Digest()
    try:
        with path.open("xb") as file:
            source.fetch(item, cast(BinaryIO, _Tee(file, digest)), deadline)
    except TransferError as error:
        raise InputError(
            f'"{item.name}" could not be loaded: {error}. It may have expired: upload it again.'
        ) from error
    except OSError as error:
        raise InputError(f'"{item.name}" could not be stored for the run: {error.strerror}.') from error
    workspace.give(path)
    found = path.stat()
    return Known(found.st_ino, found.st_size, found.st_ctime_ns, digest.value)


class _Digest:
    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    @property
    def value(self) -> bytes:
        return self._hash.digest()


class _Tee:
    """A file to write to, whose content is hashed on the way."""

    def __init__(self, file: BinaryIO, digest: _Digest) -> None:
        self._file = file
        self._digest = digest

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        return self._file.write(data)
