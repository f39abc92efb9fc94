"""Finds out how a text file is written: its encoding, and for a table its delimiter and decimal sign."""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from pathlib import Path
from typing import Any

_SAMPLE_BYTES = 1 << 18
_SAMPLE_ROWS = 100
_DELIMITERS = (",", ";", "\t", "|")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECIMAL_COMMA = re.compile(r"-?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+")
_DECIMAL_POINT = re.compile(r"-?\d+\.\d+")


def sniff(path: Path) -> dict[str, Any]:
    """Options for pandas.read_csv: encoding, delimiter, and the decimal comma where numbers have one."""
    encoding = find_encoding(path)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        sample = file.read(_SAMPLE_BYTES)
    delimiter, rows = _find_delimiter(sample, path.suffix.lower())
    found: dict[str, Any] = {"sep": delimiter, "encoding": encoding}
    cells = [cell.strip() for row in rows[1:] for cell in row]
    with_comma = [cell for cell in cells if delimiter != "," and _DECIMAL_COMMA.fullmatch(cell)]
    if with_comma and not any(map(_DECIMAL_POINT.fullmatch, cells)):
        found["decimal"] = ","
        if any("." in cell for cell in with_comma):
            found["thousands"] = "."
    return found


def read_text(path: Path) -> str:
    """The whole text, its line ends as `\\n`."""
    with path.open(encoding=find_encoding(path)) as file:
        return file.read()


def find_encoding(path: Path) -> str:
    """From its first bytes; then UTF-8 if all of it is, else what Windows writes in Western Europe."""
    with path.open("rb") as file:
        start = file.read(4_096)
        for bom, encoding in _BOMS:
            if start.startswith(bom):
                return encoding
        if guess := _without_bom(start):
            return guess
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            decoder.decode(start)
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            pass
        else:
            return "utf-8"
        file.seek(0)
        # Five bytes mean nothing in cp1252; in Latin-1 all do.
        unused = any(
            byte in block
            for block in iter(lambda: file.read(1 << 20), b"")
            for byte in b"\x81\x8d\x8f\x90\x9d"
        )
    return "latin-1" if unused else "cp1252"


def _without_bom(start: bytes) -> str | None:
    """UTF-16 gives itself away by zeros in every other byte."""
    half = len(start) // 2
    if half < 2:
        return None
    zeros = (start[0::2].count(0), start[1::2].count(0))
    if zeros[1] > 0.7 * half and zeros[0] < 0.1 * half:
        return "utf-16-le"
    if zeros[0] > 0.7 * half and zeros[1] < 0.1 * half:
        return "utf-16-be"
    return None


def _find_delimiter(sample: str, ending: str) -> tuple[str, list[list[str]]]:
    """The one that cuts most rows into the same number of cells; by the ending where none does."""
    usual = {".tsv": "\t", ".tab": "\t", ".psv": "|"}.get(ending, ",")
    best = (0.0, usual, _rows(sample, usual))
    for delimiter in sorted(_DELIMITERS, key=lambda one: one != usual):
        rows = _rows(sample, delimiter)
        counts = [len(row) for row in rows]
        width = max(set(counts), key=lambda count: (counts.count(count), count), default=0)
        if width < 2:
            continue
        # A header of one cell more or less than its rows is an everyday fault.
        share = counts.count(width) / len(counts)
        if counts[0] < 2:
            share /= 2
        if share > best[0]:
            best = (share, delimiter, rows)
    return best[1], best[2]


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    """Complete rows of the sample that are not empty."""
    lines = sample.splitlines(keepends=True)
    if len(sample) >= _SAMPLE_BYTES and len(lines) > 1:
        lines.pop()
    try:
        rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        return [row for row in itertools.islice(rows, _SAMPLE_ROWS) if row]
    except csv.Error:  # a field beyond csv's own limit, a stray carriage return
        return []
