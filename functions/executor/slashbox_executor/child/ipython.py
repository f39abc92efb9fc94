"""Stands in for the parts of IPython that notebooks import: `IPython.display` and `get_ipython`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

_MOST_PAGES = 20
_PNG, _JPEG = b"\x89PNG", b"\xff\xd8\xff"

_pages: list[str] = []


def install(display: Callable[..., object]) -> None:
    """
    Puts the modules where an import finds them.

    :param display: the builtin of that name
    """
    package, module = ModuleType("IPython"), ModuleType("IPython.display")
    package.__path__ = []
    # None, as outside of IPython: libraries would ask whatever else they get for more than is here.
    package.__dict__.update(
        display=module, get_ipython=lambda: None, version_info=(9, 0, 0), __version__="9.0.0"
    )
    module.__dict__.update(display=display, clear_output=_nothing, set_matplotlib_formats=_nothing)
    module.__dict__.update(
        {kind.__name__: kind for kind in (HTML, Markdown, Latex, Math, Code, JSON, Image, SVG)}
    )
    sys.modules.update({"IPython": package, "IPython.display": module, "IPython.core.display": module})


def keep_page(root: str, page: HTML) -> None:
    """HTML is handed out as a file: a chat does not show it."""
    if len(_pages) < _MOST_PAGES:
        name = f"page-{len(_pages) + 1}.html"
        Path(root, "figures", name).write_text(str(page.data), encoding="utf-8")
        _pages.append(name)


class _Shown:
    """
    :param data: what to show, or the path of a file with it
    :param filename: the same path, said outright
    """

    def __init__(self, data: Any = None, url: Any = None, filename: Any = None, **_options: object) -> None:
        if url is not None:
            raise PermissionError(f"{url} cannot be fetched: network access is switched off here")
        self.data = Path(filename).read_bytes() if filename is not None else data


class _Text(_Shown):
    """Shown as it is written."""

    def __repr__(self) -> str:
        return self.data.decode("utf-8", "replace") if isinstance(self.data, bytes) else str(self.data)


class HTML(_Text):
    """Kept as a page."""


class Markdown(_Text):
    """Shown as it is written."""


class Latex(_Text):
    """Shown as it is written."""


class Math(_Text):
    """Shown as it is written."""


class Code(_Text):
    """Shown as it is written."""


class JSON(_Shown):
    """Shown as the Python object that it is."""

    def __repr__(self) -> str:
        return repr(self.data)


class Image(_Shown):
    """A picture in a file or in bytes."""

    def __init__(self, data: Any = None, *rest: Any, **options: Any) -> None:
        super().__init__(data, *rest, **options)
        if isinstance(self.data, str):
            self.data = Path(self.data).read_bytes()

    def _repr_png_(self) -> Any:
        return self.data if bytes(self.data or b"").startswith(_PNG) else None

    def _repr_jpeg_(self) -> Any:
        return self.data if bytes(self.data or b"").startswith(_JPEG) else None


class SVG(_Text):
    """A drawing in a file or in text."""

    def _repr_svg_(self) -> str:
        return repr(self)


def _nothing(*_arguments: object, **_options: object) -> None:
    """What changes a page that is not there."""
