"""Moves files over HTTP with nothing but presigned URLs: inputs and bundles in, produced files out."""

from __future__ import annotations

import http.client
import secrets
import ssl
import urllib.parse
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from .deadline import Deadline
from .protocol import InputFile, Slot

_CHUNK = 1 << 18
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
    def fetch(self, key: str, target: BinaryIO, size: int, deadline: Deadline) -> None:
        """Writes exactly `size` bytes. :raises TransferError:"""


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
    """Bundles below a base URL, http(s) or file."""

    def __init__(self, base: str) -> None:
        self._base = base

    def fetch(self, key: str, target: BinaryIO, size: int, deadline: Deadline) -> None:
        url = f"{self._base}/{urllib.parse.quote(key)}"
        if url.startswith("file:"):
            _copy_local(url, target, size)
        else:
            download(url, target, size, deadline)


def download(url: str, target: BinaryIO, size: int, deadline: Deadline) -> None:
    """
    Streams `url` into `target`.

    :param size: the bytes there must be, neither less nor more
    :raises TransferError: on any other answer, size, silence, or at the deadline
    """
    try:
        connection, path = _connect(url, deadline)
        try:
            connection.request("GET", path, headers={"Accept-Encoding": "identity"})
            response = connection.getresponse()
            if response.status != 200:
                raise TransferError(_refusal(response.status))
            _receive(response, target, size, deadline)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise TransferError(_trouble(error)) from error


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
        connection, path = _connect(slot.url, deadline)
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
        raise TransferError(_trouble(error)) from error


def _connect(url: str, deadline: Deadline) -> tuple[http.client.HTTPConnection, str]:
    parts = urllib.parse.urlsplit(url)
    if deadline.passed:
        raise TransferError("there was no time left for it")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise TransferError("its address is not one that we can use")
    timeout = min(_SILENCE_SECONDS, deadline.seconds_left)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout), path or "/"
    context = ssl.create_default_context()
    secure = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context)
    return secure, path or "/"


def _receive(response: http.client.HTTPResponse, target: BinaryIO, size: int, deadline: Deadline) -> None:
    received = 0
    while chunk := response.read(_CHUNK):
        received += len(chunk)
        if received > size:
            raise TransferError(f"it is larger than the {size:,} bytes it should have")
        if deadline.passed:
            raise TransferError("it took too long")
        target.write(chunk)
    if received != size:
        raise TransferError(f"it has {received:,} bytes and should have {size:,}")


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


def _copy_local(url: str, target: BinaryIO, size: int) -> None:
    path = urllib.parse.unquote(urllib.parse.urlsplit(url).path)
    copied = 0
    try:
        with open(path, "rb") as source:  # noqa: PTH123
            while chunk := source.read(_CHUNK):
                target.write(chunk)
                copied += len(chunk)
    except OSError as error:
        raise TransferError(_trouble(error)) from error
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


def _trouble(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the store did not answer in time"
    if isinstance(error, OSError) and error.strerror:
        return f"the store could not be reached: {error.strerror}"
    return f"the store could not be reached: {error}"[:300]
