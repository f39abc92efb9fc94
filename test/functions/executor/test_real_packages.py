"""Figures and tables, with the real libraries of a built layer."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from executor_support import Executor, Store
from slashbox_executor.protocol import Result

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def layered(tmp_path: Path, store: Store, real_layer: Path) -> Iterator[Executor]:
    with Executor(tmp_path, store, layer_root=real_layer) as running:
        yield running


def _run(layered: Executor, code: str) -> dict[str, bytes]:
    result = layered.run(dedent(code), memory_megabytes=1024, slots=20, files=20)
    assert result.status in {"ok", "error"}, result
    assert {file.kind for file in result.files if file.name.startswith("figure-")} <= {"figure"}
    return layered.files(result)


def test_every_open_figure_comes_back_without_savefig(layered: Executor) -> None:
    files = _run(
        layered,
        """\
        import matplotlib.pyplot as plt
        for n in range(3):
            plt.figure()
            plt.plot([n, 2, 3])
        """,
    )
    assert list(files) == ["figure-1.png", "figure-2.png", "figure-3.png"]
    assert all(data.startswith(PNG) for data in files.values())
    width, height = struct.unpack(">II", files["figure-1.png"][16:24])
    assert 600 < width < 1_500
    assert 400 < height < 1_200


def test_shown_figures_are_kept_in_order_and_closed(layered: Executor) -> None:
    files = _run(
        layered,
        """\
        import matplotlib
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
        plt.plot([1, 2]); plt.show()
        assert plt.get_fignums() == []
        plt.plot([2, 1]); plt.show(block=True)
        plt.plot([1, 1])
        """,
    )
    assert list(files) == ["figure-1.png", "figure-2.png", "figure-3.png"]


def test_figures_survive_an_error_after_drawing(layered: Executor) -> None:
    assert list(_run(layered, "import matplotlib.pyplot as plt\nplt.plot([1, 2])\n1/0")) == ["figure-1.png"]


def test_figure_saved_by_the_code_is_not_sent_twice_unless_it_changed(layered: Executor) -> None:
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('own.png')\n"
    assert list(_run(layered, code)) == ["own.png"]
    assert list(_run(layered, code + "plt.title('more')")) == ["figure-1.png", "own.png"]
    elsewhere = code.replace("'own.png'", "__import__('io').BytesIO()")
    assert list(_run(layered, elsewhere)) == ["figure-1.png"]


def test_empty_figures_are_not_sent(layered: Executor) -> None:
    assert _run(layered, "import matplotlib.pyplot as plt\nplt.figure()") == {}


def test_figure_that_cannot_be_drawn_is_named_and_the_others_come(layered: Executor) -> None:
    result = layered.run(
        "import matplotlib.pyplot as plt\nplt.figure(); plt.title('$\\\\frac{$')\nplt.figure(); plt.plot(1)",
        memory_megabytes=1024,
    )
    assert [file.name for file in result.files] == ["figure-1.png"]
    assert "Figure 1 could not be saved: " in result.stderr
    assert result.exit_code == 0


@pytest.mark.parametrize(
    "last",
    [
        "plt.plot([1, 2])",
        "plt.title('t')",
        "plt.hist([1, 2])",
        "plt.subplots()",
        "plt.gcf()",
        "df.plot()",
        "df.hist()",
        "plt.subplots(2, 2)[1]",
        "plt.boxplot([1, 2])",
    ],
)
def test_parts_of_plots_are_not_printed(layered: Executor, last: str) -> None:
    code = f"import pandas as pd, matplotlib.pyplot as plt\ndf = pd.DataFrame({{'a': [1, 2]}})\n{last}"
    result = layered.run(code, memory_megabytes=1024)
    assert (result.status, result.stdout) == ("ok", ""), result


def test_tables_are_readable(layered: Executor) -> None:
    code = "import pandas as pd\ndf = pd.DataFrame({f'c{i}': range(200) for i in range(12)})\n"
    shown = layered.run(code + "df", memory_megabytes=1024).stdout
    assert "c11" in shown
    assert "[200 rows x 12 columns]" in shown
    assert len(shown.splitlines()) < 40
    series = layered.run(code + "df.c1.head(2)", memory_megabytes=1024).stdout
    assert series == "0    0\n1    1\nName: c1, dtype: int64\n"


def test_data_file_to_table_to_chart(layered: Executor, store: Store) -> None:
    given = store.put("sales.csv", b"month,amount\n1,10\n2,30\n")
    result = layered.run(
        "import pandas as pd\n"
        "df = pd.read_csv('sales.csv')\ndf.plot(x='month', y='amount')\nprint(df.amount.sum())",
        inputs=[given],
        memory_megabytes=1024,
    )
    assert (result.stdout, [file.kind for file in result.files]) == ("40\n", ["figure"]), result


def test_font_list_of_the_layer_is_used(layered: Executor, real_layer: Path) -> None:
    if not (real_layer / "slashbox" / "matplotlib").is_dir():
        pytest.skip("this layer was built without a font list (other Python or architecture)")
    code = "import logging; logging.basicConfig(level='INFO')\nimport matplotlib.font_manager"
    result = layered.run(code, memory_megabytes=1024)
    assert "generated new fontManager" not in result.stderr


@pytest.fixture
def bundled(tmp_path: Path, store: Store, real_layer: Path) -> Iterator[Executor]:
    """With the bundles that lie beside the layer, under the keys that its manifest has."""
    with Executor(tmp_path, store, real_layer, packages_url=real_layer.parent.as_uri()) as running:
        yield running


def _bundle_run(bundled: Executor, code: str) -> Result:
    result = bundled.run(
        dedent(code),
        memory_megabytes=1500,
        slots=20,
        files=20,
        file_bytes=10 << 20,
        time_seconds=60,
        install_seconds=40,
    )
    missing = [failure for failure in result.failed_packages if "not available" in failure.reason]
    if missing:
        pytest.skip(f"this environment was built without {missing[0].name}")
    assert (result.status, result.skipped_files) == ("ok", []), result
    return result


def test_pictures_are_kept_like_figures(layered: Executor) -> None:
    result = layered.run(
        dedent("""\
            from PIL import Image
            Image.new("CMYK", (5000, 10)).show()
            display([Image.new("RGB", (2, 2))] * 12)
            Image.new("F", (2, 2))
            """),
        memory_megabytes=1024,
        slots=20,
        files=20,
    )
    names = [file.name for file in result.files]
    assert names == [f"image-{n}.png" for n in range(1, 13)]
    assert {file.kind for file in result.files} == {"figure"}
    assert (result.stdout, result.stderr) == ("", "2 more images are not shown.\n")
    first = layered.files(result)["image-1.png"]
    assert first.startswith(PNG)
    assert struct.unpack(">II", first[16:24])[0] == 4_000


def test_moving_images_and_animations_are_gifs(layered: Executor) -> None:
    files = _run(
        layered,
        """\
        from PIL import Image
        frames = [Image.new("RGB", (4, 4), color) for color in ("red", "green", "blue")]
        frames[0].save("own.gif", save_all=True, append_images=frames[1:])
        display(Image.open("own.gif"))
        import matplotlib.pyplot as plt
        from matplotlib.animation import FuncAnimation
        figure, axes = plt.subplots(figsize=(1, 1))
        line, = axes.plot([0, 1], [0, 1])
        FuncAnimation(figure, lambda n: line.set_ydata([0, n]), frames=3)
        """,
    )
    assert list(files) == ["animation-1.gif", "image-1.gif", "own.gif"]
    assert all(data.startswith(b"GIF8") for data in files.values())
    assert files["animation-1.gif"].count(b"\x21\xf9\x04") >= 2


def test_figures_outside_pyplot_and_those_given_to_display_are_kept_once(layered: Executor) -> None:
    files = _run(
        layered,
        """\
        import matplotlib.pyplot as plt
        from matplotlib.figure import Figure
        figure, axes = plt.subplots()
        axes.plot([1, 2])
        display(figure)
        plt.close(figure)
        alone = Figure()
        alone.subplots().plot([1])
        alone
        """,
    )
    assert list(files) == ["figure-1.png", "figure-2.png"]


def test_notebook_keeps_the_figures_of_each_cell_in_order(layered: Executor) -> None:
    cells = [
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1])",
        "plt.plot([2])\n1/0",
        "plt.plot([3])",
    ]
    code = json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": cell} for cell in cells]})
    result = layered.run(code, code_name="a.ipynb", memory_megabytes=1024)
    assert [file.name for file in result.files] == ["figure-1.png", "figure-2.png"]
    assert "  In cell 2, line 2\n" in result.stderr


def test_wide_characters_keep_tables_straight(layered: Executor) -> None:
    code = "import pandas as pd\npd.DataFrame({'city': ['東京', 'Rome'], 'n': [1, 2]})"
    assert layered.run(code, memory_megabytes=1024).stdout == "   city  n\n0  東京  1\n1  Rome  2\n"


@pytest.mark.parametrize(
    "code",
    [
        "import plotly.express as px\npx.line(x=[1, 2], y=[3, 4])",
        "import plotly.express as px\npx.line(x=[1, 2], y=[3, 4]).show()",
        "import plotly.graph_objects as go, plotly.io as io\nio.show(go.Figure(go.Bar(y=[1])))",
    ],
)
def test_plotly_figures_are_pages_that_need_nothing_else(bundled: Executor, code: str) -> None:
    result = _bundle_run(bundled, code)
    assert [(file.name, file.kind) for file in result.files] == [("chart-1.html", "file")]
    page = bundled.files(result)["chart-1.html"].decode()
    assert len(page) > 1_000_000
    assert not re.search(r"""<(?:script|link)[^>]+(?:src|href)=["']?(?:https?:)?//""", page)
    assert (result.stdout, result.stderr) == ("", "")


