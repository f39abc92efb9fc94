"""Builds matplotlib's font list once, so that no run spends half a second on looking for fonts."""

import json
import tempfile
from pathlib import Path

from layers.approved.byte_code import Interpreter, clean_environment
from layers.approved.errors import BuildError
from layers.approved.processes import Processes

_BUILD = "import sys; sys.path.insert(0, sys.argv[1]); import matplotlib.font_manager"


def build_font_cache(
    site_packages: Path, destination: Path, interpreter: Interpreter, processes: Processes
) -> None:
    """Writes `fontlist-v*.json` into `destination`, for copying into a run's MPLCONFIGDIR.

    Only the fonts that matplotlib brings are in it, by paths relative to its own data folder, as matplotlib
    stores them: the fonts of the machine that builds are not those of the machine that runs.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = {**clean_environment(), "MPLCONFIGDIR": folder, "HOME": folder, "MPLBACKEND": "Agg"}
        finished = processes.run(
            [str(interpreter.path), "-s", "-S", "-P", "-B", "-c", _BUILD, str(site_packages)],
            environment,
            Path(folder),
        )
        caches = sorted(Path(folder).glob("fontlist-v*.json"))
        if finished.returncode != 0 or not caches:
            raise BuildError(
                f"matplotlib was built but cannot be imported here: {finished.stderr.strip()[-300:]}"
            )
        destination.mkdir(parents=True)
        for cache in caches:
            (destination / cache.name).write_text(_keep_own_fonts(cache), encoding="utf-8")


def _keep_own_fonts(cache: Path) -> str:
    document = json.loads(cache.read_text(encoding="utf-8"))
    for key in ("ttflist", "afmlist"):
        own = [font for font in document.get(key, []) if not Path(font["fname"]).is_absolute()]
        document[key] = sorted(own, key=lambda font: str(font["fname"]))
    return json.dumps(document, indent=2, sort_keys=True) + "\n"
