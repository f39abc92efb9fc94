"""Keeps interactive charts as HTML pages that need nothing else: their JavaScript is inside."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_MOST_CHARTS = 20
_TITLE = "Chart"
_ALTAIR_LIBRARIES = ("vega", "vega-lite", "vega-embed")
_ALTAIR_PAGE = """\
<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>Chart</title>
{scripts}
</head>
<body><div id="chart"></div>
<script>vegaEmbed("#chart", {chart});</script>
</body>
</html>
"""
_ALTAIR_NOTE = (
    "{name}: the chart in Vega-Lite's own format, which https://vega.github.io/editor shows. With "
    "`import holoviews` in the code it comes as a page, for which holoviews brings what altair lacks."
)

_kept: list[str] = []


def keep(root: str, chart: Any) -> bool:
    """Saves a chart of plotly, bokeh, altair or holoviews; False where it is none of them."""
    made = _page(chart)
    if made is None:
        return False
    text, ending = made
    if len(_kept) >= _MOST_CHARTS:
        print(f"More than {_MOST_CHARTS} charts: one was left out.", file=sys.stderr)
        return True
    name = f"chart-{len(_kept) + 1}{ending}"
    Path(root, "figures", name).write_text(text, encoding="utf-8")
    _kept.append(name)
    if ending != ".html":
        print(_ALTAIR_NOTE.format(name=name), file=sys.stderr)
    return True


def _page(chart: Any) -> tuple[str, str] | None:
    """Its text and the ending of its file's name."""
    kinds = {kind.__module__.partition(".")[0] for kind in type(chart).__mro__}
    if "plotly" in kinds or isinstance(chart, dict):  # plotly.io.show takes a figure's dict as well
        return import_module("plotly.io").to_html(chart, include_plotlyjs=True, full_html=True), ".html"
    if "altair" in kinds:
        return _altair_page(chart)
    if "holoviews" in kinds:
        return _holoviews_page(chart), ".html"
    if "bokeh" in kinds or _are_bokeh(chart):
        return _bokeh_page(chart), ".html"
    return None


def _bokeh_page(chart: Any) -> str:
    inline = import_module("bokeh.resources").INLINE
    return str(import_module("bokeh.embed").file_html(chart, inline, _TITLE))


def _are_bokeh(chart: Any) -> bool:
    return type(chart) in {list, tuple} and any(
        kind.__module__.startswith("bokeh.") for item in chart[:1] for kind in type(item).__mro__
    )


def _holoviews_page(chart: Any) -> str:
    """Through the backend in use; matplotlib's is inside as an image."""
    holoviews = import_module("holoviews")
    backend = holoviews.Store.current_backend or "bokeh"
    holoviews.extension(backend)
    if backend == "bokeh":
        return _bokeh_page(holoviews.render(chart, backend="bokeh"))
    return str(holoviews.renderer(backend).static_html(chart))


def _altair_page(chart: Any) -> tuple[str, str]:
    specification = chart.to_json(indent=None)
    scripts = _altair_scripts()
    if scripts is None:
        return json.dumps(json.loads(specification), indent=2), ".vl.json"
    # Text inside a script element must not be able to end it.
    safe = specification.replace("</", "<\\/")
    return _ALTAIR_PAGE.format(scripts=scripts, chart=safe), ".html"


def _altair_scripts() -> str | None:
    """Vega's libraries, which altair does not bring but panel does, a dependency of holoviews."""
    spec = find_spec("panel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "dist" / "bundled" / "vegaplot"
    found = []
    for name in _ALTAIR_LIBRARIES:
        path = next(iter(sorted(folder.glob(f"{name}@*"))), None)
        if path is None:
            return None
        text = path.read_text(encoding="utf-8").replace("</script", "<\\/script")
        found.append(f"<script>{text}</script>")
    return "\n".join(found)
