"""Keeps every matplotlib figure that the code drew and did not keep itself.

A figure shown with `plt.show()` is saved and closed at that moment, as in a notebook; what is open at the end
is saved then. Nothing here runs unless the user's code imported matplotlib.
"""

from __future__ import annotations

import functools
import os
import sys
import warnings
from types import ModuleType

_LEAST_DPI = 144
_MOST_PIXELS = 4_000
_MOST_FIGURES = 100
_IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
_KEPT = "_slashbox_kept"

_saved: list[str] = []


def adjust_pyplot(pyplot: ModuleType, root: str) -> None:
    """`show` has no window to open: it keeps the figures instead."""

    @functools.wraps(pyplot.show)
    def show(*_arguments: object, **_options: object) -> None:
        save_open(root)
        pyplot.close("all")

    pyplot.show = show  # type: ignore[attr-defined]


def adjust_figure(figure: ModuleType, root: str) -> None:
    """A figure that the code saves as an image in its folder is not kept a second time, unless it changes."""
    original = figure.Figure.savefig

    @functools.wraps(original)
    def savefig(self: object, fname: object, *arguments: object, **options: object) -> object:
        result = original(self, fname, *arguments, **options)
        if isinstance(fname, (str, os.PathLike)) and _is_handed_out(fname, f"{root}/work"):
            mark_kept(self)
        return result

    figure.Figure.savefig = savefig


def save_open(root: str) -> None:
    """Saves the open figures below `root`, numbered through the whole run."""
    helpers = sys.modules["matplotlib._pylab_helpers"]
    for manager in sorted(helpers.Gcf.get_all_fig_managers(), key=lambda item: item.num):
        figure = manager.canvas.figure
        if len(_saved) >= _MOST_FIGURES or _is_empty(figure) or _is_kept(figure):
            continue
        _save_next(root, figure, f"Figure {manager.num}")


def keep(root: str, figure: object) -> None:
    """Saves a figure that is shown by itself: at this moment, and again at the end only if it changes."""
    if len(_saved) >= _MOST_FIGURES or _is_empty(figure) or _is_kept(figure):
        return
    _save_next(root, figure, "The figure")
    mark_kept(figure)


def mark_kept(figure: object) -> None:
    """It is handed out already; drawing more on it undoes that."""
    setattr(figure, _KEPT, True)
    figure.stale = False  # type: ignore[attr-defined] # drawing sets it again


def _save_next(root: str, figure: object, title: str) -> None:
    path = f"{root}/figures/figure-{len(_saved) + 1}.png"
    try:
        _save(figure, path)
    except Exception as error:
        print(f"{title} could not be saved: {type(error).__name__}: {error}", file=sys.stderr)
    else:
        _saved.append(path)


def _save(figure: object, path: str) -> None:
    longest = max(*figure.get_size_inches(), 0.1)  # type: ignore[attr-defined]
    dpi = min(max(figure.dpi, _LEAST_DPI), _MOST_PIXELS / longest)  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            figure.savefig(path, dpi=dpi, bbox_inches="tight", format="png")  # type: ignore[attr-defined]
        except Exception:  # a tight box cannot always be found
            figure.savefig(path, dpi=dpi, format="png")  # type: ignore[attr-defined]


def _is_empty(figure: object) -> bool:
    holders = ("axes", "texts", "lines", "patches", "images", "artists", "legends", "subfigs")
    return not any(getattr(figure, holder, None) for holder in holders)


def _is_kept(figure: object) -> bool:
    return bool(getattr(figure, _KEPT, False)) and not getattr(figure, "stale", True)


def _is_handed_out(fname: str | os.PathLike[str], work: str) -> bool:
    path = os.path.realpath(os.fspath(fname))
    return path.lower().endswith(_IMAGES) and path.startswith(f"{os.path.realpath(work)}/")
