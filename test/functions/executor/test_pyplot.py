"""Programs written for matplotlib's windows, LaTeX and animations: what they draw comes back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import pytest
from executor_support import Executor, Store
from slashbox_executor.child import pictures
from slashbox_executor.protocol import Result


@pytest.fixture
def layered(tmp_path: Path, store: Store, real_layer: Path) -> Iterator[Executor]:
    with Executor(tmp_path, store, layer_root=real_layer) as running:
        yield running


def _run(layered: Executor, code: str) -> tuple[Result, list[str]]:
    result = layered.run(dedent(code), memory_megabytes=1024, slots=20, files=20)
    return result, [file.name for file in result.files]


@pytest.mark.parametrize("own_interpreter", [True, False])
@pytest.mark.parametrize("backend", ["TkAgg", "Qt5Agg", "gtk4agg", "WebAgg"])
def test_backend_for_windows_draws_without_one_and_says_so(
    layered: Executor, store: Store, backend: str, own_interpreter: bool
) -> None:
    code = f"""\
        import sys
        import matplotlib
        matplotlib.use({backend!r})
        import matplotlib.pyplot as plt
        plt.plot([1, 2])
        print(plt.get_backend())
        plt.show()
        """
    # A module of the user's that hides one of the parent's makes the run start afresh.
    inputs = [store.put("random.py", b"from _random import Random")] if own_interpreter else []
    result = layered.run(dedent(code), memory_megabytes=1024, inputs=inputs)
    assert (result.status, result.stdout) == ("ok", "agg\n")
    assert result.stderr == f"{backend}: there is no screen here, the figures come back as pictures.\n"
    assert [file.name for file in result.files] == ["figure-1.png"]


def test_backend_for_notebooks_needs_no_word(layered: Executor) -> None:
    result, files = _run(
        layered,
        """\
        import matplotlib
        matplotlib.use("nbagg")
        import matplotlib.pyplot as plt
        plt.switch_backend("module://matplotlib_inline.backend_inline")
        plt.plot([1, 2])
        """,
    )
    assert (result.status, result.stderr, files) == ("ok", "", ["figure-1.png"])


def test_backend_for_files_is_left_to_the_code(layered: Executor) -> None:
    result, files = _run(
        layered,
        """\
        import matplotlib
        matplotlib.use("svg")
        import matplotlib.pyplot as plt
        plt.plot([1, 2])
        print(plt.get_backend())
        """,
    )
    assert (result.stdout, result.stderr, files) == ("svg\n", "", ["figure-1.png"])


def test_figure_that_changes_while_it_is_shown_comes_once_as_it_was_last(layered: Executor) -> None:
    result, files = _run(
        layered,
        """\
        import matplotlib.pyplot as plt
        figure, axes = plt.subplots()
        for n in range(3):
            axes.plot([n, 1])
            plt.pause(0.001)
        plt.ion()
        plt.show()
        axes.plot([2, 2])
        print(plt.get_fignums())
        """,
    )
    assert (result.status, result.stdout, files) == ("ok", "[1]\n", ["figure-1.png"])


def test_figure_shown_without_waiting_is_kept_when_it_is_closed(layered: Executor) -> None:
    result, files = _run(
        layered,
        """\
        import matplotlib.pyplot as plt
        plt.plot([1, 2])
        plt.show(block=False)
        plt.pause(0.001)
        plt.close()
        plt.plot([3, 4])
        plt.close()  # never shown: its author did not want it
        """,
    )
    assert (result.status, files) == ("ok", ["figure-1.png"])


def test_figure_for_latex_is_drawn_without_it(layered: Executor) -> None:
    result, files = _run(
        layered,
        r"""
        import matplotlib.pyplot as plt
        plt.rcParams["text.usetex"] = True
        plt.title(r"$\frac{a}{b}$")
        plt.plot([1, 2])
        """,
    )
    assert (result.status, files) == ("ok", ["figure-1.png"])
    assert result.stderr == "There is no LaTeX here: figure 1 is drawn without it.\n"


def test_figure_that_only_latex_can_draw_says_so(layered: Executor) -> None:
    result, files = _run(
        layered,
        r"""
        import matplotlib.pyplot as plt
        plt.title(r"$\displaystyle\sum x$", usetex=True)
        """,
    )
    assert (result.status, files) == ("ok", [])
    assert result.stderr.startswith("Figure 1 could not be saved: RuntimeError: ")
    assert "latex could not be found" in result.stderr


def test_latex_that_the_code_itself_needs_is_missing_in_words(layered: Executor) -> None:
    result, _ = _run(
        layered,
        """\
        import matplotlib.pyplot as plt
        plt.rcParams["text.usetex"] = True
        plt.savefig("a.png") if plt.plot([1, 2]) else None
        """,
    )
    assert result.status == "error"
    assert "latex could not be found" in result.stderr
    assert result.hint is not None
    assert "text.usetex" in result.hint


def test_animation_that_is_shown_moves(layered: Executor) -> None:
    result, files = _run(
        layered,
        """\
        import matplotlib.pyplot as plt
        from matplotlib.animation import FuncAnimation, PillowWriter

        def animate(**options):
            figure, axes = plt.subplots(figsize=(1, 1))
            line, = axes.plot([0, 1])

            def move(n):
                line.set_ydata([n, 1])
                return [line]

            return FuncAnimation(figure, move, frames=3, **options)

        first = animate()
        plt.show()
        second = animate()
        second.save("mine.gif", writer=PillowWriter(5))
        plt.close()
        third = animate(blit=True)
        """,
    )
    assert (result.status, result.stderr) == ("ok", "")
    assert files == ["animation-1.gif", "animation-2.gif", "mine.gif"]


def test_animation_that_takes_long_to_draw_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Slow:
        """As matplotlib saves: it reports each frame before it draws it."""

        _fig = SimpleNamespace(get_size_inches=lambda: (1, 1), dpi=100)
        drawn = 0

        def save(self, path: str, progress_callback: Callable[[int, int], None], **_: object) -> None:
            for number in range(5):
                progress_callback(number, 5)
                self.drawn += 1

    monkeypatch.setitem(sys.modules, "matplotlib.animation", SimpleNamespace(PillowWriter=lambda fps: fps))
    monkeypatch.setattr(pictures, "_MOST_SECONDS", -1)
    animation = Slow()
    pictures.keep_animation(str(tmp_path), animation)
    assert animation.drawn == 1
    assert "cut after 1 frames" in capsys.readouterr().err


def test_styles_and_fonts_are_looked_for_in_the_runs_own_folders(layered: Executor) -> None:
    result, _ = _run(
        layered,
        """\
        import pathlib
        import matplotlib
        import matplotlib.pyplot as plt
        import matplotlib.texmanager
        folder = pathlib.Path(matplotlib.get_configdir(), "stylelib")
        folder.mkdir(parents=True)
        (folder / "mine.mplstyle").write_text("lines.linewidth: 7")
        plt.style.reload_library()
        plt.style.use("mine")
        print(plt.rcParams["lines.linewidth"])
        print(matplotlib.texmanager.TexManager._cache_dir.parent == pathlib.Path(matplotlib.get_cachedir()))
        """,
    )
    assert (result.stdout, result.stderr) == ("7.0\nTrue\n", "")
