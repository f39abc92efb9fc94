"""Bundles on their way: received and hashed in one thread, decompressed in another."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Iterator, Sequence
from types import TracebackType

from .deadline import Deadline
from .decompress import decompressed
from .manifest import Bundle
from .transfer import BundleSource
from .unpack import BundleError

# So many parts may wait for the next thread: a few megabytes, enough while many small files are made.
_PARTS_AHEAD = 32
# The end of one bundle. What failed arrives as the exception that it failed with.
_END = b""

_Parts = queue.Queue[bytes | Exception]


class Arrivals:
    """
    The content of `bundles`, in order, while the next ones are already being received.

    Each step lets the others run meanwhile, as all of them spend their time outside of Python. The threads
    live inside the `with` block only: nobody forks beside them.
    """

    def __init__(self, source: BundleSource, bundles: Sequence[Bundle], deadline: Deadline) -> None:
        self._source = source
        self._bundles = bundles
        self._deadline = deadline
        self._received: _Parts = queue.Queue(_PARTS_AHEAD)
        self._ready: _Parts = queue.Queue(_PARTS_AHEAD)
        self._unwanted = threading.Event()
        self._receiving = threading.Thread(target=self._receive, name="arrivals", daemon=True)
        self._decompressing = threading.Thread(target=self._decompress, name="decompress", daemon=True)

    def __enter__(self) -> Arrivals:
        self._receiving.start()
        self._decompressing.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unwanted.set()
        if kind is not None:
            self._source.close()  # the thread may be waiting for bytes that nobody wants any more
        _end(self._decompressing, self._ready)
        # Only now: until it ended, the other thread waited for what stands here.
        _end(self._receiving, self._received)

    def bundle(self) -> Iterator[bytes]:
        """
        What the next bundle holds: a zip. That it is the right one is certain when its last part was read.

        :raises TransferError: where it did not come whole
        :raises BundleError: where it is damaged; at its end, where its hash is not the manifest's
        """
        return _until_end(self._ready)

    def _receive(self) -> None:
        try:
            for bundle in self._bundles:
                digest = hashlib.sha256()
                for part in self._source.fetch(bundle.key, bundle.bytes, self._deadline):
                    digest.update(part)
                    self._hand_over(part, self._received)
                self._received.put(_END if digest.hexdigest() == bundle.sha256 else _not_the_locked_one())
        except Exception as error:
            self._received.put(error)

    def _decompress(self) -> None:
        try:
            for bundle in self._bundles:
                parts = _until_end(self._received)
                if bundle.is_compressed:
                    parts = decompressed(parts, bundle.unpacked_bytes)
                for part in parts:
                    self._hand_over(part, self._ready)
                self._ready.put(_END)
        except Exception as error:
            self._ready.put(error)

    def _hand_over(self, part: bytes, to: _Parts) -> None:
        to.put(part)
        if self._unwanted.is_set():
            raise _UnwantedError


class _UnwantedError(Exception):
    """Nobody reads on; the other thread is told by it."""


def _until_end(parts: _Parts) -> Iterator[bytes]:
    while (part := parts.get()) != _END:
        if isinstance(part, Exception):
            raise part
        yield part


def _end(thread: threading.Thread, filled: _Parts) -> None:
    """Makes room for what `thread` may be waiting to hand over."""
    while thread.is_alive():
        while not filled.empty():
            filled.get_nowait()
        thread.join(0.01)


def _not_the_locked_one() -> BundleError:
    return BundleError("its content is not what was locked (sha256 differs)")
