"""Which files come back, under which names, and what is said about the rest."""

from __future__ import annotations

import hashlib
from textwrap import dedent

import pytest
from executor_support import Executor, Store
from slashbox_executor.protocol import Failure


def test_new_files_come_back_in_natural_order(executor: Executor) -> None:
    code = "for n in (10, 2, 1): open(f'part-{n}.txt', 'w').write(str(n))"
    result = executor.run(code)
    assert [(f.slot, f.name, f.size, f.kind) for f in result.files] == [
        (0, "part-1.txt", 1, "file"),
        (1, "part-2.txt", 1, "file"),
        (2, "part-10.txt", 2, "file"),
    ]
    assert executor.files(result) == {"part-1.txt": b"1", "part-2.txt": b"2", "part-10.txt": b"10"}
    assert executor.store.refused == []


def test_unchanged_inputs_do_not_come_back(executor: Executor, store: Store) -> None:
    inputs = [store.put("a.txt", b"aaa"), store.put("b.txt", b"bbb"), store.put("c.txt", b"ccc")]
    code = dedent("""\
        import os
        open("a.txt").read()
        open("b.txt", "w").write("BBB")          # same size, other content
        data = open("c.txt").read()
        os.unlink("c.txt")
        open("c.txt", "w").write(data)           # another file, same content
        """)
    result = executor.run(code, inputs=inputs)
    assert executor.files(result) == {"b.txt": b"BBB"}


def test_changed_input_with_its_time_put_back_comes_back(executor: Executor, store: Store) -> None:
    code = dedent("""\
        import os
        before = os.stat("a.txt")
        os.rename("a.txt", "old"); os.unlink("old")
        open("a.txt", "w").write("xyz")
        os.utime("a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
        """)
    result = executor.run(code, inputs=[store.put("a.txt", b"abc")])
    assert executor.files(result) == {"a.txt": b"xyz"}


def test_folders_become_part_of_the_name_and_names_stay_unique(executor: Executor) -> None:
    code = dedent("""\
        import os
        os.makedirs("out/plots")
        for path in ("out/plots/a.png", "out-plots-a.png", "Out-Plots-A.png"):
            open(path, "w").write(path)
        """)
    files = executor.files(executor.run(code))
    assert sorted(files.values()) == [b"Out-Plots-A.png", b"out-plots-a.png", b"out/plots/a.png"]
    assert len({name.casefold() for name in files}) == 3


def test_caches_do_not_come_back(executor: Executor) -> None:
    code = "import os\nfor d in ('__pycache__', '.cache'):\n  os.mkdir(d); open(d + '/x', 'w').close()"
    result = executor.run(code)
    assert (result.files, result.skipped_files) == ([], [])


def test_limits_on_files_are_explained(executor: Executor) -> None:
    code = "open('0.bin', 'wb').write(bytes(3 << 20))\nfor n in range(1, 9): open(f'{n}.txt', 'w').close()"
    result = executor.run(code, files=5)
    assert [file.name for file in result.files] == [f"{n}.txt" for n in range(1, 6)]
    reasons = {failure.name: failure.reason for failure in result.skipped_files}
    assert reasons["0.bin"] == "has 3.0 MB, and one file may have at most 1.0 MB"
    assert reasons["6.txt"] == "one run can hand out 5 files, and there were more"
    assert sorted(reasons) == ["0.bin", "6.txt", "7.txt", "8.txt"]


def test_slots_bound_the_count_too(executor: Executor) -> None:
    result = executor.run("for n in range(3): open(f'{n}.txt', 'w').close()", slots=2)
    assert [file.slot for file in result.files] == [0, 1]


def test_very_many_files_are_counted_not_listed(executor: Executor) -> None:
    result = executor.run("for n in range(300): open(f'{n}.txt', 'w').close()", files=1)
    assert len(result.skipped_files) == 100
    assert result.skipped_files[-1] == Failure("…", "200 more files were left out")


def test_only_regular_files_with_one_link_come_back(executor: Executor, store: Store) -> None:
    code = dedent("""\
        import contextlib, os, socket
        os.symlink("/etc/passwd", "passwd.txt")
        os.symlink("/etc", "etc")
        os.symlink("in.txt", "in-link.txt")
        os.mkfifo("fifo")
        with contextlib.suppress(PermissionError):  # where the kernel refuses sockets
            socket.socket(socket.AF_UNIX).bind("socket")
        os.link("in.txt", "hard.txt")
        """)
    result = executor.run(code, inputs=[store.put("in.txt", b"x")])
    assert result.files == []
    assert {failure.name for failure in result.skipped_files} >= {"passwd.txt", "etc", "fifo", "hard.txt"}


