"""load_file: what each ending becomes, how files are found, and what is said when neither works."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import pickle
import sqlite3
import tarfile
import traceback
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from executor_support import Executor, Store
from hypothesis import given
from hypothesis import strategies as st
from slashbox_executor.child import archives, delimited, readers, spreadsheet
from slashbox_executor.imports import find_missing
from slashbox_executor.protocol import InputFile

FILE_ID = "123456789_1700000000_0a1b2c3d"


@pytest.fixture
def layered(tmp_path: Path, store: Store, real_layer: Path) -> Iterator[Executor]:
    with Executor(tmp_path, store, layer_root=real_layer) as running:
        yield running


def _load(executor: Executor, name: str, data: bytes, code: str = "load_file(NAME)") -> str:
    result = executor.run(
        code.replace("NAME", repr(name)), inputs=[executor.store.put(name, data)], memory_megabytes=1024
    )
    assert result.status == "ok", result.stderr
    assert result.files == [], "reading a file leaves nothing behind"
    return result.stdout


@pytest.mark.parametrize(
    ("name", "data", "shown"),
    [
        ("a.txt", "grün\r\n".encode(), "'grün\\n'\n"),
        ("a.txt", "grün".encode("cp1252"), "'grün'\n"),
        ("a.txt", "grün".encode("utf-16"), "'grün'\n"),
        ("a.MD", b"\xef\xbb\xbf# title", "'# title'\n"),
        ("a.html", b"<p>", "'<p>'\n"),
        ("a.json", b'\xef\xbb\xbf{"a": [1]}', "{'a': [1]}\n"),
        ("a.geojson", b'{"type": "Point"}', "{'type': 'Point'}\n"),
        ("a.jsonl", '{"a": "\u2028"}\r\n\n2\n'.encode(), "[{'a': '\\u2028'}, 2]\n"),
        ("a.ndjson", b"[1]\n[2]", "[[1], [2]]\n"),
        ("a.toml", b"a = 1", "{'a': 1}\n"),
        ("a.unknown", b"\x00\x01", "b'\\x00\\x01'\n"),
        ("noending", b"x", "b'x'\n"),
        ("a.pickle", pickle.dumps({1, 2}), "{1, 2}\n"),
        ("a.txt.gz", gzip.compress(b"in"), "'in'\n"),
        ("a.json.bz2", bz2.compress(b"[1]"), "[1]\n"),
        ("a.json.xz", lzma.compress(b"[2]"), "[2]\n"),
        ("a.gz", gzip.compress(b"raw"), "b'raw'\n"),
    ],
)
def test_endings_that_need_no_package(executor: Executor, name: str, data: bytes, shown: str) -> None:
    assert _load(executor, name, data) == shown


def test_xml_is_its_root_element(executor: Executor) -> None:
    assert _load(executor, "a.xml", b"<r><c k='1'/></r>", "load_file(NAME)[0].attrib") == "{'k': '1'}\n"


def test_database_is_a_connection_that_cannot_change_it(executor: Executor, tmp_path: Path) -> None:
    path = tmp_path / "made.db"
    with sqlite3.connect(path) as made:
        made.execute("pragma journal_mode=wal")
        made.execute("create table t (a)")
        made.execute("insert into t values (7)")
    made.close()
    code = (
        "db = load_file(NAME)\nprint(db.execute('select * from t').fetchall())\n"
        "try: db.execute('delete from t')\nexcept Exception as error: print(error)"
    )
    assert _load(executor, "a b#.db", path.read_bytes(), code) == (
        "[(7,)]\nattempt to write a readonly database\n"
    )


@pytest.mark.parametrize("ending", ["zip", "tar", "tgz", "tar.xz"])
def test_archive_is_a_folder_outside_the_working_folder(executor: Executor, ending: str) -> None:
    buffer = io.BytesIO()
    if ending == "zip":
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("data/a.csv", "x")
    else:
        mode = {"tar": "w", "tgz": "w:gz", "tar.xz": "w:xz"}[ending]
        with tarfile.open(fileobj=buffer, mode=mode) as tar:  # type: ignore[call-overload]
            member = tarfile.TarInfo("data/a.csv")
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
    code = "folder = load_file(NAME)\nprint(folder.name, [p.read_text() for p in folder.rglob('*.csv')])"
    assert _load(executor, f"all.{ending}", buffer.getvalue(), code) == "all ['x']\n"


def test_file_is_found_by_name_path_and_id(executor: Executor, store: Store) -> None:
    given = store.put("a.txt", b"text")
    given = InputFile(given.name, given.url, given.size, id=FILE_ID)
    code = (
        "import os, slashbox\nfrom pathlib import Path\n"
        f"print(load_file('{FILE_ID}'), load_file(Path('a.txt')), load_file(os.path.abspath('a.txt')))\n"
        "os.makedirs(os.environ['HOME'] + '/x')\n"
        "os.chdir(os.environ['HOME'] + '/x')\nprint(slashbox.load_file('a.txt'))"
    )
    result = executor.run(code, inputs=[given])
    assert (result.stdout, result.stderr) == ("text text text\ntext\n", "")


def test_missing_file_names_what_there_is_and_the_nearest(executor: Executor, store: Store) -> None:
    files = [store.put("Sales 2024.csv", b"x"), store.put("other.txt", b"y")]
    result = executor.run("load_file('sales2024.csv')", inputs=files)
    assert result.stderr.splitlines()[-1] == (
        "FileNotFoundError: There is no file 'sales2024.csv' here. Did you mean Sales 2024.csv? "
        "Files here: Sales 2024.csv, other.txt."
    )
    alone = executor.run("load_file('a\\0b')").stderr.splitlines()[-1]
    assert alone.endswith("This run has no files: store some with /upload, or attach them.")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        (
            "a.sav",
            b"x",
            "ImportError: Reading .sav needs pyreadstat, which is not among the approved packages",
        ),
        ("a.csv.zst", b"x", "ImportError: Reading .zst needs zstandard, which is not among the approved"),
        ("a.jsonl", b"1\n{", "ValueError: a.jsonl, line 2: "),
        ("a.zip", b"PK no", "ArchiveError: a.zip is damaged, or not what its ending says"),
        ("a.gz", b"no", "ArchiveError: a.gz is damaged, or not what its ending says"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(executor: Executor, name: str, data: bytes, words: str) -> None:
    result = executor.run(f"load_file({name!r})", inputs=[executor.store.put(name, data)])
    assert words in result.stderr.splitlines()[-1]
    assert "slashbox " not in result.stderr
    assert "During handling" not in result.stderr


def test_not_a_name_is_a_type_error(executor: Executor) -> None:
    assert "TypeError: load_file takes a file's name or id, not int" in executor.run("load_file(5)").stderr


def test_packages_that_are_missing_are_installed_together(executor: Executor, store: Store) -> None:
    executor.add_bundle("pandas", {"pandas.py": "def read_parquet(path): return 'read'\n"})
    executor.add_bundle("pyarrow", {"pyarrow.py": ""})
    executor.add_bundle("keras", {"keras.py": ""}, requires=["h5py"])
    executor.add_bundle("h5py", {"h5py.py": "def File(path, mode): return mode\n"}, approved=False)
    result = executor.run("load_file('a.parquet')", inputs=[store.put("a.parquet", b"x")])
    assert (result.stdout, sorted(result.installed_packages)) == ("'read'\n", ["pandas", "pyarrow"]), result
    result = executor.run("load_file('a.h5')", inputs=[store.put("a.h5", b"x")])
    assert (result.stdout, result.installed_packages) == ("'r'\n", ["keras"])


def test_packages_that_cannot_be_had_leave_the_import_error(executor: Executor, store: Store) -> None:
    result = executor.run("load_file('a.yaml')", inputs=[store.put("a.yaml", b"a: 1")])
    assert result.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'yaml'"


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        readers.need("json", "missing_one", "missing_two")
    assert find_missing("".join(traceback.format_exception(caught.value))) == ["missing_two", "missing_one"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", "name,n\nZoë,1.5\n".encode()),
        ("a.csv", "name;n\r\nZoë;1,5\r\n".encode("cp1252")),
        ("a.csv", "name\tn\nZoë\t1.5\n".encode("utf-16")),
        ("a.csv", "name|n\nZoë|1.5\n".encode("utf-8-sig")),
        ("a.tsv", "name\tn\nZoë\t1.5\n".encode("utf-16-le")),
        ("a.csv.gz", gzip.compress("name,n\nZoë,1.5\n".encode())),
    ],
)
def test_tables_in_text_are_read_however_they_are_written(layered: Executor, name: str, data: bytes) -> None:
    assert _load(layered, name, data, "load_file(NAME).to_dict('list')") == "{'name': ['Zoë'], 'n': [1.5]}\n"


def test_options_go_to_the_library(layered: Executor) -> None:
    code = "load_file(NAME, sep=',', nrows=1, index_col='a').to_dict()"
    assert _load(layered, "a.csv", b"a,b;c\n1,2\n3,4\n", code) == "{'b;c': {1: 2}}\n"


def test_arrays_images_and_stata_are_what_their_libraries_make(layered: Executor) -> None:
    code = (
        "import numpy, pandas, os\nfrom PIL import Image\n"
        "os.chdir(os.environ['TMPDIR'])\n"
        "numpy.save('a.npy', [1, 2]); numpy.savez('a.npz', x=[3])\n"
        "Image.new('RGB', (3, 2)).save('a.PNG')\n"
        "pandas.DataFrame({'v': [5]}).to_stata('a.dta', write_index=False)\n"
        "print(load_file('a.npy'), load_file('a.npz'), load_file('a.PNG').size, load_file('a.dta').v[0])"
    )
    result = layered.run(code, memory_megabytes=1024)
    assert result.stdout == "[1 2] {'x': array([3])} (3, 2) 5\n", result.stderr


CONTENT = """<?xml version="1.0"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
<table:table table:name="One"><table:table-row>
<table:table-cell office:value-type="string"><text:p>name</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>day</text:p></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="2">
<table:table-cell office:value-type="float" office:value="2.0"><text:p>2</text:p></table:table-cell>
<table:table-cell office:value-type="date" office:date-value="2026-01-31"/>
<table:table-cell table:number-columns-repeated="1020"/></table:table-row>
<table:table-row table:number-rows-repeated="1048572"><table:table-cell/></table:table-row></table:table>
<table:table table:name="Two"/></office:spreadsheet></office:body></office:document-content>"""


def _ods(content: str = CONTENT) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("content.xml", content)
    return buffer.getvalue()


def test_open_document_sheet_is_a_table_and_mentions_the_others(layered: Executor) -> None:
    given = layered.store.put("a.ods", _ods())
    result = layered.run("load_file('a.ods')", inputs=[given], memory_megabytes=1024)
    assert result.stdout == "   name        day\n0     2 2026-01-31\n1     2 2026-01-31\n", result.stderr
    assert result.stderr.startswith('a.ods: this is the sheet "One"; there are also Two.')


@given(st.binary(max_size=300) | st.text(max_size=300).map(_ods))
def test_what_is_no_spreadsheet_is_a_value_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("ods") / "a.ods"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.ods is not an OpenDocument spreadsheet"):
        spreadsheet.read_ods(path)


cells = st.text(alphabet="abcXYZ019 _-.,;|\t'\"é", max_size=12).filter(lambda text: text.strip(" ") == text)
header = st.text(alphabet="abcdefgh", min_size=1, max_size=8)


@given(
    st.sampled_from(",;\t|"),
    st.integers(2, 6).flatmap(
        lambda width: st.tuples(
            st.lists(header, min_size=width, max_size=width),
            st.lists(st.lists(header, min_size=width, max_size=width), min_size=1, max_size=20),
        )
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_delimiter_and_encoding_are_found(
    tmp_path_factory: pytest.TempPathFactory,
    delimiter: str,
    table: tuple[list[str], list[list[str]]],
    encoding: str,
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([table[0], *table[1], ["été"] * len(table[0])])
    found = delimited.sniff(path)
    assert found == {"sep": delimiter, "encoding": encoding}


@given(st.binary(max_size=400) | st.lists(st.lists(cells, max_size=5), max_size=9).map(repr).map(str.encode))
def test_any_bytes_can_be_looked_at_and_read_as_text(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(data)
    found = delimited.sniff(path)
    assert found["sep"] in ",;\t|"
    path.read_text(encoding=found["encoding"], errors="replace")


KINDS = {
    "link": tarfile.SYMTYPE,
    "hard": tarfile.LNKTYPE,
    "device": tarfile.CHRTYPE,
    "folder": tarfile.DIRTYPE,
}
names = st.sampled_from(["../x", "a/../../../x", "..\\\\x", "/x", "a/b", "a"]) | st.text(
    "ab/.\\:\0é ", min_size=1, max_size=12
)


@given(st.lists(st.tuples(names, st.sampled_from(["file", "link", "hard", "device", "folder"])), max_size=8))
def test_nothing_is_unpacked_outside_or_as_a_link(
    tmp_path_factory: pytest.TempPathFactory, members: list[tuple[str, str]]
) -> None:
    base = tmp_path_factory.mktemp("tar")
    with tarfile.open(base / "a.tar", "w") as tar:
        for name, kind in members:
            member = tarfile.TarInfo(name.replace("\0", "0"))
            member.type, member.linkname = KINDS.get(kind, tarfile.REGTYPE), "/etc/passwd"
            tar.addfile(member, io.BytesIO(b""))
    before = set(base.iterdir())
    scratch = base / "scratch"
    scratch.mkdir()
    folder = archives.unpack(base / "a.tar", str(scratch))
    assert set(base.iterdir()) == before | {scratch}
    assert all(
        not path.is_symlink() and (path.is_dir() or path.stat().st_nlink == 1) for path in scratch.rglob("*")
    )
    assert folder.parent.parent == scratch
    assert all(path.is_relative_to(folder) or path in folder.parents for path in scratch.rglob("*"))


def test_archive_that_becomes_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MOST_BYTES", 1_000)
    monkeypatch.setattr(archives, "_MOST_ENTRIES", 3)
    for name, files in (("large.zip", {"a": b"\0" * 2_000}), ("many.zip", {str(n): b"" for n in range(5)})):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for entry, data in files.items():
                archive.writestr(entry, data)
        with pytest.raises(archives.ArchiveError, match="more than"):
            archives.unpack(tmp_path / name, str(tmp_path))
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"\0" * 2_000))
    with pytest.raises(archives.ArchiveError, match="more than"):
        archives.decompress(tmp_path / "a.txt.gz", str(tmp_path))


def test_ids_of_inputs_reach_only_the_run(executor: Executor, store: Store) -> None:
    given = store.put("a.txt", b"x")
    executor.run("1", inputs=[InputFile(given.name, given.url, given.size, id=FILE_ID)])
    result = executor.run(f"load_file('{FILE_ID}')", inputs=[given])
    assert "FileNotFoundError: There is no file" in result.stderr
    assert json.dumps(FILE_ID) not in result.stdout
