"""Limits, settings, text, names and imports: the parts that need no run."""

from __future__ import annotations

import itertools
import keyword
import re
import subprocess
import sys
from pathlib import Path

import pytest
from executor_support import LIMITS
from hypothesis import given
from hypothesis import strategies as st
from slashbox_executor.hints import hint_for, ran_out_of_memory
from slashbox_executor.imports import find_imports, find_missing
from slashbox_executor.limits import RULES, LimitError, read_limits
from slashbox_executor.manifest import Manifest
from slashbox_executor.names import clean_name, unique_name
from slashbox_executor.output import CappedText
from slashbox_executor.settings import SettingsError, read_settings
from slashbox_executor.supervise import Ending

ROOT = Path(__file__).parents[3]


def test_limits_are_those_of_limits_ts() -> None:
    source = ROOT.joinpath("functions/shared/limits.ts").read_text()
    for rule in RULES.values():
        match = re.search(
            rf"variable: '{rule.variable}',\s*fallback: ([\d_]+),\s*min: ([\d_]+),\s*max: ([\d_]+),", source
        )
        assert match, rule.variable
        assert tuple(map(int, match.groups())) == (rule.fallback, rule.least, rule.most), rule.variable


def test_limits_come_from_the_environment() -> None:
    limits = read_limits({"SLASHBOX_TIME_LIMIT_S": " 7 ", "SLASHBOX_MEMORY_MB": ""})
    assert (limits.time_seconds, limits.memory_megabytes) == (7, 2048)


@pytest.mark.parametrize("text", ["0", "501", "-1", "1.5", "ten", "\u0661"])
def test_limit_out_of_bounds_names_variable_and_bounds(text: str) -> None:
    with pytest.raises(LimitError, match=r"SLASHBOX_TIME_LIMIT_S is .* from 1 to 500.* unset for 300"):
        read_limits({"SLASHBOX_TIME_LIMIT_S": text})


@pytest.mark.parametrize("settings", [{"SLASHBOX_PROFILE": "strikt"}, {"SLASHBOX_RUN_UID": "0"}])
def test_setting_that_cannot_be_used_is_named(settings: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=next(iter(settings))):
        read_settings(settings)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_environment_is_forgotten_in_proc_too() -> None:
    code = (
        "import os\nfrom pathlib import Path\nfrom slashbox_executor.settings import forget_environment\n"
        "forget_environment(os.environ)\n"
        "block = Path('/proc/self/environ').read_bytes()\n"
        "libc = __import__('ctypes').CDLL(None); libc.getenv.restype = __import__('ctypes').c_char_p\n"
        "print(block.strip(b'\\0'), 'AWS_SECRET_ACCESS_KEY' in os.environ, os.environ['SSL_CERT_FILE'],"
        " libc.getenv(b'SSL_CERT_FILE'), libc.getenv(b'AWS_SECRET_ACCESS_KEY'))"
    )
    environment = {
        "PYTHONPATH": str(ROOT / "functions/executor"),
        "AWS_SECRET_ACCESS_KEY": "hidden",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1",
        "SSL_CERT_FILE": "/certs",
    }
    printed = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert printed == "b'' False /certs b'/certs' None\n"


@given(st.binary(max_size=200), st.integers(1, 60), st.lists(st.integers(0, 200), max_size=5))
def test_capped_text_is_the_head_however_it_arrives(data: bytes, most: int, cuts: list[int]) -> None:
    text = CappedText(most)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in itertools.pairwise(edges):
        text.feed(data[start:end])
    whole = data.decode("utf-8", "replace")
    kept = text.finish()
    assert kept == whole[:most]
    assert text.truncated == (len(whole) > most)


@given(st.binary(min_size=40, max_size=200))
def test_end_of_capped_text_is_the_end_of_the_stream(data: bytes) -> None:
    text = CappedText(3)
    for byte in data:
        text.feed(bytes([byte]))
    assert data.decode("utf-8", "replace").endswith(text.end()[-10:])


@given(st.text(st.characters(), max_size=400))
def test_clean_name_is_always_a_harmless_file_name(name: str) -> None:
    clean = clean_name(name)
    assert 0 < len(clean.encode()) <= 255
    assert "/" not in clean
    assert clean not in {".", ".."}
    assert clean.isprintable()
    assert clean_name(clean) == clean


