"""Bundles on their way: received and hashed in a thread, ahead of whoever unpacks them."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Iterator, Sequence
from types import TracebackType

from .deadline import Deadline
from .manifest import Bundle
from .transfer import BundleSource
from .unpack import BundleError

# So many parts may wait to be unpacked: a few megabytes, enough to bridge the making of many small files.
_PARTS_AHEAD = 32
# The end of one bundle. What failed arrives as the exception that it failed with.
_END = b""


class Arrivals:
    """
    The bytes of `bundles`, in order, while the next ones are already being received.

    The thread lives inside the `with` block only: nobody forks beside it.
    """

    def __init__(self, source: BundleSource, bundles: Sequence[Bundle], deadline: Deadline) -> None:
        self._source = source
        self._bundles = bundles
        self._deadline = deadline
        self._parts: queue.Queue[bytes | Exception] = queue.Queue(_PARTS_AHEAD)
        self._unwanted = threading.Event()
        self._thread = threading.Thread(target=self._receive, name="arrivals", daemon=True)

    def __enter__(self) -> Arrivals:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unwanted.set()
        if kind is not None:
            self._source.close()  # the thread may be waiting for bytes that nobody wants any more
        while self._thread.is_alive():
            # Makes room for the part that the thread may be waiting to hand over.
            while not self._parts.empty():
                self._parts.get_nowait()
            self._thread.join(0.01)

    def bundle(self) -> Iterator[bytes]:
        """
        The next bundle's bytes. That they are the right ones is certain only when the last was read.

        :raises TransferError: where it did not come whole
        :raises BundleError: at its end, where its hash is not the manifest's
        """
        while (part := self._parts.get()) != _END:
            if isinstance(part, Exception):
                raise part
            yield part

    def _receive(self) -> None:
        try:
            for bundle in self._bundles:
                digest = hashlib.sha256()
                for part in self._source.fetch(bundle.key, bundle.bytes, self._deadline):
                    digest.update(part)
                    self._parts.put(part)
                    if self._unwanted.is_set():
                        return
                self._parts.put(_END if digest.hexdigest() == bundle.sha256 else _not_the_locked_one())
        except Exception as error:
            self._parts.put(error)


def _not_the_locked_one() -> BundleError:
    return BundleError("its content is not what was locked (sha256 differs)")
