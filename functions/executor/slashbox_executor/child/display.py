"""Shows the value of the last expression as a reader of a chat wants to see it."""

from __future__ import annotations

import sys

_LINE = 110
# Longer containers are left on one line: laying them out would take longer than printing them.
_MOST_TO_LAY_OUT = 50_000
_TABLE_ROWS = 60
_CONTAINERS = (list, dict, tuple, set, frozenset)


def show(value: object) -> None:
    if _is_drawing(value):
        return
    text = _table(value)
    if text is None:
        text = _lay_out(value, repr(value))
    print(text)


def _is_drawing(value: object) -> bool:
    """Parts of a plot: the figure itself is shown as an image."""
    root = type(value).__module__.partition(".")[0]
    if root == "matplotlib" or (root == "seaborn" and hasattr(value, "figure")):
        return True
    if isinstance(value, (list, tuple)):
        return bool(value) and any(_is_drawing(item) for item in value[:20])
    if isinstance(value, dict):
        return (
            bool(value)
            and all(isinstance(key, str) for key in value)
            and any(_is_drawing(item) for item in list(value.values())[:20])
        )
    if root == "numpy" and str(getattr(value, "dtype", "")) == "object":
        return any(_is_drawing(item) for item in list(getattr(value, "flat", ()))[:4])
    return False


def _table(value: object) -> str | None:
    """A DataFrame or Series in full up to a page, its middle left out beyond that."""
    kind = type(value)
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(value, (pandas.DataFrame, pandas.Series)):
        return None
    if all(kind.__repr__ is not ours.__repr__ for ours in (pandas.DataFrame, pandas.Series)):
        return None
    with pandas.option_context("display.max_rows", _TABLE_ROWS, "display.min_rows", 20):
        return repr(value)


def _lay_out(value: object, text: str) -> str:
    if not isinstance(value, _CONTAINERS) or not _LINE < len(text) <= _MOST_TO_LAY_OUT or "\n" in text:
        return text
    import pprint  # noqa: PLC0415 - costs more than most runs take

    return pprint.pformat(value, width=_LINE, compact=True, sort_dicts=False)
