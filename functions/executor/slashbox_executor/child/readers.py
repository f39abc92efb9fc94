"""Reads a file into the Python object that its ending suggests. Libraries are asked for by importing them, so
that an approved one that is missing is installed as for any import of the user's own."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_Options = dict[str, Any]
_Reader = Callable[[Path, _Options], Any]

_TEXT = "txt text md rst log html htm css js ts py r sql tex srt vtt ics ini cfg conf properties svg eml bib"
_IMAGES = "png jpg jpeg gif webp bmp tif tiff ico ppm"
# Libraries that nothing among the approved packages brings.
_LACKING = {
    "sav": ("pyreadstat", "save it as .csv or .dta"),
    "zsav": ("pyreadstat", "save it as .csv or .dta"),
    "por": ("pyreadstat", "save it as .csv or .dta"),
    "xlsb": ("pyxlsb", "save it as .xlsx"),
    "rds": ("pyreadr", "save it as .csv"),
    "rdata": ("pyreadr", "save it as .csv"),
}


def read(call: Callable[..., Any], path: Path, options: _Options) -> Any:
    """
    What `path` holds; bytes where its ending says nothing.

    :param options: for the library's own function, such as pandas.read_csv
    :raises ImportError: naming the package that is missing
    """
    ending = path.suffix.lower().lstrip(".")
    if ending in _LACKING:
        package, instead = _LACKING[ending]
        raise ImportError(
            f"Reading .{ending} needs {package}, which is not among the approved packages: {instead}"
        )
    if ending in {"csv", "tsv", "tab", "psv"}:
        return _read_delimited(call, path, options)
    if ending in {"ods", "fods"}:
        return _read_ods(call, path, options)
    if ending in _TEXT.split():
        return call("delimited", "read_text", path)
    reader = _READERS.get(ending)
    return reader(path, options) if reader else path.read_bytes()


def need(*modules: str) -> Any:
    """
    The first of `modules`, all of them imported.

    :raises ModuleNotFoundError: for the last that is missing, the others being its cause: whoever reads the
        traceback (imports.py) can install all of them at once
    """
    missing: ModuleNotFoundError | None = None
    for name in modules:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            error.__cause__, missing = missing, error
    if missing is not None:
        raise missing
    return sys.modules[modules[0]]


def _read_delimited(call: Callable[..., Any], path: Path, options: _Options) -> Any:
    pandas = need("pandas")
    found = call("delimited", "sniff", path)
    if "sep" in options or "delimiter" in options or path.stat().st_size == 0:
        found.pop("sep", None)
    return pandas.read_csv(path, **{**found, **options})


def _read_ods(call: Callable[..., Any], path: Path, options: _Options) -> Any:
    pandas = need("pandas")
    sheets = call("spreadsheet", "read_ods", path)
    wanted = options.get("sheet_name", 0)
    frames = {
        name: pandas.DataFrame(rows[1:], columns=rows[0] if rows else None) for name, rows in sheets.items()
    }
    if wanted is None:
        return frames
    name = list(frames)[wanted] if isinstance(wanted, int) else wanted
    _mention_sheets(path, list(frames), options)
    return frames[name]


def _read_excel(path: Path, options: _Options) -> Any:
    pandas = need("pandas", "xlrd" if path.suffix.lower() == ".xls" else "openpyxl")
    with pandas.ExcelFile(path) as book:
        _mention_sheets(path, list(map(str, book.sheet_names)), options)
        return book.parse(**{"sheet_name": 0, **options})


def _mention_sheets(path: Path, names: list[str], options: _Options) -> None:
    if len(names) > 1 and "sheet_name" not in options:
        others = ", ".join(names[1:11])
        print(
            f'{path.name}: this is the sheet "{names[0]}"; there are also {others}. '
            f'load_file(…, sheet_name="{names[1]}") reads another, sheet_name=None all of them.',
            file=sys.stderr,
        )


def _read_json(path: Path, options: _Options) -> Any:
    return json.loads(path.read_bytes(), **options)


def _read_json_lines(path: Path, options: _Options) -> list[Any]:
    text = path.read_text(encoding="utf-8-sig")
    found = []
    # Not splitlines(): strings in JSON may hold other line separators.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                found.append(json.loads(line, **options))
            except ValueError as error:
                raise ValueError(f"{path.name}, line {number}: {error}") from None
    return found


def _read_parquet(path: Path, options: _Options) -> Any:
    return need("pandas", "pyarrow").read_parquet(path, **options)


def _read_feather(path: Path, options: _Options) -> Any:
    return need("pandas", "pyarrow").read_feather(path, **options)


def _read_orc(path: Path, options: _Options) -> Any:
    return need("pandas", "pyarrow").read_orc(path, **options)


def _read_hdf(path: Path, options: _Options) -> Any:
    """pandas' own layout needs PyTables, which is not approved; h5py comes with keras and reads any HDF5."""
    try:
        h5py: Any = importlib.import_module("h5py")
    except ModuleNotFoundError:
        # Named so that keras is installed; h5py comes with it.
        raise ModuleNotFoundError(
            f"No module named 'keras', with which comes h5py, which reads {path.suffix}", name="keras"
        ) from None
    return h5py.File(path, "r", **options)


