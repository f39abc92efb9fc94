"""A small assembler for classic BPF, as far as a seccomp filter needs it: load, compare, return.

Jumps go forward to labels. A constant may be left open by name and filled in later, in microseconds.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

ALLOW = 0x7FFF0000
_ERRNO = 0x00050000

_LOAD, _AND = 0x20, 0x54
_EQUAL, _ABOVE, _AT_LEAST, _ANY_BIT = 0x15, 0x25, 0x35, 0x45
_RETURN = 0x06
_INSTRUCTION = struct.Struct("=HBBI")
_FARTHEST_JUMP = 255
MOST_INSTRUCTIONS = 4_096

Constant = int | str


def errno(number: int) -> int:
    """The verdict: the call is not carried out and fails with this error."""
    return _ERRNO | number


@dataclass(frozen=True, slots=True)
class Program:
    """:ivar holes: where, in `code`, the constant of each name is still to be written"""

    code: bytes
    holes: tuple[tuple[int, str], ...]

    def fill(self, **constants: int) -> bytes:
        """:raises KeyError: if a constant is missing"""
        code = bytearray(self.code)
        for offset, name in self.holes:
            struct.pack_into("=I", code, offset, constants[name] & 0xFFFFFFFF)
        return bytes(code)


class Assembler:
    def __init__(self) -> None:
        self._lines: list[tuple[int, str | None, str | None, Constant]] = []
        self._labels: dict[str, int] = {}
        self._fresh = 0

    def label(self, name: str) -> None:
        """The next instruction can be jumped to as `name`."""
        if name in self._labels:
            raise ValueError(f"label {name} is set twice")
        self._labels[name] = len(self._lines)

    def fresh(self) -> str:
        """A label name that is not in use."""
        self._fresh += 1
        return f"label {self._fresh}"

    def load(self, offset: int) -> None:
        """The 32 bits at `offset` of seccomp's data become the value."""
        self._lines.append((_LOAD, None, None, offset))

    def mask(self, bits: int) -> None:
        self._lines.append((_AND, None, None, bits))

    def equal(self, constant: Constant, then: str | None = None, otherwise: str | None = None) -> None:
        """None means: go on with the next instruction. So for all comparisons; they are unsigned."""
        self._lines.append((_EQUAL, then, otherwise, constant))

    def above(self, constant: Constant, then: str | None = None, otherwise: str | None = None) -> None:
        self._lines.append((_ABOVE, then, otherwise, constant))

    def at_least(self, constant: Constant, then: str | None = None, otherwise: str | None = None) -> None:
        self._lines.append((_AT_LEAST, then, otherwise, constant))

    def any_bit(self, constant: Constant, then: str | None = None, otherwise: str | None = None) -> None:
        self._lines.append((_ANY_BIT, then, otherwise, constant))

    def verdict(self, value: int) -> None:
        self._lines.append((_RETURN, None, None, value))

    def assemble(self) -> Program:
        """:raises ValueError: for a jump backwards, too far, or to nowhere; for a program too long"""
        if len(self._lines) > MOST_INSTRUCTIONS:
            raise ValueError(f"{len(self._lines)} instructions; the kernel takes {MOST_INSTRUCTIONS}")
        code = bytearray()
        holes: list[tuple[int, str]] = []
        for index, (operation, then, otherwise, constant) in enumerate(self._lines):
            if isinstance(constant, str):
                holes.append((len(code) + 4, constant))
                constant = 0  # noqa: PLW2901
            jumps = (self._distance(index, then), self._distance(index, otherwise))
            code += _INSTRUCTION.pack(operation, *jumps, constant & 0xFFFFFFFF)
        return Program(bytes(code), tuple(holes))

    def _distance(self, index: int, label: str | None) -> int:
        if label is None:
            return 0
        target = self._labels.get(label)
        if target is None:
            raise ValueError(f"label {label} is nowhere")
        distance = target - index - 1
        if not 0 <= distance <= _FARTHEST_JUMP or target >= len(self._lines):
            raise ValueError(f"a jump to {label} is not possible from here")
        return distance
