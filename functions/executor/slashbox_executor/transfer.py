"""Moves files over HTTP with nothing but presigned URLs: inputs and bundles in, produced files out."""

from __future__ import annotations

import contextlib
import http.client
import secrets
import socket
import ssl
import urllib.parse
from collections.abc import Iterator
from functools import cache
from typing import BinaryIO, Protocol

from .deadline import Deadline
from .protocol import InputFile, Slot

_CHUNK = 1 << 18
_PART = 1 << 16
# One silent connection must not use up the time of all the others.
_SILENCE_SECONDS = 15.0


class TransferError(Exception):
    """A transfer that did not work; the message is fit for the person whose file it is."""


class InputSource(Protocol):
    def fetch(self, item: InputFile, target: BinaryIO, deadline: Deadline) -> None:
        """Writes exactly `item.size` bytes. :raises TransferError:"""


class OutputSink(Protocol):
    def store(self, slot: int, name: str, source: BinaryIO, size: int, deadline: Deadline) -> None:
        """Keeps `size` bytes of `source` as the file of `slot`. :raises TransferError:"""


class BundleSource(Protocol):
    def fetch(self, key: str, size: int, deadline: Deadline) -> Iterator[bytes]:
        """Gives exactly `size` bytes, in parts. One at a time. :raises TransferError: while it is read"""

    def close(self) -> None:
        """Ends what is under way, also from another thread; the next `fetch` begins anew."""


class PresignedInputs:
    """Inputs by presigned GET."""

    def fetch(self, item: InputFile, target: BinaryIO, deadline: Deadline) -> None:
        download(item.url, target, item.size, deadline)


class PresignedOutputs:
    """Outputs by presigned POST, the n-th file to the n-th slot."""

    def __init__(self, slots: tuple[Slot, ...]) -> None:
        self._slots = slots

    def store(self, slot: int, name: str, source: BinaryIO, size: int, deadline: Deadline) -> None:
        upload(self._slots[slot], name, source, size, deadline)


class BundleStore:
    """Bundles below a base URL, http(s) or file; by http, one after the other over one connection."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._connection: http.client.HTTPConnection | None = None
        # http.client lets go of it where the server will end the connection.
        self._socket: socket.socket | None = None

    def fetch(self, key: str, size: int, deadline: Deadline) -> Iterator[bytes]:
        """As `BundleSource` says."""
        url = f"{self._base}/{urllib.parse.quote(key)}"
        return _read_local(url, size) if url.startswith("file:") else self._download(url, size, deadline)

    def close(self) -> None:
        """As `BundleSource` says."""
        connection, self._connection = self._connection, None
        waiting, self._socket = self._socket, None
        if waiting is not None:
            with contextlib.suppress(OSError):
                waiting.shutdown(
                    socket.SHUT_RDWR
                )  # closing alone would not wake a thread that waits for bytes
        if connection is not None:
            connection.close()

    def _download(self, url: str, size: int, deadline: Deadline) -> Iterator[bytes]:
        try:
            response = self._ask_again(url, deadline)
            if response.status != 200:
                raise TransferError(_refusal(response.status))
            yield from _received(response, size, deadline)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise TransferError(in_words(error)) from error
        except AttributeError as error:  # http.client's words for a response that `close` took away
            raise TransferError("the connection was ended") from error

    def _ask_again(self, url: str, deadline: Deadline) -> http.client.HTTPResponse:
        """A server may have ended the connection since the last bundle: then there is a new one."""
        if self._connection is not None and self._connection.sock is not None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                return ask(self._connection, _path_of(url), deadline)
        self.close()
        self._connection, path = connect(url, deadline)
        self._connection.connect()
        self._socket = self._connection.sock
        return ask(self._connection, path, deadline)


def download(url: str, target: BinaryIO, size: int, deadline: Deadline) -> None:
    """
    Streams `url` into `target`.

    :param size: the bytes there must be, neither less nor more
    :raises TransferError: on any other answer, size, silence, or at the deadline
    """
    try:
        connection, path = connect(url, deadline)
        try:
            response = ask(connection, path, deadline)
            if response.status != 200:
                raise TransferError(_refusal(response.status))
            for chunk in _received(response, size, deadline):
                target.write(chunk)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise TransferError(in_words(error)) from error


def upload(slot: Slot, name: str, source: BinaryIO, size: int, deadline: Deadline) -> None:
    """
    Streams `size` bytes as a form with the slot's fields, the file last, as S3 wants it.

    :raises TransferError: when the answer is not a success, or at the deadline
    """
    boundary = f"slashbox{secrets.token_hex(16)}"
    head = b"".join(_form_field(boundary, key, text) for key, text in slot.fields.items())
    head += _form_file(boundary, name)
    tail = f"\r\n--{boundary}--\r\n".encode()
    try:
        connection, path = connect(slot.url, deadline)
        try:
            connection.putrequest("POST", path)
            connection.putheader("Content-Type", f"multipart/form-data; boundary={boundary}")
            connection.putheader("Content-Length", str(len(head) + size + len(tail)))
            connection.endheaders(head)
            for chunk in _chunks(source, size, deadline):
                connection.send(chunk)
            connection.send(tail)
            response = connection.getresponse()
            response.read(_CHUNK)
            if not 200 <= response.status < 300:
                raise TransferError(_refusal(response.status))
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise TransferError(in_words(error)) from error


def connect(url: str, deadline: Deadline) -> tuple[http.client.HTTPConnection, str]:
    """A connection for `url`, not opened yet, and the path to ask it for. :raises TransferError:"""
    parts = urllib.parse.urlsplit(url)
    if deadline.passed:
        raise TransferError("there was no time left for it")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise TransferError("its address is not one that we can use")
    timeout = min(_SILENCE_SECONDS, deadline.seconds_left)
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout), _path_of(url)
    secure = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=_tls())
    return secure, _path_of(url)


def _path_of(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return (parts.path + (f"?{parts.query}" if parts.query else "")) or "/"


@cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the system's certificates takes longer than most transfers."""
    return ssl.create_default_context()


