"""Shows a value as a reader of a chat wants to see it: a picture or a chart as a file, a table as a table,
anything else as its repr. Whatever goes wrong on the way there, the repr is what remains."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

TYPE_CHECKING = False  # typing itself is milliseconds
if TYPE_CHECKING:
    from typing import Any

_LINE = 110
# Longer texts are left on one line: laying them out would take longer than printing them.
_MOST_TO_LAY_OUT = 50_000
# Containers beyond this are shown by their ends: no reader, and no output limit, takes in more.
_MOST_ITEMS = 10_000
_FIRST_ITEMS, _LAST_ITEMS = 200, 20
# Above every output limit, so that what is cut here is known to be cut.
_MOST_CHARACTERS = 1_100_000
_TABLE_ROWS, _SHORT_TABLE_ROWS = 60, 20
# Compared by identity: a class of the user's may say anything about itself, even refuse to be hashed.
_SCALARS = (int, float, complex, bool, str, bytes, type(None))
_SEQUENCES = (list, tuple)
_CONTAINERS = (*_SEQUENCES, set, frozenset, dict)
# Module, class, and what keeps such a value as a file.
_KEPT_AS_FILES = (
    ("matplotlib.figure", "Figure", "figures", "keep"),
    ("matplotlib.animation", "Animation", "pictures", "keep_animation"),
    ("PIL.Image", "Image", "pictures", "keep_image"),
    ("qrcode.image.pil", "PilImage", "pictures", "keep_wrapped"),
    ("plotly.basedatatypes", "BaseFigure", "charts", "keep"),
    ("bokeh.model", "Model", "charts", "keep"),
    ("altair", "TopLevelMixin", "charts", "keep"),
    ("holoviews.core.dimension", "Dimensioned", "charts", "keep"),
    ("IPython.display", "HTML", "ipython", "keep_page"),
)

_Call = Callable[..., object]


def show(call: _Call, root: str, value: Any) -> None:
    """Prints `value` or keeps it below `root`. Raises what the value's own `__repr__` raises."""
    if _is_exactly(value, _SCALARS):
        _print(repr(value))
    elif not _as_file(call, root, value):
        _print(_as_table(value) or _guarded(_as_formula, value) or _as_text(call, value))


def _as_text(call: _Call, value: Any) -> str:
    if _is_exactly(value, _CONTAINERS) and len(value) > _MOST_ITEMS:
        return _guarded(call, "tables", "lay_out", value, None) or _ends(value)
    text = str.__str__(repr(value))  # once: it may be the user's own, and a kind of text of their own
    return _guarded(call, "tables", "lay_out", value, text) or _guarded(_wrap, value, text) or text


def _print(text: str) -> None:
    text = text[:_MOST_CHARACTERS]
    try:
        print(text)
    except Exception:  # closed or replaced by the code, or characters that are none
        os.write(1, f"{text}\n".encode("utf-8", "backslashreplace"))


def _guarded(function: Callable[..., object], *arguments: object) -> str | None:
    """The text that a look beyond the repr comes to; None where it comes to none, or fails."""
    try:
        text = function(*arguments)
    except Exception:
        return None
    return text if isinstance(text, str) else None


def _as_file(call: _Call, root: str, value: Any) -> bool:
    """True where the value is shown by something other than text."""
    try:
        for name, attribute, part, function in _KEPT_AS_FILES:
            if _is_a(value, name, attribute):
                return call(part, function, root, value) is not False
        return _is_drawing(value) or _as_pictures(call, root, value)
    except Exception:
        return False


def _as_pictures(call: _Call, root: str, value: Any) -> bool:
    kind = type(value)
    if (
        _is_exactly(value, _SEQUENCES)
        and value
        and all(_is_a(item, "PIL.Image", "Image") for item in value[:11])
    ):
        call("pictures", "keep_images", root, value)
        return True
    if any(hasattr(kind, name) for name in ("_repr_png_", "_repr_jpeg_", "_repr_svg_")):
        return call("pictures", "keep_drawn", root, value) is True
    if hasattr(kind, "__rich_console__") and "rich" in sys.modules:
        sys.modules["rich"].print(value)
        return True
    return False


def _is_exactly(value: Any, kinds: tuple[type, ...]) -> bool:
    kind = type(value)
    return any(kind is one for one in kinds)


def _is_a(value: Any, module: str, name: str) -> bool:
    """By the value's real type: `__class__` may lie."""
    found = sys.modules.get(module)
    kind = getattr(found, name, None) if found is not None else None
    return isinstance(kind, type) and issubclass(type(value), kind)


