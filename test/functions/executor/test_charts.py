"""Interactive charts of libraries that a small environment lacks: stand-ins with the calls that we make."""

from __future__ import annotations

from textwrap import dedent

import pytest
from executor_support import Executor

ALTAIR = {
    "altair/__init__.py": dedent("""\
        class TopLevelMixin:
            def to_json(self, indent): return '{"data": "</script>", "mark": "bar"}'
        class Chart(TopLevelMixin): pass
        """)
}
BOKEH = {
    "bokeh/__init__.py": "",
    "bokeh/model.py": "class Model: pass\n",
    "bokeh/resources.py": "INLINE = 'all inside'\n",
    "bokeh/embed.py": "def file_html(model, resources, title): return f'<html>{resources}</html>'\n",
    "bokeh/plotting.py": "from bokeh.model import Model\nclass figure(Model): pass\ndef show(model): 1 / 0\n",
}


@pytest.mark.parametrize("shown", ["show(chart)", "chart", "display(chart)"])
def test_bokeh_models_are_pages_with_their_resources_inside(executor: Executor, shown: str) -> None:
    executor.add_bundle("bokeh", BOKEH)
    result = executor.run(f"from bokeh.plotting import figure, show\nchart = figure()\n{shown}")
    assert executor.files(result) == {"chart-1.html": b"<html>all inside</html>"}, result
    assert [file.kind for file in result.files] == ["file"]
    assert (result.stdout, result.stderr) == ("", "")


def test_altair_charts_are_pages_where_panel_brings_the_libraries(executor: Executor) -> None:
    executor.add_bundle("altair", ALTAIR)
    libraries = {
        f"panel/dist/bundled/vegaplot/{name}@6.1": f"{name}</script>;" for name in ("vega", "vega-lite")
    }
    libraries["panel/dist/bundled/vegaplot/vega-embed@7.0"] = "vegaEmbed;"
    executor.add_bundle("panel", {"panel/__init__.py": "", **libraries})
    result = executor.run("import altair, panel\naltair.Chart()")
    page = executor.files(result)["chart-1.html"].decode()
    assert (
        "<script>vega<\\/script>;</script>\n<script>vega-lite<\\/script>;</script>\n<script>vegaEmbed;"
        in page
    )
    assert 'vegaEmbed("#chart", {"data": "<\\/script>", "mark": "bar"});' in page
    assert page.count("</script>") == 4


def test_altair_charts_are_kept_in_their_own_format_otherwise(executor: Executor) -> None:
    executor.add_bundle("altair", ALTAIR)
    result = executor.run("import altair\naltair.Chart()")
    assert [file.name for file in result.files] == ["chart-1.vl.json"]
    assert "`import holoviews`" in result.stderr


def test_a_chart_that_cannot_be_made_is_shown_as_its_repr(executor: Executor) -> None:
    executor.add_bundle(
        "bokeh", BOKEH | {"bokeh/embed.py": "def file_html(*_): raise RuntimeError('broken')\n"}
    )
    result = executor.run("from bokeh.plotting import figure\nfigure()")
    assert (result.status, result.files) == ("ok", [])
    assert result.stdout.startswith("<bokeh.plotting.figure object at")


def test_more_charts_than_anyone_opens_are_left_out(executor: Executor) -> None:
    executor.add_bundle("bokeh", BOKEH)
    code = "from bokeh.plotting import figure\nfor _ in range(22):\n    display(figure())"
    result = executor.run(code, slots=30, files=30)
    assert [file.name for file in result.files][-1] == "chart-20.html"
    assert result.stderr.count("one was left out") == 2
