"""Figures and tables, with the real libraries of a built layer."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from executor_support import Executor, Store

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
