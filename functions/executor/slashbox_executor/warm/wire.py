"""Messages between the executor, its warm parents and their children: JSON, with descriptors beside it.

Over sequenced-packet sockets, so that a message arrives whole or not at all. Of the standard library only
what costs nothing to import: a child starts with whatever its parent has loaded.
"""

from __future__ import annotations

import _socket
import json
import struct
from collections.abc import Sequence

_MOST_BYTES = 1 << 17
_MOST_DESCRIPTORS = 4
_INT = struct.calcsize("i")

Channel = _socket.socket


class WireError(Exception):
    """The other side said something that cannot be, or is gone."""


def open_pair() -> tuple[Channel, Channel]:
    """Two ends, both closed by exec."""
    return _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)


def send(channel: Channel, message: object, descriptors: Sequence[int] = ()) -> None:
    """:raises WireError: if the other side is gone, or the message does not fit"""
    rights = struct.pack(f"{len(descriptors)}i", *descriptors)
    beside = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)] if descriptors else []
    try:
        channel.sendmsg([json.dumps(message).encode()], beside, _socket.MSG_NOSIGNAL)
    except OSError as error:
        raise WireError(f"it cannot be reached: {error.strerror}") from error


def receive(channel: Channel) -> tuple[object, list[int]] | None:
    """
    The next message and its descriptors, closed by exec; None when the other side is gone.

    :raises BlockingIOError: if there is none yet and the channel does not block
    :raises WireError: for what is no message
    """
    space = _socket.CMSG_SPACE(_MOST_DESCRIPTORS * _INT)
    try:
        data, beside, flags, _ = channel.recvmsg(_MOST_BYTES, space, _socket.MSG_CMSG_CLOEXEC)
    except BlockingIOError:
        raise
    except OSError:
        return None
    descriptors: list[int] = []
    for level, kind, rights in beside:
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
            count = len(rights) // _INT
            descriptors += struct.unpack(f"{count}i", rights[: count * _INT])
    if not data:
        return None
    if flags & (_socket.MSG_TRUNC | _socket.MSG_CTRUNC):
        raise WireError("a message was cut")
    try:
        return json.loads(data), descriptors
    except ValueError as error:
        raise WireError("a message is not JSON") from error
