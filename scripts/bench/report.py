"""What a benchmark found: tables and goals for a person, the same as plain data for a program."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Goal:
    """`met` is None where this machine could not tell."""

    what: str
    found: str
    met: bool | None

    def __str__(self) -> str:
        mark = {True: "met", False: "MISSED", None: "unknown"}[self.met]
        return f"{mark:>7}  {self.what}: {self.found}"


@dataclass
class Section:
    """One benchmark's table. `data` is what its figures were made from."""

    name: str
    title: str
    header: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    data: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [self.title, "", *table(self.header, self.rows)]
        lines += [f"  {note}" for note in self.notes]
        lines += [str(goal) for goal in self.goals]
        return "\n".join(lines)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of columns: the first to the left, figures to the right."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        first, *rest = zip(cells, widths, strict=True)
        return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]).rstrip()

    return [line(header), line(["-" * width for width in widths]), *map(line, rows)]


def write_json(path: Path, machine: dict[str, object], sections: Sequence[Section]) -> None:
    """Everything, at once: an interrupted run leaves an older file as it was."""
    document = {
        "machine": machine,
        "sections": {
            section.name: {
                "title": section.title,
                "data": section.data,
                "goals": [asdict(goal) for goal in section.goals],
                "notes": section.notes,
            }
            for section in sections
        },
    }
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def milliseconds(value: float) -> str:
    """Three digits that mean something, for times from microseconds to minutes."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def megabytes(count: float) -> str:
    """From bytes, in units of 10^6."""
    return f"{count / 1e6:,.1f}"
