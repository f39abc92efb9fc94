"""How values are shown: the last expression's, and those given to display()."""

from __future__ import annotations

import importlib
import io
from collections import Counter, namedtuple
from contextlib import redirect_stdout
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

import pytest
from executor_support import Executor
from hypothesis import given
from hypothesis import strategies as st
from slashbox_executor.child import display, tables


def _call(part: str, function: str, *arguments: object) -> object:
    return getattr(importlib.import_module(f"slashbox_executor.child.{part}"), function)(*arguments)


def _shown(value: object) -> str:
    printed = io.StringIO()
    with redirect_stdout(printed):
        display.show(_call, "/nowhere", value)
    return printed.getvalue()


def _width(line: str) -> int:
    return tables._width(line)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (
            [{"name": "Ann", "age": 31}, {"name": "Bo", "age": 4}],
            "name  age\n----  ---\nAnn    31\nBo      4\n",
        ),
        ([{"a": 1, "b": 2}, {"b": 3, "c": 4.5}], "a  b    c\n-  -  ---\n1  2\n   3  4.5\n"),
        ({"x": [1, 20], "y": ["p", "q"]}, " x  y\n--  -\n 1  p\n20  q\n"),
        ({"r1": {"a": 1, "b": 2}, "r2": {"a": 3, "b": 4}}, "    a  b\n--  -  -\nr1  1  2\nr2  3  4\n"),
        ([{"city": "東京", "n": 1}, {"city": "Rome", "n": 22}], "city   n\n----  --\n東京   1\nRome  22\n"),
        (
            [{"t": "a\nb\t\x1b", "n": None}] * 2,
            "t           n\n----------  ----\na\\nb\\t\\x1b  None\na\\nb\\t\\x1b  None\n",
        ),
        ({"a": 1, "b": 2}, "{'a': 1, 'b': 2}\n"),
        (Counter("aab"), "Counter({'a': 2, 'b': 1})\n"),
        ([{"a": 1}, {"a": 2}], "[{'a': 1}, {'a': 2}]\n"),
        ([{"a": [1]}, {"a": 2}], "[{'a': [1]}, {'a': 2}]\n"),
        ({"low": (1, 2), "high": (3, 4)}, "{'low': (1, 2), 'high': (3, 4)}\n"),
        ([], "[]\n"),
        ({}, "{}\n"),
        ((1, 2), "(1, 2)\n"),
        ([[1, 2], [3, 4]], "[[1, 2], [3, 4]]\n"),
    ],
)
def test_containers_are_tables_where_that_reads_better(value: object, shown: str) -> None:
    assert _shown(value) == shown


def test_what_is_too_long_for_a_line_becomes_a_table() -> None:
    counts = Counter({f"a long word {n}": n for n in range(1, 20)})
    assert _shown(counts).splitlines()[:3] == [
        "value           count",
        "--------------  -----",
        "a long word 19     19",
    ]
    flat = {f"setting number {n}": n / 3 for n in range(12)}
    assert _shown(flat).splitlines()[1] == "setting number 1   0.333333"
    rows = [(f"row {n}", n, n * n) for n in range(20)]
    assert _shown(rows).splitlines()[-1] == "row 19  19  361"


def test_named_tuples_and_dataclasses_are_tables_unless_they_show_themselves() -> None:
    Point = namedtuple("Point", "x y")

    @dataclass
    class City:
        name: str
        people: int

    @dataclass
    class Own:
        name: str
        people: int

        def __repr__(self) -> str:
            return "mine"

    assert _shown([Point(1, 2), Point(3, 4)]) == "x  y\n-  -\n1  2\n3  4\n"
    assert (
        _shown([City("Rome", 3), City("Bern", 1)])
        == "name  people\n----  ------\nRome       3\nBern       1\n"
    )
    assert _shown([Own("Rome", 3), Own("Bern", 1)]) == "[mine, mine]\n"


def test_long_tables_lose_their_middle_and_say_so() -> None:
    lines = _shown([{"n": n, "square": n * n} for n in range(500)]).splitlines()
    assert len(lines) < 60
    assert "…" in lines
    assert (lines[2].split(), lines[-2].split()) == (["0", "0"], ["499", "249001"])
    assert lines[-1] == "[500 rows x 2 columns]"
    whole = _shown([{"n": n, "square": n * n} for n in range(60)]).splitlines()
    assert len(whole) == 62


def test_wide_tables_lose_middle_columns() -> None:
    lines = _shown([{f"column {n}": n for n in range(50)}] * 3).splitlines()
    assert max(map(_width, lines)) <= 110
    assert "column 0" in lines[0]
    assert "column 49" in lines[0]
    assert lines[-1] == "[3 rows x 50 columns]"


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60)
nested = st.recursive(
    plain | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=70)
        | st.dictionaries(st.text(max_size=60), inner, max_size=70)
        | st.dictionaries(plain, inner, max_size=9)
        | st.tuples(inner, inner)
        | st.frozensets(plain, max_size=5)
    ),
    max_leaves=80,
)
records = st.lists(st.text(max_size=40), min_size=1, max_size=60, unique=True).flatmap(
    lambda names: st.lists(st.fixed_dictionaries(dict.fromkeys(names, plain)), min_size=2, max_size=80)
)


