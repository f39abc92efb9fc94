"""Lets whatever reaches for the network fail at once, with words, instead of waiting for an answer.

This is advice for honest code, not a wall: `_socket` and every program that code starts know nothing of it.
What holds is the kernel layer, and in AWS a network without a route.
"""

from __future__ import annotations

import errno
import functools
from collections.abc import Callable
from types import ModuleType

_WORDS = "Network access is switched off here"
_METHODS = ("connect", "connect_ex", "bind", "sendto", "sendmsg")
_LOOK_UPS = (
    *("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo"),
    *("create_connection", "create_server"),
)


def refuse(socket: ModuleType) -> None:
    """Adjusts the module `socket`; unix sockets and connected pairs (asyncio) are left as they are."""
    internet = (socket.AF_INET, getattr(socket, "AF_INET6", None))

    def refused(method: Callable[..., object]) -> Callable[..., object]:
        @functools.wraps(method)
        def checked(self: object, *arguments: object) -> object:
            if getattr(self, "family", None) in internet:
                raise _refusal()
            return method(self, *arguments)

        return checked

    create = socket.socket.__init__

    @functools.wraps(create)
    def checked_creation(self: object, *arguments: object, **options: object) -> None:
        try:
            create(self, *arguments, **options)
        except PermissionError:  # the kernel layer's, which has no words for it
            raise _refusal() from None

    socket.socket.__init__ = checked_creation
    for name in _METHODS:
        method = getattr(socket.socket, name, None)
        if method is not None:
            setattr(socket.socket, name, refused(method))

    def no_answer(*_arguments: object, **_options: object) -> object:
        raise _refusal()

    for name in _LOOK_UPS:
        if hasattr(socket, name):
            setattr(socket, name, no_answer)


def _refusal() -> PermissionError:
    return PermissionError(errno.EACCES, _WORDS)
