"""Approved packages arrive when code needs them; everything else stays the error it was."""

from __future__ import annotations

import os
import sys
import threading
from textwrap import dedent

import pytest
from executor_support import Executor
from slashbox_executor.kernel.probe import probe_abilities
from slashbox_executor.manifest import ManifestError
from slashbox_executor.protocol import Failure


@pytest.fixture
def packages(executor: Executor) -> Executor:
    """`shapes` needs `colours` needs `inks`; `numbers9` is in the layer."""
    executor.add_bundle(
        "shapes",
        {"shapes/__init__.py": "import colours\nname = 'square ' + colours.name\n"},
        requires=["colours", "numbers9"],
    )
    executor.add_bundle(
        "colours", {"colours.py": "import inks\nname = 'red'\n"}, requires=["inks"], approved=False
    )
    executor.add_bundle("inks", {"inks.py": "", "inks-1.0.dist-info/METADATA": "Name: inks"}, approved=False)
    executor.add_distribution("numbers9", ["numbers9"], in_layer=True)
    (executor.layer_root / "python" / "numbers9.py").write_text("nine = 9\n")
    return executor


def test_import_in_the_source_is_installed_before_the_run(packages: Executor) -> None:
    result = packages.run("print('start')\nimport shapes\nprint(shapes.name)")
    assert (result.status, result.stdout, result.stderr) == ("ok", "start\nsquare red\n", "")
    assert (result.installed_packages, result.failed_packages) == (["shapes"], [])
    assert packages.log == ["Auto-installed missing module: shapes"]


def test_layer_is_importable_and_fetches_nothing(packages: Executor) -> None:
    result = packages.run("import numbers9; print(numbers9.nine)")
    assert (result.stdout, result.installed_packages, packages.store.gets) == ("9\n", [], [])


def test_installed_package_is_kept_for_the_next_run(packages: Executor) -> None:
    packages.run("import shapes")
    fetched = len(packages.store.gets)
    result = packages.run("import shapes; print(shapes.name)")
    assert (result.stdout, result.installed_packages) == ("square red\n", [])
    assert len(packages.store.gets) == fetched == 3


@pytest.mark.parametrize(
    "code",
    [
        "__import__('sha' + 'pes')",
        "import importlib; importlib.import_module('sha' + 'pes')",
        "try:\n  import shapes\nexcept ImportError:\n  raise ImportError('No module named shapes') from None",
        "try:\n  import shapes\nexcept ImportError as e:\n  raise RuntimeError('wrapped') from e",
        "def late():\n  name = 'shapes'\n  exec(f'import {name}')\nlate()",
    ],
)
def test_import_found_missing_at_run_time_is_installed_and_the_code_run_again(
    packages: Executor, code: str
) -> None:
    result = packages.run(f"print('once')\n{code}\nprint('end')")
    assert (result.status, result.stdout) == ("ok", "once\nend\n"), result.stderr
    assert result.installed_packages == ["shapes"]


def test_name_missing_from_a_shared_namespace_is_installed(executor: Executor) -> None:
    (executor.layer_root / "python" / "company").mkdir()
    (executor.layer_root / "python" / "company" / "one.py").write_text("")
    executor.add_bundle("company-two", {"company/two.py": "value = 2"})
    executor.change_manifest('"company": [', '"company.two": [')
    code = "exec('from company import two')\nprint(two.value)"
    assert executor.run("from company import two\nprint(two.value)").stdout == "2\n"
    assert executor.run(code).stdout == "2\n"


def test_rerun_starts_from_the_beginning_in_a_fresh_folder(packages: Executor) -> None:
    given = packages.store.put("in.txt", b"fresh")
    code = dedent("""\
        import os
        print(sorted(os.listdir(".")), open("in.txt").read())
        open("in.txt", "w").write("spoilt"); open("left.txt", "w").close()
        __import__("sha" + "pes")
        """)
    result = packages.run(code, inputs=[given])
    assert result.stdout.splitlines()[0] == "['in.txt'] fresh"
    assert result.stdout.count("fresh") == 1