@given(st.lists(st.sampled_from(["a.txt", "A.TXT", "a-2.txt", "x" * 255, "é" * 127 + ".csv"]), max_size=20))
def test_unique_names_are_unique_and_short(names: list[str]) -> None:
    taken: set[str] = set()
    found = [unique_name(clean_name(name), taken) for name in names]
    assert len({name.casefold() for name in found}) == len(names)
    assert all(len(name.encode()) <= 255 for name in found)


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("import a, b.c as d", ["a", "b.c"]),
        ("from a.b import c, d", ["a.b.c", "a.b.d"]),
        ("from a import *", ["a"]),
        ("from . import a\nfrom .b import c", []),
        ("def f():\n  import a\nclass C:\n  def g(self):\n    from b import c", ["a", "b.c"]),
        (
            "try:\n  import a\nexcept ImportError:\n  import b\nelse:\n  import c\nfinally:\n  import d",
            ["b", "c", "d"],
        ),
        ("try:\n  import a\nexcept:\n  pass", []),
        ("try:\n  import a\nexcept ValueError:\n  pass", ["a"]),
        ("try:\n  def f():\n    import a\nexcept Exception: pass", []),
        ("if TYPE_CHECKING:\n  import a\nelse:\n  import b", ["b"]),
        ("import typing\nif typing.TYPE_CHECKING:\n  import a", ["typing"]),
        ("if x:\n  import a\nelif y:\n  import b", ["a", "b"]),
        ("with open('x') as f:\n  import a", ["a"]),
        ("match x:\n  case 1:\n    import a", ["a"]),
        ("import a; import a", ["a"]),
        ("import google.protobuf\nfrom ruamel import yaml", ["google.protobuf", "ruamel.yaml"]),
        ("from mpl_toolkits.mplot3d import Axes3D", ["mpl_toolkits.mplot3d.Axes3D"]),
        (
            "from importlib import util\nx = __import__('a.b').c",
            ["importlib.util", "a.b"],
        ),
        ("def f():\n  return [importlib.import_module('a') for _ in range(2)]", ["a"]),
        ("importlib.import_module(name)\n__import__('not a name')\nimport_module('.a', 'b')", []),
        ("try:\n  m = __import__('a')\nexcept ImportError:\n  m = None", []),
        ("try:\n  import a\nexcept ImportError:\n  print('no a')\n  raise", ["a"]),
        ("try:\n  import a\nexcept ImportError as e:\n  raise SystemExit(1) from e", ["a"]),
        ("try:\n  import a\nexcept ImportError:\n  print('pip install a')\n  sys.exit(1)", ["a"]),
        ("try:\n  import a\nexcept ImportError:\n  print('pip install a')\n  a = None", []),
        ("try:\n  import a\nexcept ImportError:\n  os.system('pip install a')\n  import a", ["a"]),
        (
            "try:\n  import a\nexcept ImportError:\n"
            "  subprocess.run([sys.executable, '-m', 'pip', 'install', 'a'])\n  a = None",
            ["a"],
        ),
        ("try:\n  import a\nexcept* ImportError:\n  pass", []),
        ("import (", []),
        ("'import a'", []),
        ("import a\0", []),
    ],
)
def test_imports_of_code(code: str, modules: list[str]) -> None:
    assert find_imports(code) == modules


@pytest.mark.parametrize(
    "code",
    [
        "import a\n" + "(" * 100_000,
        "import a\nx = " + "-" * 100_000 + "1",
        "import a\nx = a" + ".b" * 100_000,
        "import a\n" + "".join(" " * n + "if x:\n" for n in range(99)) + " " * 99 + "pass",
        "import a\nx = " + "[" * 190 + "]" * 190,
    ],
)
def test_code_made_to_break_a_parser_does_not(code: str) -> None:
    assert find_imports(code) in (["a"], [])


@given(st.text() | st.text().map("import ".__add__) | st.text(alphabet="import a\n:;tryexcp()"))
def test_looking_for_imports_never_raises(code: str) -> None:
    find_imports(code)
    find_missing(code)


_NAME = st.from_regex(r"[a-z]{1,5}(\.[a-z]{1,5}){0,2}", fullmatch=True).filter(
    lambda name: not any(keyword.iskeyword(part) for part in name.split("."))
)
_PLACES = {
    "import {0}": True,
    "import os, {0} as it": True,
    "def f():\n    if 1:\n        import {0}": True,
    "class C:\n    async def f(self):\n        async with x:\n            import {0}": True,
    "for a in b:\n    pass\nelse:\n    import {0}": True,
    "match x:\n    case {{}}:\n        import {0}": True,
    "f(lambda: [__import__('{0}')])": True,
    "x = {{'a': importlib.import_module('{0}')}}": True,
    "try:\n    import {0}\nfinally:\n    pass": True,
    "try:\n    import {0}\nexcept ImportError:\n    raise": True,
    "try:\n    import {0}\nexcept ImportError:\n    pass": False,
    "try:\n    with x:\n        import {0}\nexcept (OSError, ImportError):\n    y = 1": False,
    "with suppress(ImportError):\n    import {0}": False,
    "if TYPE_CHECKING:\n    import {0}": False,
    "from .{0} import x": False,
    "print('import {0}')": False,
    "# import {0}": False,
}