def ask(connection: http.client.HTTPConnection, path: str, deadline: Deadline) -> http.client.HTTPResponse:
    """The answer to a GET; silence longer than a few seconds, or the deadline, is a TimeoutError."""
    if connection.sock is not None:
        connection.sock.settimeout(min(_SILENCE_SECONDS, max(deadline.seconds_left, 0.001)))
    connection.request("GET", path, headers={"Accept-Encoding": "identity"})
    return connection.getresponse()


def _received(response: http.client.HTTPResponse, size: int, deadline: Deadline) -> Iterator[bytes]:
    """Parts of some size, though a slow server sends drops: each of them is a chance to look at the clock."""
    received, waiting = 0, bytearray()
    while drop := response.read1(_CHUNK):
        received += len(drop)
        if received > size:
            raise TransferError(f"it is larger than the {size:,} bytes it should have")
        if deadline.passed:
            raise TransferError("it took too long")
        waiting += drop
        if len(waiting) >= _PART:
            yield bytes(waiting)
            waiting.clear()
    if received != size:
        raise TransferError(f"it has {received:,} bytes and should have {size:,}")
    response.close()  # read1 does not notice the end by itself, and the connection would not be free again
    if waiting:
        yield bytes(waiting)


def _chunks(source: BinaryIO, size: int, deadline: Deadline) -> Iterator[bytes]:
    left = size
    while left:
        if deadline.passed:
            raise TransferError("there was no time left for it")
        chunk = source.read(min(_CHUNK, left))
        if not chunk:
            raise TransferError("it became shorter while it was read")
        left -= len(chunk)
        yield chunk


def _read_local(url: str, size: int) -> Iterator[bytes]:
    path = urllib.parse.unquote(urllib.parse.urlsplit(url).path)
    copied = 0
    try:
        with open(path, "rb") as source:  # noqa: PTH123
            while chunk := source.read(_CHUNK):
                copied += len(chunk)
                yield chunk
    except OSError as error:
        raise TransferError(in_words(error)) from error
    if copied != size:
        raise TransferError(f"it has {copied:,} bytes and should have {size:,}")


def _form_field(boundary: str, name: str, text: str) -> bytes:
    quoted = _quote(name)
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{quoted}"\r\n\r\n{text}\r\n'.encode()


def _form_file(boundary: str, name: str) -> bytes:
    quoted = _quote(name)
    return (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()


def _quote(name: str) -> str:
    """As browsers do it: https://html.spec.whatwg.org/#multipart-form-data"""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _refusal(status: int) -> str:
    if status in {403, 404, 410}:
        return f"the store does not have it any more or does not let us at it (HTTP {status})"
    return f"the store answered HTTP {status}"


def in_words(error: Exception) -> str:
    """What a failed transfer's error means to the person who waits."""
    if isinstance(error, TimeoutError):
        return "the store did not answer in time"
    if isinstance(error, OSError) and error.strerror:
        return f"the store could not be reached: {error.strerror}"
    return f"the store could not be reached: {error}"[:300]