def test_one_missing_package_after_another_is_installed(executor: Executor) -> None:
    for name in ("one", "two", "three"):
        executor.add_bundle(name, {f"{name}.py": ""})
    result = executor.run("for n in ('one', 'two', 'three'): __import__(n)\nprint('all')")
    assert (result.stdout, result.installed_packages) == ("all\n", ["one", "two", "three"])


def test_time_of_all_rounds_counts_together(packages: Executor) -> None:
    code = "import time; time.sleep(1); __import__('sha' + 'pes')\nwhile True: pass"
    result = packages.run(code, time_seconds=3)
    assert result.status == "timeout"
    assert result.duration_ms < 2_950


def test_rounds_are_bounded(executor: Executor) -> None:
    names = [f"pack{n}" for n in range(9)]
    for name in names:
        executor.add_bundle(name, {f"{name}.py": ""})
    result = executor.run(f"for n in {names}: __import__(n)")
    assert result.installed_packages == names[:5]
    assert "No module named 'pack5'" in result.stderr


@pytest.mark.parametrize(
    "code",
    [
        "try:\n  import shapes\nexcept ImportError:\n  shapes = None\nprint(shapes)",
        "try:\n  import shapes\nexcept (KeyError, ModuleNotFoundError):\n  shapes = None\nprint(shapes)",
        "from contextlib import *\nshapes = None\nwith suppress(ImportError): import shapes\nprint(shapes)",
    ],
)
def test_guarded_import_is_not_installed_against_the_codes_intent(packages: Executor, code: str) -> None:
    result = packages.run(code)
    assert (result.stdout, result.installed_packages, packages.store.gets) == ("None\n", [], [])


def test_own_module_of_that_name_wins(packages: Executor) -> None:
    own = packages.store.put("shapes.py", b"name = 'mine'")
    result = packages.run("import shapes; print(shapes.name)", inputs=[own])
    assert (result.stdout, result.installed_packages) == ("mine\n", [])


def test_dependency_that_is_not_approved_is_not_installed_by_name(packages: Executor) -> None:
    result = packages.run("import colours")
    assert result.status == "error"
    assert "No module named 'colours'" in result.stderr
    assert (result.installed_packages, result.failed_packages) == ([], [])


def test_unapproved_module_stays_the_original_error_with_a_near_name(packages: Executor) -> None:
    result = packages.run("import shape")
    assert result.stderr.endswith("ModuleNotFoundError: No module named 'shape'\n")
    assert (result.installed_packages, result.failed_packages) == ([], [])
    assert result.hint == "There is no shape here. Did you mean shapes?"


def test_network_library_is_told_from_a_typo(packages: Executor) -> None:
    assert (
        packages.run("import requests").hint == "requests is not available: there is no network access here."
    )


def test_operators_hint_comes_first(packages: Executor) -> None:
    packages.add_hint("requests", "Upload the file instead.")
    assert packages.run("import requests").hint == "Upload the file instead."


def test_hint_stands_also_for_what_only_comes_along_with_an_approved_package(packages: Executor) -> None:
    packages.add_distribution("requests", ["requests"], approved=False)
    packages.add_hint("requests", "Upload the file instead.")
    assert packages.run("import requests").hint == "Upload the file instead."


def test_distribution_name_used_as_import_is_explained(executor: Executor) -> None:
    executor.add_distribution("scikit-learn", ["sklearn"], in_layer=True)
    hint = executor.run("import scikit_learn").hint
    assert hint == "scikit_learn is not the name to import: scikit-learn is imported as sklearn."


