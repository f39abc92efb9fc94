"""Reads Jupyter notebooks, and runs one cell by cell in one namespace, as *Run all* would: values and figures
come cell by cell, and an error ends it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

_MOST_CELLS = 10_000
_CELL = "cell "


class NotebookError(ValueError):
    """Why this is no notebook that can be run, in words for its author."""


def code_cells(text: str) -> list[str]:
    """
    The code cells that hold something, in order.

    :raises NotebookError: if `text` is no notebook of format 3 or 4, or not one in Python
    """
    document = _read(text)
    cells = _cells(document)
    if len(cells) > _MOST_CELLS:
        raise NotebookError(f"it has {len(cells):,} cells; at most {_MOST_CELLS:,} are possible")
    sources = [_source(cell) for cell in cells if cell.get("cell_type") == "code"]
    return [source for source in sources if source.strip()]


def slimmed(text: str) -> str:
    """The same code as a notebook without anything else: outputs are often larger than all the rest."""
    cells = [{"cell_type": "code", "source": source} for source in code_cells(text)]
    return json.dumps({"nbformat": 4, "cells": cells})


def run(call: Callable[..., object], root: str, text: str, name: str, namespace: dict[str, object]) -> None:
    """Raises what a cell raises, after saying which cells did not run for it."""
    try:
        cells = code_cells(text)
    except NotebookError as error:
        sys.exit(f"{name} cannot be run: {error}.")
    if not cells:
        sys.exit(f"{name} has no code to run.")
    import linecache  # noqa: PLC0415 - the parent, which reads notebooks too, needs none of it

    for number, source in enumerate(cells, 1):
        title = f"{_CELL}{number}"
        linecache.cache[title] = (len(source), None, source.splitlines(keepends=True), title)
        python = call("magics", "to_python", source)
        try:
            call("cells", "run", call, root, python, title, namespace)
        except Exception:
            _say_what_did_not_run(number, len(cells))
            raise
        finally:
            call("magics", "end_cell")
            _keep_figures(call, root)


def _read(text: str) -> dict[str, object]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotebookError(f"it is not valid JSON ({error})") from None
    if not isinstance(document, dict):
        raise NotebookError("it is JSON, but no notebook")
    language = _language(document)
    if language and "python" not in language.casefold():
        raise NotebookError(f"it is written in {language[:40]}, and only Python runs here")
    return document


def _language(document: dict[str, object]) -> str | None:
    metadata = document.get("metadata")
    for name, key in (("kernelspec", "language"), ("language_info", "name")):
        about = metadata.get(name) if isinstance(metadata, dict) else None
        language = about.get(key) if isinstance(about, dict) else None
        if isinstance(language, str):
            return language
    return None


def _cells(document: dict[str, object]) -> list[dict[str, object]]:
    version = document.get("nbformat")
    if type(version) is not int or version not in {3, 4}:
        found = (
            f"its nbformat is {version!r}"[:60] if "nbformat" in document else "it does not say its nbformat"
        )
        raise NotebookError(f"{found}; notebooks of format 3 and 4 can be read")
    sheets = document.get("worksheets") if version == 3 else [document]
    cells: list[dict[str, object]] = []
    for sheet in sheets if isinstance(sheets, list) else [None]:
        found_cells = sheet.get("cells") if isinstance(sheet, dict) else None
        if not isinstance(found_cells, list) or not all(isinstance(cell, dict) for cell in found_cells):
            raise NotebookError("its list of cells is missing or damaged")
        cells += found_cells
    return cells


def _source(cell: dict[str, object]) -> str:
    """Text, or a list of lines; format 3 has another name for it."""
    source = cell.get("source", cell.get("input"))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    if not isinstance(source, str):
        raise NotebookError("one of its code cells has no text")
    return source


def _say_what_did_not_run(failed: int, count: int) -> None:
    left = count - failed
    if left:
        cells = f"{_CELL}{count}" if left == 1 else f"cells {failed + 1} to {count}"
        print(f"{_CELL}{failed} failed, so {cells} did not run:".capitalize(), file=sys.stderr)


def _keep_figures(call: Callable[..., object], root: str) -> None:
    """Every cell starts without open figures, as under `%matplotlib inline`."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        call("figures", "save_open", root)
        pyplot.close("all")
