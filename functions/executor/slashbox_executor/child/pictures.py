"""Keeps pictures that are values: Pillow images, animations, and what draws itself for notebooks."""

from __future__ import annotations

import base64
import sys
import time
from typing import Any

_MOST_PIXELS = 4_000
_MOST_IN_LIST = 10
_MOST_FILES = 100
_MOST_FRAMES = 200
# Of drawing one animation; the run has a limit of its own, and other things to do.
_MOST_SECONDS = 20.0
_MOST_ANIMATED_PIXELS = 800
# Modes that PNG can hold; others are converted.
_PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16"})
_SIGNATURES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}

_counts: dict[str, int] = {}


def keep_image(root: str, image: Any) -> None:
    """As PNG, its longest side at most 4,000 pixels; a moving one as GIF."""
    frames = getattr(image, "n_frames", 1)
    if (
        getattr(image, "is_animated", False)
        and 1 < frames <= _MOST_FRAMES
        and max(image.size) <= _MOST_PIXELS
    ):
        if path := _next(root, "image", "gif"):
            image.save(path, format="GIF", save_all=True)
        return
    if image.mode not in _PNG_MODES:
        image = image.convert("RGB" if image.mode != "F" else "L")
    if max(image.size) > _MOST_PIXELS:
        image = image.copy()
        image.thumbnail((_MOST_PIXELS, _MOST_PIXELS))
    if path := _next(root, "image", "png"):
        image.save(path, format="PNG")


def keep_images(root: str, images: list[Any] | tuple[Any, ...]) -> None:
    """The first ten."""
    for image in images[:_MOST_IN_LIST]:
        keep_image(root, image)
    if len(images) > _MOST_IN_LIST:
        print(f"{len(images) - _MOST_IN_LIST:,} more images are not shown.", file=sys.stderr)


def keep_wrapped(root: str, wrapper: Any) -> None:
    """An image inside another object, as qrcode makes them."""
    keep_image(root, wrapper.get_image())


def keep_drawn(root: str, value: Any) -> bool:
    """What draws itself by IPython's convention; False where it has nothing to show, or text as well."""
    for name in ("_repr_png_", "_repr_jpeg_"):
        data = _drawn(value, name)
        if isinstance(data, str):
            data = base64.b64decode(data)
        ending = next(
            (found for start, found in _SIGNATURES.items() if bytes(data or b"").startswith(start)), ""
        )
        if ending:
            _write(_next(root, "image", ending), data)
            return True
    drawing = _drawn(value, "_repr_svg_")
    if isinstance(drawing, str) and "<svg" in drawing[:2_000]:
        _write(_next(root, "drawing", "svg"), drawing.encode("utf-8", "replace"))
    return False  # a chat does not show SVG: the repr says what it is


class _EnoughError(Exception):
    """Time is up; the frames so far are written all the same."""


def keep_animation(root: str, animation: Any) -> None:
    """As GIF, in at most 200 frames and 20 seconds, which Pillow can write; there is no ffmpeg."""
    writer_of = sys.modules["matplotlib.animation"].PillowWriter
    figure = animation._fig
    count = getattr(animation, "_save_count", None)
    if (count is None or count > _MOST_FRAMES) and hasattr(animation, "_save_count"):
        animation._save_count = _MOST_FRAMES
        if count is not None:
            print(f"The animation is cut after {_MOST_FRAMES} of its {count:,} frames.", file=sys.stderr)
    milliseconds = getattr(animation, "_interval", 0) or 200
    writer = writer_of(fps=max(1, min(50, 1_000 / milliseconds)))
    longest = max(*figure.get_size_inches(), 0.1)
    started = time.monotonic()

    def stop_in_time(number: int, _total: int | None) -> None:
        if number and time.monotonic() - started > _MOST_SECONDS:
            raise _EnoughError(number)

    if path := _next(root, "animation", "gif"):
        dpi = min(figure.dpi, _MOST_ANIMATED_PIXELS / longest)
        try:
            animation.save(path, writer=writer, dpi=dpi, progress_callback=stop_in_time)
        except _EnoughError as enough:
            print(
                f"The animation is cut after {enough} frames, which took {_MOST_SECONDS:g} seconds to draw.",
                file=sys.stderr,
            )
    # Its figure is still open, and is not to come a second time as a still.
    setattr(figure, "_slashbox_kept", True)  # noqa: B010
    figure.stale = False


def _drawn(value: Any, name: str) -> Any:
    method = getattr(type(value), name, None)
    drawn = method(value) if method is not None else None
    return drawn[0] if isinstance(drawn, tuple) else drawn


def _write(path: str | None, data: bytes) -> None:
    if path:
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(data)


def _next(root: str, stem: str, ending: str) -> str | None:
    """The path of the next file of that name; None where there are too many."""
    if sum(_counts.values()) >= _MOST_FILES:
        return None
    _counts[stem] = _counts.get(stem, 0) + 1
    return f"{root}/figures/{stem}-{_counts[stem]}.{ending}"
