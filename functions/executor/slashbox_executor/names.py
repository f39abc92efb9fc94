"""File names that everybody downstream can bear: valid text, no path, no control or direction characters."""

from __future__ import annotations

import unicodedata

from .protocol import MAX_NAME_BYTES

_FALLBACK = "file"


def clean_name(name: str) -> str:
    """`name` without what could hide, reorder or break text, at most 255 bytes of UTF-8; the ending stays."""
    text = name.encode("utf-8", "replace").decode("utf-8", "replace")
    kept = "".join("_" if character in "/\\" else character for character in text if _is_plain(character))
    kept = " ".join(kept.split()).strip()
    if not kept.strip(". "):
        kept = _FALLBACK
    return _shorten(kept, "")


def unique_name(name: str, taken: set[str]) -> str:
    """`name`, or the same with a number before its ending; and notes it in `taken`."""
    candidate, number = name, 1
    while candidate.casefold() in taken:
        number += 1
        candidate = _shorten(name, f"-{number}")
    taken.add(candidate.casefold())
    return candidate


def _is_plain(character: str) -> bool:
    # C: control, format (bidi, zero width), surrogates, private use, unassigned; Zl, Zp: line separators.
    category = unicodedata.category(character)
    return category[0] != "C" and category not in {"Zl", "Zp"}


def _shorten(name: str, suffix: str) -> str:
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > 20:
        stem, dot, ending = name, "", ""
    room = MAX_NAME_BYTES - len(f"{suffix}{dot}{ending}".encode())
    return f"{stem.encode()[:room].decode('utf-8', 'ignore').rstrip()}{suffix}{dot}{ending}"