@pytest.mark.parametrize(
    ("module", "hint"),
    [
        ("pyyaml", "pyyaml is not the name to import: pyyaml is imported as yaml."),
        ("beautifulsoup4", "beautifulsoup4 is not the name to import: beautifulsoup4 is imported as bs4."),
        ("BeautifulSoup", "BeautifulSoup is not the name to import: beautifulsoup4 is imported as bs4."),
        ("opencv", "opencv is not the name to import: opencv-python-headless is imported as cv2."),
        ("np", "np is only what people call numpy: import numpy as np."),
        ("pd", "pd is not among the packages that are available here."),
    ],
)
def test_names_that_people_take_for_the_module_lead_to_it(executor: Executor, module: str, hint: str) -> None:
    executor.add_distribution("pyyaml", ["_yaml", "yaml"])
    executor.add_distribution("beautifulsoup4", ["bs4"])
    executor.add_distribution("opencv-python-headless", ["cv2"])
    executor.add_distribution("numpy", ["numpy"])
    result = executor.run(f"import {module}")
    assert (result.hint, result.failed_packages) == (hint, [])


def test_package_that_was_not_built_fails_with_its_reason(executor: Executor) -> None:
    executor.add_distribution("torch", ["torch"])
    result = executor.run("import torch")
    assert result.failed_packages == [
        Failure(
            "torch",
            "torch is on the list, but this environment was built without it; its operator can add it "
            "(see npm run rebuild)",
        )
    ]
    assert result.stderr.endswith("No module named 'torch'\n")
    assert result.installed_packages == []


def _corrupt(executor: Executor, data: bytes) -> None:
    for path in executor.store.objects:
        if "shapes" in path:
            executor.store.objects[path] = data


def _same_size(executor: Executor) -> bytes:
    (data,) = (data for path, data in executor.store.objects.items() if "shapes" in path)
    return bytes([data[0] ^ 1]) + data[1:]


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda e: e.store.objects.clear(), "could not be fetched: the store does not have it any more"),
        (lambda e: _corrupt(e, b"short"), "could not be fetched: it has 5 bytes"),
        (lambda e: _corrupt(e, bytes(1 << 20)), "could not be fetched: it is larger"),
        (lambda e: _corrupt(e, _same_size(e)), "could not be unpacked: its content is not what was locked"),
        (lambda e: setattr(e.store, "answer", 503), "could not be fetched: the store answered HTTP 503"),
    ],
    ids=["missing", "short", "long", "corrupted", "store down"],
)
def test_bundle_that_cannot_be_trusted_is_named_and_never_half_visible(
    packages: Executor, harm: object, reason: str
) -> None:
    assert callable(harm)
    harm(packages)
    result = packages.run("import shapes")
    assert result.failed_packages[0].name == "shapes"
    assert reason in result.failed_packages[0].reason
    assert result.stderr.endswith("ModuleNotFoundError: No module named 'shapes'\n")
    assert not [path for path in packages.environment.packages.paths if "shapes" in path.name]
    folder = packages.environment.workspace().root.parent / "packages"
    assert [path for path in folder.iterdir() if "shapes" in path.name or path.name.startswith(".")] == []


def test_bundle_that_does_not_arrive_in_time_is_named_and_never_half_visible(packages: Executor) -> None:
    packages.store.stalled = threading.Event()
    try:
        result = packages.run("import shapes", install_seconds=0.5)
    finally:
        packages.store.stalled.set()
    (failure,) = result.failed_packages
    assert failure.name == "shapes"
    assert failure.reason.endswith("could not be fetched: the store did not answer in time")
    assert result.stderr.endswith("ModuleNotFoundError: No module named 'shapes'\n")
    assert packages.environment.packages.paths == [packages.layer_root / "python"]
    folder = packages.environment.workspace().root.parent / "packages"
    assert list(folder.iterdir()) == []


def test_install_works_again_after_the_store_does(packages: Executor) -> None:
    packages.store.answer = 503
    assert packages.run("import shapes").installed_packages == []
    packages.store.answer = None
    assert packages.run("import shapes").installed_packages == ["shapes"]


