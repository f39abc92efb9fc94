"""What a benchmark prints and writes."""

import json
from pathlib import Path

import pytest

from scripts.bench.report import Goal, Section, megabytes, milliseconds, table, write_json


def test_table_has_its_figures_to_the_right() -> None:
    assert table(("what", "ms"), [("a", "1"), ("longer", "1,000")]) == [
        "what       ms",
        "------  -----",
        "a           1",
        "longer  1,000",
    ]


def test_table_without_rows_is_its_head() -> None:
    assert table(("a", "b"), []) == ["a  b", "-  -"]


def test_section_shows_rows_notes_and_goals() -> None:
    section = Section("n", "A title", ("what", "ms"), [("print", "1")], notes=["a note"])
    section.goals = [Goal("fast", "4 times", True), Goal("small", "9 MB", False), Goal("known", "-", None)]
    text = str(section)
    assert text.startswith("A title\n\nwhat ")
    assert "  a note\n" in text
    assert text.endswith("    met  fast: 4 times\n MISSED  small: 9 MB\nunknown  known: -")


def test_json_holds_data_and_goals_by_section(tmp_path: Path) -> None:
    section = Section("n", "t", ("a",), data={"times_ms": [1.5]}, goals=[Goal("g", "f", False)])
    write_json(tmp_path / "out.json", {"processors": 2}, [section])
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["machine"] == {"processors": 2}
    assert document["sections"]["n"]["data"] == {"times_ms": [1.5]}
    assert document["sections"]["n"]["goals"] == [{"what": "g", "found": "f", "met": False}]
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123, "0.12"), (9.994, "9.99"), (12.34, "12.3"), (123.4, "123"), (12_345.6, "12,346")],
)
def test_times_have_the_digits_that_mean_something(value: float, text: str) -> None:
    assert milliseconds(value) == text


def test_megabytes_are_of_a_million() -> None:
    assert megabytes(1_234_567) == "1.2"