def _read_stata(path: Path, options: _Options) -> Any:
    return need("pandas").read_stata(path, **options)


def _read_sas(path: Path, options: _Options) -> Any:
    if path.suffix.lower() == ".sas7bdat":
        options = {"encoding": "infer", **options}
    return need("pandas").read_sas(path, **options)


def _read_numpy(path: Path, options: _Options) -> Any:
    loaded = need("numpy").load(path, **options)
    return loaded if path.suffix.lower() == ".npy" else dict(loaded)


def _read_sqlite(path: Path, options: _Options) -> Any:
    """A connection that cannot change the file; `pandas.read_sql` takes it."""
    sqlite3 = need("sqlite3")
    address = path.resolve().as_uri() + "?mode=ro&immutable=1"  # immutable: leaves no files beside it
    return sqlite3.connect(address, uri=True, **options)


def _read_duckdb(path: Path, options: _Options) -> Any:
    return need("duckdb").connect(str(path), **{"read_only": True, **options})


def _read_yaml(path: Path, _options: _Options) -> Any:
    documents = list(need("yaml").safe_load_all(path.read_bytes()))
    return documents[0] if len(documents) == 1 else documents or None


def _read_toml(path: Path, options: _Options) -> Any:
    with path.open("rb") as file:
        return need("tomllib").load(file, **options)


def _read_xml(path: Path, _options: _Options) -> Any:
    need("xml.etree.ElementTree")
    return sys.modules["xml.etree.ElementTree"].parse(path).getroot()


def _read_image(path: Path, _options: _Options) -> Any:
    need("PIL.Image")
    image = sys.modules["PIL.Image"].open(path)
    image.load()  # now, so that a damaged file is an error here
    return image


def _read_pickle(path: Path, options: _Options) -> Any:
    """It may run code: the user's own file, where the user's own code runs anyway."""
    import pickle  # noqa: PLC0415

    with path.open("rb") as file:
        return pickle.load(file, **options)  # noqa: S301


_READERS: dict[str, _Reader] = {
    **dict.fromkeys(("xlsx", "xlsm", "xltx", "xls"), _read_excel),
    **dict.fromkeys(("json", "geojson", "ipynb", "topojson"), _read_json),
    **dict.fromkeys(("jsonl", "ndjson"), _read_json_lines),
    **dict.fromkeys(("parquet", "pq"), _read_parquet),
    **dict.fromkeys(("feather", "arrow"), _read_feather),
    **dict.fromkeys(("h5", "hdf5", "hdf"), _read_hdf),
    **dict.fromkeys(("sas7bdat", "xpt"), _read_sas),
    **dict.fromkeys(("npy", "npz"), _read_numpy),
    **dict.fromkeys(("sqlite", "sqlite3", "db", "db3"), _read_sqlite),
    **dict.fromkeys(("yaml", "yml"), _read_yaml),
    **dict.fromkeys(_IMAGES.split(), _read_image),
    **dict.fromkeys(("pkl", "pickle"), _read_pickle),
    "orc": _read_orc,
    "dta": _read_stata,
    "duckdb": _read_duckdb,
    "toml": _read_toml,
    "xml": _read_xml,
}
