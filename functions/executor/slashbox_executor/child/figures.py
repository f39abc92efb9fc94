"""Keeps every matplotlib figure that the code drew and did not keep itself.

A figure shown with `plt.show()` is saved and closed at that moment, as in a notebook; what is open at the end
is saved then. Nothing here runs unless the user's code imported matplotlib.
"""

from __future__ import annotations

import functools
import os
import sys
import warnings
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any

_LEAST_DPI = 144
_MOST_PIXELS = 4_000
_MOST_FIGURES = 100
_IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
_KEPT = "_slashbox_kept"
_SHOWN = "_slashbox_shown"
_NO_LATEX = "latex could not be found"
_NO_SCREEN = "there is no screen here, the figures come back as pictures."
# They draw on a notebook's page, where pictures are what anybody expects.
_SILENT_BACKENDS = frozenset({"nbagg", "notebook", "module://matplotlib_inline.backend_inline"})

_saved: list[str] = []
# Animations by their figures. Both stay the code's: one that it lets go of moves nowhere else either.
_moving: weakref.WeakKeyDictionary[Any, Callable[[], Any]] = weakref.WeakKeyDictionary()
_keepers: list[Callable[[object], object]] = []


def adjust_pyplot(pyplot: ModuleType, root: str) -> None:
    """`show` has no window to open: it keeps the figures instead. Backends for windows are not loaded."""
    close_figures, load_backend = pyplot.close, pyplot.switch_backend

    @functools.wraps(pyplot.show)
    def show(*arguments: object, **options: object) -> None:
        waits = arguments[0] if arguments else options.get("block")
        if waits is None:
            waits = not pyplot.isinteractive()
        if waits:
            save_open(root)
            close_figures("all")
        else:  # `plt.pause` comes here, too: the code goes on drawing on what it shows
            for manager in _open_managers():
                setattr(manager.canvas.figure, _SHOWN, True)

    @functools.wraps(close_figures)
    def close(*arguments: object, **options: object) -> None:
        before = _open_managers()
        close_figures(*arguments, **options)
        open_ones = _open_managers()
        for manager in before:
            if manager not in open_ones and hasattr(manager.canvas.figure, _SHOWN):
                _save_if_new(root, manager)

    @functools.wraps(load_backend)
    def switch_backend(newbackend: object) -> None:
        if _shows_by_itself(newbackend):
            if str(newbackend).lower() not in _SILENT_BACKENDS:
                print(f"{newbackend}: {_NO_SCREEN}", file=sys.stderr)
            newbackend = "agg"
        load_backend(newbackend)

    pyplot.show, pyplot.close = show, close  # type: ignore[attr-defined]
    pyplot.switch_backend = switch_backend  # type: ignore[attr-defined]


def adjust_animation(module: ModuleType, keep_animation: Callable[[object], object]) -> None:
    """A figure that would move when it is shown is kept moving, which `keep_animation` does."""
    kind = module.Animation
    original_init, original_save = kind.__init__, kind.save

    @functools.wraps(original_init)
    def initialise(self: Any, fig: Any, *arguments: object, **options: object) -> None:
        original_init(self, fig, *arguments, **options)
        _moving[fig] = weakref.ref(self)

    @functools.wraps(original_save)
    def save(self: Any, *arguments: object, **options: object) -> object:
        _moving.pop(self._fig, None)
        return original_save(self, *arguments, **options)

    kind.__init__, kind.save = initialise, save
    _keepers[:] = [keep_animation]


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
    for manager in _open_managers():
        _save_if_new(root, manager)


def keep(root: str, figure: object) -> None:
    """Saves a figure that is shown by itself: at this moment, and again at the end only if it changes."""
    if not _is_empty(figure) and not _is_kept(figure):
        _save_next(root, figure, "The figure")
        mark_kept(figure)


def mark_kept(figure: object) -> None:
    """It is handed out already; drawing more on it undoes that."""
    setattr(figure, _KEPT, True)
    figure.stale = False  # type: ignore[attr-defined] # drawing sets it again


def _open_managers() -> list[Any]:
    helpers = sys.modules["matplotlib._pylab_helpers"]
    return sorted(helpers.Gcf.get_all_fig_managers(), key=lambda item: item.num)


def _save_if_new(root: str, manager: Any) -> None:
    figure = manager.canvas.figure
    if not _is_empty(figure) and not _is_kept(figure):
        _save_next(root, figure, f"Figure {manager.num}")


def _save_next(root: str, figure: Any, title: str) -> None:
    if len(_saved) >= _MOST_FIGURES:
        return
    path = f"{root}/figures/figure-{len(_saved) + 1}.png"
    try:
        if not _keep_moving(figure):
            _save(figure, path, title)
            _saved.append(path)
    except Exception as error:
        print(f"{title} could not be saved: {type(error).__name__}: {error}", file=sys.stderr)
    if hasattr(figure, _SHOWN):
        delattr(figure, _SHOWN)  # closing it is not to save it again


def _keep_moving(figure: Any) -> bool:
    """False where it does not move, or the code has saved its frames itself."""
    animation = _moving[figure]() if figure in _moving else None
    if animation is None:
        return False
    _keepers[0](animation)
    return True


def _save(figure: Any, path: str, title: str) -> None:
    longest = max(*figure.get_size_inches(), 0.1)
    dpi = min(max(figure.dpi, _LEAST_DPI), _MOST_PIXELS / longest)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            figure.savefig(path, dpi=dpi, bbox_inches="tight", format="png")
        except Exception as error:
            if _NO_LATEX not in str(error):  # a tight box cannot always be found
                figure.savefig(path, dpi=dpi, format="png")
            elif _saved_without_latex(figure, path, dpi):
                print(f"There is no LaTeX here: {title.lower()} is drawn without it.", file=sys.stderr)
            else:
                raise


def _saved_without_latex(figure: Any, path: str, dpi: float) -> bool:
    """matplotlib knows most of the notation itself, not all of it."""
    with sys.modules["matplotlib"].rc_context({"text.usetex": False}):
        for text in figure.findobj(lambda artist: hasattr(artist, "set_usetex")):
            text.set_usetex(False)
        try:
            figure.savefig(path, dpi=dpi, bbox_inches="tight", format="png")
        except Exception:
            return False
    return True


def _shows_by_itself(backend: object) -> bool:
    """Whether matplotlib's backend of this name needs a window or a notebook's page."""
    if not isinstance(backend, str):
        return True  # "whichever is there"
    registry = sys.modules["matplotlib.backends.registry"]
    windows = registry.backend_registry.list_builtin(registry.BackendFilter.INTERACTIVE)
    return backend.lower() in {*windows, *_SILENT_BACKENDS}


def _is_empty(figure: object) -> bool:
    holders = ("axes", "texts", "lines", "patches", "images", "artists", "legends", "subfigs")
    return not any(getattr(figure, holder, None) for holder in holders)


def _is_kept(figure: object) -> bool:
    return bool(getattr(figure, _KEPT, False)) and not getattr(figure, "stale", True)


def _is_handed_out(fname: str | os.PathLike[str], work: str) -> bool:
    path = os.path.realpath(os.fspath(fname))
    return path.lower().endswith(_IMAGES) and path.startswith(f"{os.path.realpath(work)}/")
