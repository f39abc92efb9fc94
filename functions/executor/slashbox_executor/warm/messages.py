"""What executor, parent and child tell each other, as the JSON values that travel."""

from __future__ import annotations

from typing import Literal, TypedDict

Kind = Literal["light", "heavy"]


class ParentSetup(TypedDict):
    """
    To a parent, once: who it is and what it loads.

    :ivar paths: where packages lie while it loads
    :ivar ids: its own user id, then user and group id of runs; None: they are ours
    :ivar landlock: the version that runs are held by; 0: none
    :ivar seccomp: runs are held by a filter
    :ivar readable: what every run may read beside the system's own files
    """

    kind: Kind
    paths: list[str]
    ids: list[int] | None
    landlock: int
    seccomp: bool
    readable: list[str]


class Job(TypedDict):
    """
    To a child, once, with descriptors for its standard input, output and error output.

    :ivar root: the run's folder
    :ivar paths: where packages lie
    :ivar mark: text to put into the environment block that /proc shows
    :ivar readable, writable: for the kernel layer, beside what the parent was told
    :ivar threads: how many a linear algebra library may use
    """

    root: str
    code_name: str
    paths: list[str]
    environment: dict[str, str]
    mark: str
    limits: dict[str, float]
    readable: list[str]
    writable: list[str]
    threads: int
