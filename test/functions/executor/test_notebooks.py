"""Notebooks run cell by cell; what is not Python in them is carried out, or named and left out."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from executor_support import Executor
from hypothesis import given
from hypothesis import strategies as st
from slashbox_executor.child.magics import to_python
from slashbox_executor.child.notebook import NotebookError, code_cells, slimmed
from slashbox_executor.imports import find_imports
from slashbox_executor.protocol import Result


def notebook(*cells: str | list[str], **changes: object) -> str:
    listed: list[dict[str, object]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": source} for source in cells
    ]
    listed.insert(1, {"cell_type": "markdown", "source": "# Title\n1/0"})
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": listed, **changes})


def _run(executor: Executor, *cells: str | list[str]) -> Result:
    return executor.run(notebook(*cells), code_name="analysis.ipynb")


def test_cells_share_a_namespace_and_each_shows_its_value(executor: Executor) -> None:
    result = _run(executor, ["x = 2\n", "x"], "", "print('in between')", "x * 3", "x = 9;", "x;")
    assert (result.status, result.stdout, result.stderr) == ("ok", "2\nin between\n6\n", "")


def test_older_format_is_understood(executor: Executor) -> None:
    cells = [{"cell_type": "code", "language": "python", "input": ["6 * 7"]}, {"cell_type": "heading"}]
    code = json.dumps({"nbformat": 3, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]})
    assert executor.run(code, code_name="old.ipynb").stdout == "42\n"


def test_error_names_cell_and_line_and_what_did_not_run(executor: Executor) -> None:
    result = _run(executor, "def f(x):\n    return 1 / x", "'shown'", "y = 0\nf(y)", "print('never')", "2")
    assert (result.status, result.stdout) == ("error", "'shown'\n")
    # Newer versions mark the place in a line of carets.
    assert [line for line in result.stderr.splitlines() if line.strip("~^ ")][:6] == [
        "Cell 3 failed, so cells 4 to 5 did not run:",
        "Traceback (most recent call last):",
        "  In cell 3, line 2",
        "    f(y)",
        "  In cell 1, line 2, in f",
        "    return 1 / x",
    ]
    assert result.stderr.splitlines()[-1] == "ZeroDivisionError: division by zero"


def test_syntax_error_stops_at_its_cell(executor: Executor) -> None:
    result = _run(executor, "print('ran')", "x = (\n", "3")
    assert result.stdout == "ran\n"
    assert result.stderr.startswith("Cell 2 failed, so cell 3 did not run:\n  In cell 2, line 1\n    x = (\n")


def test_cells_may_await_and_tasks_live_on(executor: Executor) -> None:
    result = _run(
        executor,
        "import asyncio\nqueue = asyncio.Queue()\ntask = asyncio.create_task(queue.get())\n"
        "await asyncio.sleep(0)",
        "await queue.put(5)\nawait task",
        "async def main(): return 'own loop'\nasyncio.run(main())",
    )
    assert (result.stdout, result.stderr) == ("5\n'own loop'\n", "")


def test_future_imports_hold_for_later_cells(executor: Executor) -> None:
    assert _run(
        executor, "from __future__ import annotations", "def f(x: unknown): pass\nf.__annotations__"
    ).stdout == ("{'x': 'unknown'}\n")


def test_a_crash_names_its_cell(executor: Executor) -> None:
    result = _run(executor, "import ctypes\ndef f(): ctypes.string_at(0)", "1\nf()")
    assert result.status == "killed"
    assert result.stderr.endswith("\n  In cell 2, line 2\n  In cell 1, line 2, in f\n")


def test_exit_ends_the_notebook_without_a_word(executor: Executor) -> None:
    result = _run(executor, "import sys; sys.exit(3)", "print('never')")
    assert (result.exit_code, result.stdout, result.stderr) == (3, "", "")


def test_magics_and_commands(executor: Executor) -> None:
    result = _run(
        executor,
        "%matplotlib inline\n%load_ext autoreload\n%config InlineBackend.dpi = 90\n?print\nprint?",
        "word = 'two'\n!echo one {word}\nlines = !echo a; echo b\nlines",
        "%time 3 + 4",
        "for n in range(2):\n    %time m = n\nm",
        "%%time\nvalue = 8\nvalue",
        "%%writefile made.py\nANSWER = 42",
        "%%writefile -a made.py\nMORE = 1",
        "import made\nmade.ANSWER, made.MORE",
        "%%bash\necho from shell",
    )
    assert result.status == "ok", result.stderr
    assert result.stderr == ""
    lines = [line for line in result.stdout.splitlines() if not line.startswith("Wall time: ")]
    assert lines == [
        "one two",
        "['a', 'b']",
        "7",
        "1",
        "8",
        "Writing made.py",
        "Appending to made.py",
        "(42, 1)",
        "from shell",
    ]
    assert result.stdout.count("Wall time: ") == 4
    assert [file.name for file in result.files] == ["made.py"]


def test_what_is_not_supported_is_named_once_and_the_rest_goes_on(executor: Executor) -> None:
    result = _run(
        executor,
        "%timeit 1 + 1\n%timeit 2",
        "!pip install --quiet seaborn\n%pip install x",
        "!{sys.executable} -m pip install y",
        "%%javascript\nalert(1)",
        "'end'",
    )
    assert (result.status, result.stdout) == ("ok", "'end'\n")
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
        "%timeit",
        "!pip",
        "%pip",
        "!{sys.executable}",
        "%%javascript",
    ]
    assert "approved packages come by themselves" in result.stderr


def test_what_notebooks_import_of_ipython_is_there(executor: Executor) -> None:
    png = "b'\\x89PNG\\r\\n\\x1a\\n rest'"
    result = _run(
        executor,
        "from IPython.display import display, HTML, Image, Markdown, SVG, clear_output",
        f"open('a.png', 'wb').write({png}); clear_output(wait=True)",
        f"display(Image('a.png'), Image(data={png}))",
        "display(Markdown('# Title'))\nSVG('<svg/>')",
        "HTML('<p>hello</p>')",
        "from IPython import get_ipython\nget_ipython()",
    )
    assert (result.stdout, result.stderr) == ("# Title\n<svg/>\n", "")
    kept = executor.files(result)
    assert list(kept) == ["drawing-1.svg", "image-1.png", "image-2.png", "page-1.html", "a.png"]
    assert kept["page-1.html"] == b"<p>hello</p>"


def test_script_made_from_a_notebook_runs(executor: Executor) -> None:
    code = "get_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().system('echo hello')\n1"
    result = executor.run(code)
    assert (result.stdout, result.stderr) == ("hello\n1\n", "")


def test_packages_that_a_cell_imports_are_installed_before(executor: Executor) -> None:
    executor.add_bundle("seaborn", {"seaborn.py": "x = 1\n"})
    result = _run(executor, "%matplotlib inline\nimport seaborn", "seaborn.x")
    assert (result.stdout, result.installed_packages) == ("1\n", ["seaborn"])


def test_imports_of_every_cell_that_parses_are_found() -> None:
    code = notebook("!pip install a\nimport a", "x = (", "import b.c\n%time import d")
    assert find_imports(code, "x.ipynb") == ["a", "b.c"]
    assert find_imports('{"import', "x.ipynb") == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("{", "it is not valid JSON"),
        ("[" * 100_000, "it is not valid JSON"),
        ("[]", "it is JSON, but no notebook"),
        ("{}", "it does not say its nbformat; notebooks of format 3 and 4 can be read"),
        (notebook(nbformat=5), "its nbformat is 5"),
        (notebook(nbformat=True), "its nbformat is True"),
        (notebook(nbformat=[4]), "its nbformat is [4]"),
        (notebook(cells={}), "its list of cells is missing or damaged"),
        (notebook(cells=[1]), "its list of cells is missing or damaged"),
        (notebook(cells=[{"cell_type": "code"}]), "one of its code cells has no text"),
        (notebook(cells=[{"cell_type": "code", "source": [1]}]), "one of its code cells has no text"),
        (notebook("x", metadata={"kernelspec": {"language": "julia"}}), "written in julia, and only Python"),
        (notebook("x", metadata={"language_info": {"name": "R"}}), "written in R, and only Python"),
    ],
)
def test_what_is_no_notebook_is_refused_in_words(executor: Executor, code: str, words: str) -> None:
    result = executor.run(code, code_name="broken.ipynb")
    assert (result.status, result.exit_code, result.stdout) == ("error", 1, "")
    assert result.stderr.startswith("broken.ipynb cannot be run: ")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_notebook_without_code_says_so(executor: Executor) -> None:
    assert _run(executor, "  \n").stderr == "analysis.ipynb has no code to run.\n"


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("a = 5 % 3\nb = (a\n% 2)\ns = '''\n%time x\n!ls\n'''", None),
        ("x = 'it''s' # '''\n%magic", "x = 'it''s' # '''\nget_ipython().run_line_magic('magic', '')"),
        ("x = [\n  1, # (\n]\n!ls -l", "x = [\n  1, # (\n]\nget_ipython().system('ls -l')"),
        ("if x:\n    !ls \\\n      more\ny", "if x:\n    get_ipython().system('ls  more')\n\ny"),
        ("x, y = !ls", "x, y = get_ipython().getoutput('ls')"),
        ("!!ls", "get_ipython().getoutput('ls')"),
        ("x = y != z", None),
        ("x = 5 \\\n%y", None),
        ("f'{x!r}'\nx?", "f'{x!r}'\n"),
        ("\n%%capture out\nx = 1", "\n\nx = 1"),
        ("%%html\n<b>", "get_ipython().run_cell_magic('html', '', '<b>')"),
        ("%%time\nx", "get_ipython().start_timer()\nx"),
    ],
)
def test_cells_in_python(cell: str, python: str | None) -> None:
    assert to_python(cell) == (cell if python is None else python)


@given(st.text(alphabet="ab =%!?'\"\\#()\n", max_size=80))
def test_every_cell_keeps_its_lines_and_valid_python_is_left_alone(cell: str) -> None:
    python = to_python(cell)
    if cell.lstrip().startswith("%%"):
        return
    assert python.count("\n") == cell.count("\n")
    try:
        with warnings.catch_warnings(action="ignore"):
            ast.parse(cell)
    except (SyntaxError, ValueError):
        return
    assert python == cell


@pytest.mark.parametrize("unit", [" ", "\n", "\\", "'", '"', "(", "?", "%", "!", "= ", "a=", "x ", "\\\n"])
def test_long_lines_take_no_long_time(unit: str) -> None:
    for cell in (unit * 200_000, "%x\n" + unit * 200_000, "x = !" + unit * 200_000 + "'"):
        to_python(cell)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cells", "nbformat", "worksheets", "source", "cell_type", "metadata"]), inner
        )
    ),
    max_leaves=12,
)


@given(json_values.map(json.dumps) | st.text(max_size=40))
def test_any_text_is_a_notebook_or_is_refused(text: str) -> None:
    try:
        cells = code_cells(text)
    except NotebookError as error:
        assert str(error)
    else:
        assert code_cells(slimmed(text)) == cells


def test_command_line_runs_a_notebook(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    path = tmp_path / "large.ipynb"
    output = {"output_type": "display_data", "data": {"image/png": "A" * 2_000_000}}
    cells = [{"cell_type": "code", "source": "6 * 7", "outputs": [output]}]
    path.write_text(json.dumps({"nbformat": 4, "cells": cells}))
    cli = Path(__file__).parents[3] / "functions" / "executor" / "cli.py"
    command = [sys.executable, str(cli), str(path), "--json", "--layer-root", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["stdout"] == "42\n"
    path.write_text("{")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "large.ipynb cannot be run: it is not valid JSON" in done.stderr
