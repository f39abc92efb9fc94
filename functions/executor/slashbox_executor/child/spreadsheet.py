"""Reads OpenDocument spreadsheets with the standard library: the packages that do are not approved."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

# Files say "repeat this empty cell a million times" for the rest of a sheet.
_MOST_REPEATS = 1_000
_MOST_BYTES = 1 << 30
_DURATION = re.compile(r"PT(\d+)H(\d+)M([\d.]+)S")
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"

Rows = list[list[Any]]


def read_ods(path: Path) -> dict[str, Rows]:
    """
    The rows of each sheet, by its name, all of one length; empty cells are None.

    :raises ValueError: if it is no such file
    """
    try:
        root = ElementTree.fromstring(_content(path))  # noqa: S314 - in the run of whoever gave it
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError) as error:
        raise ValueError(f"{path.name} is not an OpenDocument spreadsheet ({error})") from None
    return {table.get(f"{_TABLE}name", ""): _rows(table) for table in root.iter(f"{_TABLE}table")}


def _content(path: Path) -> bytes:
    if path.suffix.lower() == ".fods":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo("content.xml").file_size > _MOST_BYTES:
            raise ValueError(f"{path.name} is too large to read")
        return archive.read("content.xml")


def _rows(table: ElementTree.Element) -> Rows:
    rows: Rows = []
    for row in table.iter(f"{_TABLE}table-row"):
        cells = list(_cells(row))
        while cells and cells[-1] is None:
            cells.pop()
        rows += [cells] * _repeats(row, "rows", bool(cells))
    while rows and not rows[-1]:
        rows.pop()
    width = max(map(len, rows), default=0)
    return [row + [None] * (width - len(row)) for row in rows]


def _cells(row: ElementTree.Element) -> Iterator[Any]:
    for cell in row:
        if cell.tag in {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}:
            value = _value(cell)
            yield from [value] * _repeats(cell, "columns", value is not None)


def _repeats(element: ElementTree.Element, what: str, filled: bool) -> int:
    count = int(element.get(f"{_TABLE}number-{what}-repeated", "1"))
    return min(count, 1 << 20 if filled else _MOST_REPEATS)


def _value(cell: ElementTree.Element) -> Any:
    kind = cell.get(f"{_OFFICE}value-type")
    text = "\n".join("".join(part.itertext()) for part in cell.iter(f"{_TEXT}p"))
    if kind in {"float", "percentage", "currency"}:
        number = float(cell.get(f"{_OFFICE}value", "nan"))
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if kind == "boolean":
        return cell.get(f"{_OFFICE}boolean-value") == "true"
    if kind == "date":
        return datetime.datetime.fromisoformat(cell.get(f"{_OFFICE}date-value", ""))
    if kind == "time" and (match := _DURATION.fullmatch(cell.get(f"{_OFFICE}time-value", ""))):
        hours, minutes, seconds = map(float, match.groups())
        return datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return text or None