@given(nested | records | st.dictionaries(st.text(max_size=9), st.lists(plain, min_size=3, max_size=3)))
def test_every_plain_value_is_shown_within_bounds(value: object) -> None:
    text = _shown(value)
    assert text.strip()
    laid_out = tables.lay_out(value, None) if isinstance(value, (list, dict)) else None
    if laid_out is not None:
        lines = laid_out.split("\n")
        assert len(lines) <= 63
        assert max(map(_width, lines)) <= 110
        assert all(line.isprintable() for line in lines)


class Counting:
    asked = 0

    def __repr__(self) -> str:
        type(self).asked += 1
        return "c" * 60


class Unhashable(type):
    __hash__ = None  # type: ignore[assignment]

    def __eq__(cls, other: object) -> bool:
        raise RuntimeError("compared")

    def __instancecheck__(cls, instance: object) -> bool:
        raise RuntimeError("checked")


class Hostile(metaclass=Unhashable):
    """Lies and raises wherever it is asked anything but its repr."""

    __module__ = 5  # type: ignore[assignment]

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __len__(self) -> int:
        raise RuntimeError("length")

    def __iter__(self) -> Any:
        raise RuntimeError("iterated")

    def __bool__(self) -> bool:
        raise RuntimeError("truth")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")

    def __hash__(self) -> int:
        raise RuntimeError("hashed")

    def __repr__(self) -> str:
        return "hostile"


class Draws:
    """Like a picture for notebooks, but not a good one."""

    def _repr_png_(self) -> object:
        raise RuntimeError("no picture")

    def __repr__(self) -> str:
        return "undrawn"


class Html:
    def _repr_html_(self) -> str:
        return "<b>bold</b>"

    def __repr__(self) -> str:
        return "plain"


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda: Hostile(*()), "hostile\n"),
        (lambda: [Hostile()], "[hostile]\n"),
        (lambda: {"a": Hostile(), "b": 1}, "{'a': hostile, 'b': 1}\n"),
        (lambda: [{"a": Hostile(), "b": 1}] * 2, "[{'a': hostile, 'b': 1}, {'a': hostile, 'b': 1}]\n"),
        (Draws, "undrawn\n"),
        (Html, "plain\n"),
    ],
)
def test_values_that_lie_or_raise_are_shown_as_their_repr(make: Any, shown: str) -> None:
    assert _shown(make()) == shown


@pytest.mark.parametrize(
    "wrap", [lambda c: c, lambda c: [c, c], lambda c: {"k" * 99: c}, lambda c: [{"a": c}] * 2]
)
def test_a_repr_of_the_users_runs_once_for_each_time_it_is_shown(wrap: Any) -> None:
    Counting.__module__ = "__main__"
    Counting.asked = 0
    text = _shown(wrap(Counting()))
    assert Counting.asked == text.count("c" * 60)


def test_containers_that_hold_themselves_are_shown() -> None:
    loop: list[object] = []
    loop.append(loop)
    circle: dict[str, object] = {"x" * 200: 1}
    circle["self"] = circle
    assert _shown(loop) == "[[...]]\n"
    assert "Recursion on dict" in _shown(circle)


@pytest.mark.parametrize("kind", [list, tuple, set, frozenset, lambda items: {n: [] for n in items}])
def test_a_million_items_are_shown_by_their_ends(kind: Any) -> None:
    text = _shown(kind(range(1_000_000)))
    assert len(text) < 5_000
    assert text.endswith("(1,000,000 items)\n")
    assert "0" in text
    records_ = _shown([{"n": n, "m": n} for n in range(20_000)])
    assert records_.endswith("[20,000 rows x 2 columns]\n")


def test_a_raising_repr_is_the_codes_own_error(executor: Executor) -> None:
    code = dedent("""\
        class Broken:
            def __repr__(self):
                raise ValueError("no words")
        Broken()
        """)
    result = executor.run(code)
    assert (result.status, result.stdout) == ("error", "")
    assert 'File "main.py", line 3, in __repr__' in result.stderr
    assert result.stderr.count("ValueError: no words") == 1
    assert "slashbox" not in result.stderr


def test_display_is_there_without_import_and_by_import(executor: Executor) -> None:
    code = "display(1, 'a', None)\nfrom slashbox import display as shown\nshown([{'a': 1, 'b': 2}] * 2)\n1"
    assert executor.run(code).stdout == "1\n'a'\nNone\na  b\n-  -\n1  2\n1  2\n1\n"


def test_a_semicolon_keeps_the_value_to_itself(executor: Executor) -> None:
    assert executor.run("5;").stdout == ""
    assert executor.run("x = '5;'\nx").stdout == "'5;'\n"


def test_value_is_shown_where_the_code_closed_its_output(executor: Executor) -> None:
    result = executor.run("import sys\nsys.stdout.close()\n'still here'")
    assert (result.status, result.stdout) == ("ok", "'still here'\n")


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("import asyncio\nawait asyncio.sleep(0)\nasync def f(): return 7\nawait f()", "7\n"),
        ("async def g():\n    yield 1\n[x async for x in g()]", "[1]\n"),
        ("async def g():\n    yield 1\nasync for x in g():\n    print(x)", "1\n"),
    ],
)
def test_code_may_await_outside_a_function(executor: Executor, code: str, shown: str) -> None:
    result = executor.run(code)
    assert (result.stdout, result.stderr) == (shown, "")


def test_what_is_outside_a_function_and_may_not_be_is_explained_once(executor: Executor) -> None:
    result = executor.run("x = 1\nreturn x")
    assert result.stderr.count("SyntaxError: 'return' outside function") == 1
    assert "During handling" not in result.stderr
