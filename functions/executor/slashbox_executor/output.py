"""Keeps the head of a stream within a number of characters, however much flows through it."""

from __future__ import annotations

import codecs

_TAIL_BYTES = 1 << 14


class CappedText:
    """Bytes in, at most `most` characters of UTF-8 out; what is not UTF-8 becomes U+FFFD."""

    def __init__(self, most: int) -> None:
        self._room = most
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._parts: list[str] = []
        self._tail = b""
        self.truncated = False

    def feed(self, data: bytes) -> None:
        if self.truncated:
            self._tail = (self._tail + data)[-_TAIL_BYTES:]
            return
        self._keep(self._decoder.decode(data))
        if self.truncated:
            self._tail = data[-_TAIL_BYTES:]

    def finish(self) -> str:
        if not self.truncated:
            self._keep(self._decoder.decode(b"", final=True))
        return "".join(self._parts)

    def end(self) -> str:
        """The last that flowed through, kept or not: an error is at the end of what a program prints."""
        return self._tail.decode("utf-8", "replace") if self.truncated else "".join(self._parts)

    def _keep(self, text: str) -> None:
        self._parts.append(text[: self._room])
        self.truncated = len(text) > self._room
        self._room = max(0, self._room - len(text))
