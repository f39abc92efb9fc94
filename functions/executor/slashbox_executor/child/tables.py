"""Lays out plain containers as tables: lists of records, columns, counts. All cells have to be plain values,
so that nothing of the user's runs here."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

TYPE_CHECKING = False  # typing itself is milliseconds
if TYPE_CHECKING:
    from typing import Any

_WIDTH = 110
_ROWS, _SHORT = 60, 20
_MOST_COLUMNS = 40
_CELL = 48
_NUMBER = 12
_SCALARS = frozenset({int, float, complex, bool, str, type(None)})
# Module and names of classes whose text is short and safe to ask for.
_KNOWN = {
    "datetime": ("datetime", "date", "time", "timedelta"),
    "decimal": ("Decimal",),
    "fractions": ("Fraction",),
    "uuid": ("UUID",),
}

_Row = Sequence[object]


class _Table:
    """
    :ivar count: rows that there are; `rows` holds those to show
    :ivar header: None where columns have no names
    """

    def __init__(self, header: list[str] | None, rows: list[_Row], count: int) -> None:
        self.header, self.rows, self.count = header, rows, count


def lay_out(value: object, text: str | None) -> str | None:
    """
    `value` as a table at most 110 columns wide and 60 rows long, or None where it is none.

    :param text: its repr: what fits a line and is hardly a table stays one; None: too long to have one
    """
    short = text is not None and len(text) <= _WIDTH and "\n" not in text
    table = _of_list(value, short) if type(value) in {list, tuple} else _of_dict(value, short)
    return None if table is None else "\n".join(_lines(table))


def _of_list(value: Any, short: bool) -> _Table | None:
    if len(value) < 2:
        return None
    shown = _shown(value)
    kind = type(shown[0])
    if any(type(item) is not kind for item in shown):
        return None
    if kind is dict:
        return _of_records(shown, len(value), short)
    if fields := _fields(kind):
        return _checked(fields, [[getattr(item, name) for name in fields] for item in shown], len(value))
    if kind in {list, tuple} and not short and len({len(item) for item in shown}) == 1:
        return _checked(None, [list(item) for item in shown], len(value))
    return None


def _of_records(shown: list[dict[object, object]], count: int, short: bool) -> _Table | None:
    names = list(dict.fromkeys(key for item in shown for key in item))
    if not all(type(name) is str for name in names) or (short and len(names) < 2):
        return None
    return _checked(
        [str(name) for name in names], [[item.get(n, "") for n in names] for item in shown], count
    )


def _of_dict(value: Any, short: bool) -> _Table | None:
    counter = getattr(sys.modules.get("collections"), "Counter", None)
    default = getattr(sys.modules.get("collections"), "defaultdict", None)
    if type(value) not in {dict, counter, default} or len(value) < 2:
        return None
    if type(value) is counter:
        counted = value.most_common()
        return None if short else _checked(["value", "count"], _shown(counted), len(counted))
    items = _shown(value.items())
    kinds = {type(item) for _, item in items}
    if kinds <= {list, tuple} and not (short and tuple in kinds):
        return _of_columns(value)
    if kinds == {dict}:
        names = list(dict.fromkeys(name for _, item in items for name in item))
        rows: list[_Row] = [[key, *(item.get(name, "") for name in names)] for key, item in items]
        if not all(type(name) is str for name in names):
            return None
        return _checked(["", *names], rows, len(value))
    return None if short else _checked(None, [list(item) for item in items], len(value))


def _of_columns(value: dict[object, Sequence[object]]) -> _Table | None:
    count = len(next(iter(value.values())))
    if len(value) > 1_000 or count < 2 or any(len(column) != count for column in value.values()):
        return None
    if not all(type(name) is str for name in value):
        return None
    columns = [_shown(column) for column in value.values()]
    return _checked([str(name) for name in value], list(zip(*columns, strict=True)), count)


def _fields(kind: type) -> list[str] | None:
    """Of a named tuple or a dataclass that shows itself as Python makes it."""
    code = getattr(kind.__repr__, "__code__", None)
    made_by = getattr(code, "co_filename", "").rpartition("/")[2]
    names = kind.__dict__.get("_fields")
    if issubclass(kind, tuple) and isinstance(names, tuple):
        origin = getattr(sys.modules.get("collections"), "namedtuple", None)
        if origin is not None and code is not None and code.co_filename == origin.__code__.co_filename:
            return list(names)
    if "__dataclass_fields__" in kind.__dict__ and made_by in {"dataclasses.py", "reprlib.py"}:
        fields = kind.__dict__["__dataclass_fields__"]
        return [name for name, field in fields.items() if field.repr and field._field_type.name == "_FIELD"]
    return None


def _shown(items: Any) -> list[Any]:
    """All rows up to a page; beyond it the first and the last."""
    size = len(items)
    if size <= _ROWS:
        return list(items)
    half = _SHORT // 2
    if isinstance(items, (list, tuple)):
        return [*items[:half], *items[-half:]]
    first = [item for _, item in zip(range(half), items, strict=False)]
    last = [item for _, item in zip(range(half), reversed(items), strict=False)]
    return first + last[::-1]


def _checked(header: list[str] | None, rows: list[_Row], count: int) -> _Table | None:
    if not rows or not rows[0] or not all(_is_plain(cell) for row in rows for cell in row):
        return None
    return _Table(header, rows, count)


def _is_plain(cell: object) -> bool:
    kind = type(cell)
    if kind in _SCALARS:
        return True
    numpy = sys.modules.get("numpy")
    if numpy is not None and issubclass(kind, getattr(numpy, "number", ())):
        return True
    names = _KNOWN.get(kind.__module__, ())
    return kind.__name__ in names and getattr(sys.modules[kind.__module__], kind.__name__) is kind


def _lines(table: _Table) -> Iterator[str]:
    columns = [list(column) for column in zip(*table.rows, strict=True)]
    chosen = _ends_of(len(columns), _MOST_COLUMNS)
    texts = {n: _column(columns[n]) for n in chosen}
    if table.header:
        texts = {n: [_clean(table.header[n]), *cells] for n, cells in texts.items()}
    widths = {n: max(map(_width, cells)) for n, cells in texts.items()}
    while len(chosen) > 2 and sum(widths[n] + 2 for n in chosen) > _WIDTH - 3:
        del chosen[len(chosen) // 2]
    whole = len(chosen) == len(columns)
    shown = [(texts[n], widths[n], _is_number(columns[n])) for n in chosen]
    if not whole:
        shown.insert((len(chosen) + 1) // 2, (["…"] * len(shown[0][0]), 1, False))
    lines = [
        "  ".join(_pad(cells[n], width, right) for cells, width, right in shown).rstrip()
        for n in range(len(shown[0][0]))
    ]
    if table.header:
        lines.insert(1, "  ".join("-" * width for _, width, _ in shown))
    if len(table.rows) < table.count:
        lines.insert(len(lines) - len(table.rows) // 2, "…")
    yield from lines
    if len(table.rows) < table.count or not whole:
        yield f"[{table.count:,} rows x {len(columns):,} columns]"


def _ends_of(count: int, most: int) -> list[int]:
    if count <= most:
        return list(range(count))
    return [*range(most // 2), *range(count - most // 2, count)]


def _column(cells: list[object]) -> list[str]:
    return [_text(cell) for cell in cells]


def _text(cell: object) -> str:
    if type(cell) is str:
        return _clean(cell)
    if cell is None:
        return "None"
    text = str(cell)
    if len(text) > _NUMBER and isinstance(cell, float):
        text = f"{cell:.6g}"
    return _clean(text)


def _clean(text: str) -> str:
    """One line without control characters, shortened to a cell."""
    text = text[: 4 * _CELL]
    if not text.isprintable():
        text = repr(text)[1:-1]
    if _width(text) <= _CELL:
        return text
    while _width(text) > _CELL - 1:
        text = text[: max(_CELL - 1, len(text) // 2) if len(text) > 2 * _CELL else -1]
    return text + "…"


def _is_number(cells: list[object]) -> bool:
    given = [cell for cell in cells if cell is not None and not (type(cell) is str and not cell)]
    return bool(given) and not any(isinstance(cell, (str, bool)) for cell in given)


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _width(text: str) -> int:
    """Columns in a monospaced font: East Asian characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    import unicodedata  # noqa: PLC0415 - most tables are ASCII

    width = 0
    for character in text:
        if unicodedata.east_asian_width(character) in "WF":
            width += 2
        elif not unicodedata.combining(character) and unicodedata.category(character) not in {
            "Mn",
            "Me",
            "Cf",
        }:
            width += 1
    return width