@given(st.lists(st.tuples(_NAME, st.sampled_from(sorted(_PLACES))), max_size=8))
def test_every_import_that_is_not_optional_is_found_wherever_it_stands(
    imports: list[tuple[str, str]],
) -> None:
    code = "\n".join(place.format(name) for name, place in imports)
    wanted = {name for name, place in imports if _PLACES[place]}
    assert set(find_imports(code)) - {"os"} == wanted - {"os"}


@pytest.mark.parametrize(
    ("errors", "modules"),
    [
        ("ModuleNotFoundError: No module named 'seaborn'\n", ["seaborn"]),
        ("ModuleNotFoundError: No module named 'a.b'; 'a' is not a package\n", ["a.b"]),
        ("ImportError: No module named seaborn\n", ["seaborn"]),
        ("ImportError: cannot import name 'y' from 'x' (/opt/x.py)\n", ["x.y"]),
        ("ImportError: cannot import name 'y' from 'x.z' (unknown location)\n", ["x.z.y"]),
        ("  | ModuleNotFoundError: No module named 'grouped'\n", ["grouped"]),
        (
            "ModuleNotFoundError: No module named 'first'\n\nDuring handling\n\n"
            "ModuleNotFoundError: No module named 'second'\n",
            ["second", "first"],
        ),
        ("print: ModuleNotFoundError: No module named 'x'\n", []),
        ("ImportError: cannot import name 'y' from partially initialized module 'x'\n", []),
        ("ValueError: x\n", []),
        (
            "ImportError: Unable to find a usable engine; tried using: 'pyarrow', 'fastparquet'.\n"
            " - `Import pyarrow` failed.  Use pip, conda\n - `Import fastparquet` failed.  Use pip, conda\n",
            ["fastparquet", "pyarrow"],
        ),
        ("ImportError: `Import beautifulsoup4` failed.  Use pip\n", ["bs4"]),
        (
            "bs4.exceptions.FeatureNotFound: Couldn't find a tree builder with the features you requested: "
            "lxml. Do you need to install a parser library?\n",
            ["lxml"],
        ),
    ],
)
def test_missing_modules_of_a_traceback(errors: str, modules: list[str]) -> None:
    assert find_missing(errors) == modules


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>", "Network"),
        ("ConnectionRefusedError: [Errno 111] Connection refused", "Network"),
        ("OSError: [Errno 101] Network is unreachable", "Network"),
        ("OSError: [Errno 38] Function not implemented", "ThreadPoolExecutor"),
        ("_tkinter.TclError: no display name and no $DISPLAY environment variable", "no screen"),
        (
            "ImportError: Failed to import any of the following Qt binding modules: PyQt6, PySide6",
            "no screen",
        ),
        ("ImportError: The GTK4 backends require PyGObject", "no screen"),
        ("ModuleNotFoundError: No module named 'PyQt6.QtWidgets'", "no screen"),
        ("ModuleNotFoundError: No module named 'gifts'", None),
        ("RuntimeError: Failed to process string with tex because latex could not be found", "LaTeX"),
        ("ValueError: gaierror", None),
    ],
)
def test_errors_that_need_a_word(line: str, words: str | None) -> None:

    ending = Ending(1, None, None, "", line, f"Traceback\n{line}\n", False, False, 1, 0, True)
    hint = hint_for(ending, LIMITS, False, Manifest())
    assert hint is None if words is None else words in (hint or "")


def test_remarks_of_ours_do_not_hide_the_error() -> None:
    errors = (
        "Traceback\nMemoryError\nFigure 1 could not be saved: ValueError: x\n"
        "There is no LaTeX here: figure 2 is drawn without it.\n"
    )
    ending = Ending(1, None, None, "", errors, errors, False, False, 1, 0, True)
    assert ran_out_of_memory(ending)


def test_executor_imports_the_standard_library_and_a_decompressor_only() -> None:
    sources = [
        *ROOT.glob("functions/executor/*.py"),
        *ROOT.glob("functions/executor/slashbox_executor/**/*.py"),
    ]
    assert len(sources) > 20
    allowed = sys.stdlib_module_names | {"slashbox_executor", "command_line", "__future__"}
    for source in sources:
        # What the child imports by name, it imports for the user's code, from the user's packages.
        text = source.read_text().replace("import_module(", "")
        roots = {name.partition(".")[0] for name in find_imports(text)}
        more = {"backports"} if source.name == "decompress.py" else {"_frozen_importlib_external"}
        assert roots <= allowed | more, source