def _is_drawing(value: Any) -> bool:
    """Parts of a plot: the figure itself is shown as an image."""
    kind = type(value)
    root = kind.__module__.partition(".")[0]
    if root == "matplotlib" or (root == "seaborn" and hasattr(value, "figure")):
        return True
    if _is_exactly(value, _SEQUENCES):
        return any(_is_drawing(item) for item in value[:20])
    if kind is dict:
        items = [pair for _, pair in zip(range(20), value.items(), strict=False)]
        return all(isinstance(key, str) for key, _ in items) and any(_is_drawing(item) for _, item in items)
    if root == "numpy" and str(getattr(value, "dtype", "")) == "object":
        return any(_is_drawing(item) for _, item in zip(range(4), value.flat, strict=False))
    return False


def _as_table(value: Any) -> str | None:
    """A frame or series in full up to a page, its middle left out beyond that."""
    if any(_is_a(value, "pandas", name) for name in ("DataFrame", "Series")):
        pandas = sys.modules["pandas"]
        own = type(value).__repr__
        if own not in (pandas.DataFrame.__repr__, pandas.Series.__repr__):
            return None
        rows = ("display.max_rows", _TABLE_ROWS, "display.min_rows", _SHORT_TABLE_ROWS)
        with pandas.option_context(*rows):
            return repr(value)
    if any(_is_a(value, "polars", name) for name in ("DataFrame", "Series")):
        with sys.modules["polars"].Config(tbl_rows=_TABLE_ROWS, tbl_cols=20, tbl_width_chars=_LINE):
            return repr(value)
    if _is_a(value, "pandas.io.formats.style", "Styler"):
        return _as_table(value.data)
    return None


def _as_formula(value: Any) -> str | None:
    """Symbolic mathematics as it is written by hand."""
    sympy = sys.modules.get("sympy")
    if sympy is None or not hasattr(sympy, "pretty"):
        return None
    if _is_exactly(value, _CONTAINERS):
        some: list[object] = [item for _, item in zip(range(20), value, strict=False)]
        if type(value) is dict:
            some += list(value.values())[:20]
        if len(value) > _FIRST_ITEMS or not any(_is_formula(item) for item in some):
            return None
    elif not _is_formula(value):
        return None
    return str(sympy.pretty(value, use_unicode=True, num_columns=_LINE))


def _is_formula(value: Any) -> bool:
    return _is_a(value, "sympy.core.basic", "Basic") or _is_a(
        value, "sympy.matrices.matrixbase", "MatrixBase"
    )


def _ends(value: Any) -> str:
    """The first and the last items of a long container, and how many there are."""
    size = f"({len(value):,} items)"
    if _is_exactly(value, _SEQUENCES):
        first, last = repr(list(value[:_FIRST_ITEMS])), repr(list(value[-_LAST_ITEMS:]))
        opening, closing = "[]" if type(value) is list else "()"
        return f"{opening}{first[1:-1]}, …, {last[1:-1]}{closing}\n{size}"
    if type(value) is dict:
        pairs = [pair for _, pair in zip(range(_FIRST_ITEMS), value.items(), strict=False)]
        return f"{repr(dict(pairs))[:-1]}, …}}\n{size}"
    items = [item for _, item in zip(range(_FIRST_ITEMS), value, strict=False)]
    return f"{{{repr(items)[1:-1]}, …}}\n{size}"


def _wrap(value: Any, text: str) -> str | None:
    """A long container over several lines."""
    if not _is_exactly(value, _CONTAINERS) or not _LINE < len(text) <= _MOST_TO_LAY_OUT or "\n" in text:
        return None
    if _holds_users_types(value):
        return None
    import pprint  # noqa: PLC0415 - costs more than most runs take

    return pprint.pformat(value, width=_LINE, compact=True, sort_dicts=False)


def _holds_users_types(value: Any) -> bool:
    """Whether laying it out would run a `__repr__` of the user's for the second time."""
    waiting, seen = [value], set[int]()
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if _is_exactly(item, _SCALARS) or id(item) in seen:
            continue
        seen.add(id(item))
        if kind is dict:
            waiting += [*item, *item.values()]
        elif _is_exactly(item, _CONTAINERS):
            waiting += item
        elif kind.__module__ == "__main__" or not isinstance(kind.__module__, str):
            return True
    return False