@pytest.mark.parametrize("path", ["../evil.py", "/tmp/evil.py", "a/../../evil.py", "..\\evil.py"])
def test_bundle_that_reaches_outside_is_refused(executor: Executor, path: str) -> None:
    executor.add_bundle("evil", {path: "print('evil')"})
    executor.add_distribution("entry", ["evil"])
    executor.change_manifest('"evil": ["entry"]', '"evil": ["evil"]')
    result = executor.run("import evil")
    assert "it has an entry that is not a plain file" in result.failed_packages[0].reason


def test_bundle_larger_than_its_manifest_says_is_refused(executor: Executor) -> None:
    executor.add_bundle("bomb", {"bomb.py": "#" * 100_000})
    executor.change_manifest('"unpacked_bytes": 100000', '"unpacked_bytes": 99999')
    assert "more than its manifest says" in executor.run("import bomb").failed_packages[0].reason


def test_package_too_large_for_the_disk_is_refused_before_it_is_fetched(executor: Executor) -> None:
    executor.add_bundle("huge", {"huge.py": ""})
    executor.change_manifest('"unpacked_bytes": 0', f'"unpacked_bytes": {1 << 60}')
    result = executor.run("import huge")
    assert "not enough disk space" in result.failed_packages[0].reason
    assert executor.store.gets == []


def test_time_for_installing_is_bounded(packages: Executor) -> None:
    result = packages.run("import shapes", install_seconds=1e-9)
    assert result.failed_packages == [Failure("shapes", "the time for installing packages was used up")]
    assert result.stderr.endswith("No module named 'shapes'\n")


def test_packages_harmed_by_a_run_are_not_used_again(packages: Executor) -> None:
    """Neither root's runs nor those that Landlock holds may write there; others may, and we notice."""
    packages.run("import shapes")
    harm = dedent("""\
        import os, shapes
        path = shapes.__file__
        try:
            before = os.stat(path)
            data = open(path).read()
            open(path, "w").write(data.replace("square", "SQUARE"))
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            print("harmed")
        except OSError:
            print("refused")
        """)
    held = os.geteuid() == 0 or probe_abilities().landlock_version > 0
    assert packages.run(harm).stdout == ("refused\n" if held else "harmed\n")
    result = packages.run("import shapes; print(shapes.name)")
    assert result.stdout == "square red\n"


def test_harmed_package_is_dropped(packages: Executor) -> None:
    packages.run("import shapes")
    (path,) = (path for path in packages.environment.packages.paths if "shapes" in path.name)
    (path / "shapes" / "planted.py").write_text("")
    packages.environment.packages.end_run(trusted=False)
    result = packages.run("import shapes; print(shapes.name)")
    assert (result.stdout, result.installed_packages) == ("square red\n", ["shapes"])
    assert "Dropped shapes: its files were changed by a run" in packages.log
    assert not (path / "shapes" / "planted.py").exists()


def test_package_that_may_have_changed_is_at_hand_again_without_being_fetched(packages: Executor) -> None:
    packages.run("import shapes")
    for code in ("import shapes; print(shapes.name)", "print(__import__('sha' + 'pes').name)"):
        packages.environment.packages.end_run(trusted=False)
        result = packages.run(code)
        assert (result.stdout, result.installed_packages) == ("square red\n", [])
    assert len(packages.store.gets) == 3


def test_manifest_that_cannot_be_read_is_an_error_at_start(executor: Executor) -> None:
    path = executor.layer_root / "slashbox" / "manifest.json"
    path.parent.mkdir()
    for text in ("{", '{"version": 2}', '{"version": 1}', "[]"):
        path.write_text(text)
        with pytest.raises(ManifestError, match=r"manifest\.json"):
            _ = executor.environment


def test_layer_in_lambdas_other_layout_is_found_too(executor: Executor) -> None:
    deep = executor.layer_root / "python" / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    deep.mkdir(parents=True)
    (deep / "deep.py").write_text("x = 'deep'")
    assert executor.run("import deep; print(deep.x)").stdout == "deep\n"
