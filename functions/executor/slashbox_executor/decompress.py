"""Undoes a bundle's compression while it arrives, a little at a time: no bomb goes off in our memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .unpack import BundleError

_MOST_AT_ONCE = 1 << 18
# Beside the files' own bytes a zip has their names and attributes, twice.
_MOST_BESIDE_FILES = 64 << 20


def decompressed(parts: Iterable[bytes], unpacked_bytes: int) -> Iterator[bytes]:
    """
    What the zstd frame in `parts` holds, in parts of 256 KiB at most, none of them empty.

    As for `unpack`: what `parts` raises comes through, and outranks damage that was found before.

    :param unpacked_bytes: of the files in the zip that it holds
    :raises BundleError: where it is damaged, or holds more than such a zip can have
    """
    arriving = iter(parts)
    try:
        yield from _content(arriving, unpacked_bytes + _MOST_BESIDE_FILES)
    except BundleError:
        for _ in arriving:
            pass
        raise


def _content(parts: Iterable[bytes], most_bytes: int) -> Iterator[bytes]:
    # Most runs need no bundle at all.
    from backports.zstd import ZstdDecompressor, ZstdError  # noqa: PLC0415

    frame, left = ZstdDecompressor(), most_bytes
    try:
        for part in parts:
            waiting = part
            while waiting or not (frame.needs_input or frame.eof):
                piece = frame.decompress(waiting, _MOST_AT_ONCE)
                waiting, left = b"", left - len(piece)
                if left < 0:
                    raise BundleError("it unpacks to more than its manifest says")
                if piece:
                    yield piece
    except (ZstdError, EOFError) as error:
        raise BundleError(f"it is damaged: {error}") from error
    if frame.unused_data or not frame.eof:
        raise BundleError("it is damaged: it ends too early, or too late")