def test_altair_chart_is_kept_in_its_own_format(bundled: Executor) -> None:
    code = (
        "import altair as alt, pandas as pd\nalt.Chart(pd.DataFrame({'x': [1]})).mark_bar().encode(x='x:Q')"
    )
    result = _bundle_run(bundled, code)
    assert [file.name for file in result.files] == ["chart-1.vl.json"]
    assert json.loads(bundled.files(result)["chart-1.vl.json"])["mark"] == {"type": "bar"}
    assert "vega.github.io/editor" in result.stderr


def test_formulas_are_written_as_by_hand(bundled: Executor) -> None:
    code = "import sympy\nx = sympy.symbols('x')\ndisplay(sympy.solve(x**2 - 2, x))\nsympy.sqrt(x) / 2"
    assert _bundle_run(bundled, code).stdout == "[-√2, √2]\n√x\n──\n2 \n"


def test_drawings_and_codes_are_kept(bundled: Executor) -> None:
    result = _bundle_run(bundled, "import shapely, qrcode\ndisplay(qrcode.make('hi'))\nshapely.Point(1, 2)")
    assert [(file.name, file.kind) for file in result.files] == [
        ("drawing-1.svg", "file"),
        ("image-1.png", "figure"),
    ]
    assert result.stdout == "<POINT (1 2)>\n"


def test_spreadsheets_and_yaml_are_loaded_with_what_they_need(bundled: Executor, store: Store) -> None:
    workbook = _bundle_run(
        bundled,
        """\
        import pandas as pd, openpyxl
        with pd.ExcelWriter("two.xlsx") as book:
            pd.DataFrame({"a": [1]}).to_excel(book, sheet_name="first", index=False)
            pd.DataFrame({"b": [2]}).to_excel(book, sheet_name="second", index=False)
        """,
    )
    given = [
        store.put("two.xlsx", bundled.files(workbook)["two.xlsx"]),
        store.put("a.yaml", b"a: [1, 2]\n---\nb: 3\n"),
    ]
    with_files = bundled.run(
        "print(load_file('two.xlsx').to_dict(), load_file('two.xlsx', sheet_name='second').to_dict())\n"
        "load_file('a.yaml')",
        inputs=given,
        memory_megabytes=1024,
    )
    assert with_files.stdout == "{'a': {0: 1}} {'b': {0: 2}}\n[{'a': [1, 2]}, {'b': 3}]\n", with_files
    assert "pyyaml" in with_files.installed_packages
    assert 'two.xlsx: this is the sheet "first"; there are also second.' in with_files.stderr