def test_folder_put_in_place_of_the_working_folder_is_not_collected(executor: Executor) -> None:
    code = dedent("""\
        import os
        here = os.getcwd()
        open("mine.txt", "w").write("mine")
        try:
            os.rename(here, here + "-moved")
            os.symlink("/etc", here)
        except OSError:
            pass
        """)
    assert executor.files(executor.run(code)) == {"mine.txt": b"mine"}


def test_closed_files_and_folders_are_read_all_the_same(executor: Executor) -> None:
    code = dedent("""\
        import os
        os.mkdir("d"); open("d/a.txt", "w").write("a"); open("b.txt", "w").write("b")
        os.chmod("d/a.txt", 0); os.chmod("d", 0); os.chmod("b.txt", 0); os.chmod(".", 0)
        """)
    assert executor.files(executor.run(code)) == {"b.txt": b"b", "d-a.txt": b"a"}


@pytest.mark.parametrize(
    ("made", "named"),
    [
        ("a\\nb.txt", "ab.txt"),
        ("\\u202egnp.exe", "gnp.exe"),
        ("\\x1b[31mred.txt", "[31mred.txt"),
        ("a\\\\b", "a_b"),
        ("...", "file"),
        ("\\u200b", "file"),
        ("-rf", "-rf"),
        ("日本.csv", "日本.csv"),
    ],
)
def test_names_are_made_harmless(executor: Executor, made: str, named: str) -> None:
    result = executor.run(f'open("{made}", "w").close()')
    assert [file.name for file in result.files] == [named]


def test_name_that_is_not_text_is_replaced(executor: Executor) -> None:
    result = executor.run(r"open(b'\xff\xfe.txt', 'w').write('x')")
    assert executor.files(result) == {"??.txt": b"x"}


def test_failing_upload_is_named_and_the_others_go_on(executor: Executor) -> None:
    executor.store.most_bytes = 10
    result = executor.run("open('a.bin', 'wb').write(bytes(100)); open('b.txt', 'w').write('b')")
    assert executor.files(result) == {"b.txt": b"b"}
    assert result.files[0].slot == 0
    assert result.skipped_files == [Failure("a.bin", "could not be stored: the store answered HTTP 400")]


def test_failed_run_hands_out_its_files(executor: Executor) -> None:
    result = executor.run("open('a.txt', 'w').write('a')\n1/0")
    assert executor.files(result) == {"a.txt": b"a"}


def test_input_arrives_byte_for_byte(executor: Executor, store: Store) -> None:
    data = bytes(range(256)) * 4_000
    code = "import hashlib; print(hashlib.file_digest(open('ü b.bin', 'rb'), 'md5').hexdigest())"
    result = executor.run(code, inputs=[store.put("ü b.bin", data)])
    assert result.stdout.strip() == hashlib.md5(data).hexdigest()


def test_input_can_be_written_to(executor: Executor, store: Store) -> None:
    result = executor.run("open('in.csv', 'a').write('9')", inputs=[store.put("in.csv", b"1,")])
    assert executor.files(result) == {"in.csv": b"1,9"}


def test_missing_input_fails_the_run_before_the_code(executor: Executor, store: Store) -> None:
    given = store.put("gone.csv", b"1")
    store.objects.clear()
    result = executor.run("print('ran')", inputs=[given])
    assert (result.status, result.stdout, result.exit_code) == ("input_failed", "", None)
    assert result.hint == (
        '"gone.csv" could not be loaded: the store does not have it any more or does not let us at it '
        "(HTTP 403). It may have expired: upload it again."
    )


@pytest.mark.parametrize("told", [1, 5])
def test_input_of_another_size_is_refused(executor: Executor, store: Store, told: int) -> None:
    given = store.put("x", b"abc")
    wrong = type(given)(given.name, given.url, told)
    assert executor.run("print('ran')", inputs=[wrong]).status == "input_failed"


@pytest.mark.parametrize(
    ("names", "words"), [(["main.py"], "the name of the code"), (["a", "a"], "Two files")]
)
def test_names_that_clash_are_refused(executor: Executor, store: Store, names: list[str], words: str) -> None:
    result = executor.run("print('ran')", inputs=[store.put(name, b"x") for name in names])
    assert result.status == "input_failed"
    assert words in (result.hint or "")
