"""An environment is built from a lock alone, the same each time, and goes on after an interruption."""

from __future__ import annotations

import hashlib
import io
import json
import marshal
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from types import CodeType
from typing import cast

import pytest
from approved_support import PYTHON, Shelf, make_wheel, need_uv
from backports import zstd

from layers.approved import environment as environment_module
from layers.approved.byte_code import find_interpreter
from layers.approved.errors import BuildError
from layers.approved.fetch import Source, explain_uv, find_uv
from layers.approved.wheel_index import WheelFacts, write_wheel_index

BUILD = Path(__file__).parents[3] / "layers" / "approved" / "build.py"


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def distributions(manifest: dict[str, object]) -> dict[str, dict[str, object]]:
    return cast("dict[str, dict[str, object]]", manifest["distributions"])


def bundle_in(folder: Path, name: str) -> Path:
    (found,) = (folder / "bundles").glob(f"{name}-1.0-*.zip.zst")
    return found


def test_two_builds_are_the_same_to_the_byte(shelf: Shelf, tmp_path: Path) -> None:
    shelf.build(tmp_path / "one", "birch")
    shelf.build(tmp_path / "another-and-longer-path", "birch")
    assert files_of(tmp_path / "one") == files_of(tmp_path / "another-and-longer-path")


def test_the_manifest_names_everything_that_is_locked(shelf: Shelf, tmp_path: Path) -> None:
    manifest = shelf.build(tmp_path / "out", "birch")
    assert manifest == json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest == json.loads((tmp_path / "out/layer/slashbox/manifest.json").read_text(encoding="utf-8"))
    assert manifest["version"] == 1
    assert manifest["environment"] == shelf.recipe().id
    assert (manifest["python"], manifest["architecture"]) == (PYTHON, shelf.target.architecture)
    assert manifest["byte_code"] is True
    assert manifest["approved"] == ["amber", "birch", "dune"]
    assert manifest["imports"] == {
        "amber": ["amber"],
        "birch": ["birch"],
        "cedar_single": ["cedar"],
        "cedar_wood": ["cedar"],
    }
    assert manifest["not_imported"] == {}
    assert manifest["hints"] == {
        "dune": "dune is not made for this machine.",
        "requests": "There is no network here.",
    }
    birch = distributions(manifest)["birch"]
    assert birch["requires"] == ["amber", "cedar"]
    assert (birch["approved"], birch["in_layer"]) == (True, False)
    assert distributions(manifest)["cedar"]["approved"] is False
    amber = distributions(manifest)["amber"]
    assert (amber["in_layer"], amber["bundle"]) == (True, None), "the layer has it: nobody fetches it"


def test_a_bundle_is_what_its_manifest_entry_says(shelf: Shelf, tmp_path: Path) -> None:
    manifest = shelf.build(tmp_path / "out", "birch")
    bundle = cast("dict[str, object]", distributions(manifest)["birch"]["bundle"])
    path = bundle_in(tmp_path / "out", "birch")
    data = path.read_bytes()
    assert (bundle["sha256"], bundle["bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))
    assert bundle["key"] == f"bundles/birch-1.0-{bundle['sha256']}.zip.zst"
    assert path == tmp_path / "out" / str(bundle["key"]), "what is read by file: URLs lies where its key says"
    with zstd.open(path) as frame, zipfile.ZipFile(io.BytesIO(frame.read())) as archive:
        entries = archive.infolist()
    assert sum(entry.file_size for entry in entries) == bundle["unpacked_bytes"]
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}


def test_what_was_not_asked_for_has_no_bundle_but_an_import_name(shelf: Shelf, tmp_path: Path) -> None:
    manifest = shelf.build(tmp_path / "out")
    assert distributions(manifest)["birch"]["bundle"] is None
    assert "birch" in cast("dict[str, object]", manifest["imports"])


def test_tests_headers_stubs_and_scripts_stay_behind(shelf: Shelf, tmp_path: Path) -> None:
    shelf.build(tmp_path / "out", "birch")
    layer = files_of(tmp_path / "out/layer" / shelf.target.site_packages)
    names = {name for name in layer if "__pycache__" not in name}
    assert names == {
        "amber/__init__.py",
        "amber/template.py",
        "amber-1.0.dist-info/METADATA",
        "amber-1.0.dist-info/WHEEL",
    }
    with (
        zstd.open(bundle_in(tmp_path / "out", "cedar")) as frame,
        zipfile.ZipFile(io.BytesIO(frame.read())) as cedar,
    ):
        assert "cedar_wood/__init__.pyi" in cedar.namelist(), "its own code reads its stub"


def test_byte_code_is_unchecked_and_names_no_machine_path(shelf: Shelf, tmp_path: Path) -> None:
    shelf.build(tmp_path / "out")
    cache = tmp_path / "out/layer" / shelf.target.site_packages / "amber/__pycache__"
    data = (cache / f"__init__.{sys.implementation.cache_tag}.pyc").read_bytes()
    assert int.from_bytes(data[4:8], "little") == 0b01
    code = cast("CodeType", marshal.loads(data[16:]))
    assert not Path(code.co_filename).is_absolute()
    for content in files_of(tmp_path / "out/layer").values():
        assert str(tmp_path).encode() not in content


def test_without_an_interpreter_there_is_no_byte_code_and_the_manifest_says_so(
    shelf: Shelf, tmp_path: Path
) -> None:
    manifest = shelf.build(tmp_path / "out", byte_code=False)
    assert manifest["byte_code"] is False
    assert not list((tmp_path / "out/layer").rglob("*.pyc"))
    assert manifest["environment"] != shelf.recipe().id


def test_the_packed_layer_has_lambdas_layout_and_can_be_imported(shelf: Shelf, tmp_path: Path) -> None:
    shelf.build(tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "out/layer.zip") as archive:
        archive.extractall(tmp_path / "opt")
    assert files_of(tmp_path / "opt") == files_of(tmp_path / "out/layer")
    finished = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            "import sys; sys.path[:0] = sys.argv[1:]; import amber; print(amber.glow())",
            str(tmp_path / "opt" / f"python/lib/python{PYTHON}/site-packages"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout == "warm\n"


def test_a_corrupted_download_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    make_wheel(shelf.wheel("amber"), "amber", {"amber/__init__.py": "import os\n"})
    with pytest.raises(BuildError, match="did not arrive as it was locked"):
        shelf.build(tmp_path / "out")
    assert not (tmp_path / "out/manifest.json").exists()
    assert not list((tmp_path / "out").rglob("*.zip*"))


def test_a_release_without_wheel_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    shelf.wheel("amber").unlink()
    with pytest.raises(BuildError, match=r"amber 1\.0"):
        shelf.build(tmp_path / "out")


def test_a_wheel_with_other_import_names_than_its_index_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    index = {**shelf.recipe().index, ("amber", "1.0"): WheelFacts(("ambra",), 1)}
    write_wheel_index(shelf.locks / "wheels.json", index)
    with pytest.raises(BuildError, match="import names amber, its index says ambra"):
        shelf.build(tmp_path / "out")


def test_a_second_build_does_nothing_again(shelf: Shelf, tmp_path: Path) -> None:
    shelf.build(tmp_path / "out", "birch")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.zip*")}
    shutil.rmtree(shelf.wheels)
    shelf.wheels.mkdir()
    shelf.build(tmp_path / "out", "birch")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.zip*")} == before
    assert shelf.said == []


def test_more_bundles_join_an_environment_later(shelf: Shelf, tmp_path: Path) -> None:
    first = shelf.build(tmp_path / "out")
    second = shelf.build(tmp_path / "out", "birch")
    assert first["environment"] == second["environment"]
    assert distributions(second)["birch"]["bundle"] is not None
    third = shelf.build(tmp_path / "out")
    assert third == second, "what is there stays"


def test_bundles_by_themselves_leave_layer_and_manifest_as_they_are(shelf: Shelf, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shelf.build(out)
    before = files_of(out)
    options = ["--system", "host", "--approved", str(shelf.folder), "--find-links", str(shelf.wheels)]
    command = [*options, "--uv", str(need_uv()), "--out", str(out), "--bundles", "birch"]
    finished = run_build(*command)
    assert finished.returncode == 0, finished.stderr
    answer = json.loads(finished.stdout)
    assert answer["environment"] == shelf.recipe().id
    assert sorted(answer["bundles"]) == ["birch", "cedar"], "what it needs comes with it; the layer has amber"
    assert {name: data for name, data in files_of(out).items() if name in before} == before
    assert "[packages] 2 packages to build" in finished.stderr
    described = distributions(shelf.build(out, "birch"))
    assert answer["bundles"] == {name: described[name]["bundle"] for name in ("birch", "cedar")}
    assert run_build(*command).stderr == "", "what is finished is only described"


def test_bundles_by_themselves_wait_for_another_build(shelf: Shelf, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["--system", "host", "--approved", str(shelf.folder), "--find-links", str(shelf.wheels)]
    command += ["--uv", str(need_uv()), "--out", str(out), "--bundles", "birch"]
    with environment_module._only_builder(out):
        waiting = subprocess.Popen([sys.executable, str(BUILD), *command], stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(1)
        assert not (out / "bundles").exists()
    answer, _ = waiting.communicate(timeout=60)
    assert sorted(json.loads(answer)["bundles"]) == ["birch", "cedar"]


def test_a_damaged_bundle_is_made_again(shelf: Shelf, tmp_path: Path) -> None:
    shelf.build(tmp_path / "out", "birch")
    bundle = bundle_in(tmp_path / "out", "birch")
    good = bundle.read_bytes()
    bundle.write_bytes(good[:-10])
    shelf.build(tmp_path / "out", "birch")
    assert bundle.read_bytes() == good


def test_what_a_failed_build_finished_is_kept(shelf: Shelf, tmp_path: Path) -> None:
    wheel = shelf.wheel("cedar").read_bytes()
    shelf.wheel("cedar").unlink()
    with pytest.raises(BuildError, match="cedar"):
        shelf.build(tmp_path / "out", "birch", workers=1)
    shelf.wheel("amber").unlink()
    shelf.wheel("birch").unlink()
    shelf.wheel("cedar").write_bytes(wheel)
    shelf.build(tmp_path / "out", "birch", workers=1)
    assert shelf.said[0] == "[packages] 2 of 3 are finished already"


def test_a_killed_build_goes_on(shelf: Shelf, tmp_path: Path) -> None:
    """uv is replaced by a script that tells when it runs and then hangs: the moment to kill the build."""
    started = tmp_path / "started"
    os.mkfifo(started)
    slow = tmp_path / "slow-uv"
    # It speaks late, so that the signal finds the build waiting, as a person's does: Python cannot be
    # interrupted safely at the moment in which it starts a thread.
    script = f"#!/bin/sh\nsleep 1\necho $$ > {started}\nexec sleep 600\n"
    slow.write_text(script, encoding="utf-8")
    slow.chmod(0o755)
    out = tmp_path / "out"
    command = [sys.executable, str(BUILD), "--system", "host", "--approved", str(shelf.folder)]
    command += ["--find-links", str(shelf.wheels), "--out", str(out)]
    process = subprocess.Popen([*command, "--uv", str(slow)], stderr=subprocess.DEVNULL)
    uv_process = int(started.read_text(encoding="utf-8"))
    process.kill()
    process.wait()
    os.kill(uv_process, signal.SIGKILL)
    assert not (out / "manifest.json").exists()
    finished = subprocess.run([*command, "--uv", str(need_uv())], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert (out / "manifest.json").exists()
    assert not (out / "work").exists()


def test_an_interrupted_build_ends_what_it_started(shelf: Shelf, tmp_path: Path) -> None:
    started = tmp_path / "started"
    os.mkfifo(started)
    slow = tmp_path / "slow-uv"
    # It speaks late, so that the signal finds the build waiting, as a person's does: Python cannot be
    # interrupted safely at the moment in which it starts a thread.
    script = f"#!/bin/sh\nsleep 1\necho $$ > {started}\nexec sleep 600\n"
    slow.write_text(script, encoding="utf-8")
    slow.chmod(0o755)
    command = [sys.executable, str(BUILD), "--system", "host", "--approved", str(shelf.folder)]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path / "out"), "--uv", str(slow)], stderr=subprocess.PIPE, text=True
    )
    uv_process = int(started.read_text(encoding="utf-8"))
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.endswith("[packages] interrupted; what is finished is kept\n")
    with pytest.raises(ProcessLookupError):
        os.kill(uv_process, 0)


def test_two_builds_at_once_do_not_mix(shelf: Shelf, tmp_path: Path) -> None:
    output = tmp_path / "out"
    with (
        environment_module._only_builder(output),
        pytest.raises(BuildError, match="Another build is at work"),
    ):
        shelf.build(output)


def test_too_little_disk_is_said_before_anything_is_fetched(shelf: Shelf, tmp_path: Path) -> None:
    index = {**shelf.recipe().index, ("amber", "1.0"): WheelFacts(("amber",), 10**18)}
    write_wheel_index(shelf.locks / "wheels.json", index)
    with pytest.raises(BuildError, match="MB of disk"):
        shelf.build(tmp_path / "out")
    assert not (tmp_path / "out/bundles").exists()


def test_an_output_that_is_a_file_is_refused_in_words(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(BuildError):
        shelf.build(tmp_path / "out")


@pytest.mark.parametrize(
    "change",
    [
        lambda shelf: (shelf.folder / "packages.toml").write_text(
            (shelf.folder / "packages.toml").read_text() + 'x = "A hint."\n'
        ),
        lambda shelf: (shelf.folder / "packages.toml").write_text(
            (shelf.folder / "packages.toml").read_text() + '[not_imported]\namber = "A reason."\n'
        ),
        lambda shelf: (shelf.locks / f"{shelf.target.lock_name}.txt").write_text(
            (shelf.locks / f"{shelf.target.lock_name}.txt")
            .read_text()
            .replace("sha256:", "sha256:" + "0" * 64 + " \\\n    --hash=sha256:", 1)
        ),
    ],
    ids=["hint", "not imported", "lock"],
)
def test_the_id_changes_with_whatever_changes_the_environment(shelf: Shelf, change: object) -> None:
    before = shelf.recipe().id
    assert len(before) == 16
    assert shelf.recipe().id == before
    assert callable(change)
    change(shelf)
    assert shelf.recipe().id != before


def test_the_id_is_known_before_anybody_has_looked_into_the_wheels(shelf: Shelf) -> None:
    assert replace(shelf.recipe(), index={}).id == shelf.recipe().id


def test_another_content_is_another_environment_of_the_same_bundles(shelf: Shelf) -> None:
    recipe = shelf.recipe()
    partial = replace(recipe, content=("amber",))
    assert partial.id != recipe.id
    amber, birch = recipe.lock.distributions["amber"], recipe.lock.distributions["birch"]
    assert partial.bundle_id(amber) == recipe.bundle_id(amber) != recipe.bundle_id(birch)
    assert replace(recipe, interpreter=None).bundle_id(amber) != recipe.bundle_id(amber)


def test_the_id_ignores_why_a_package_is_on_the_list(shelf: Shelf) -> None:
    before = shelf.recipe().id
    path = shelf.folder / "packages.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("the core of", "other words for"), encoding="utf-8"
    )
    assert shelf.recipe().id == before


def run_build(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BUILD), *arguments], capture_output=True, text=True, check=False
    )


def test_print_id_prints_the_id_alone(shelf: Shelf) -> None:
    finished = run_build("--print-id", "--system", "host", "--approved", str(shelf.folder))
    assert finished.stdout == shelf.recipe().id + "\n"
    assert finished.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--python", "3.14", "--out", "x"], "There is no lock of the approved packages for Python 3.14"),
        (["--python", "3.13", "--arch", "x86_64", "--only", "torch", "--out", "x"], "torch is not available"),
        (["--only", "requets", "--out", "x"], "requets is not on the approved list"),
        (["--bundles", "requets", "--out", "x"], "requets is not on the approved list"),
        (["--bundles", "seaborn"], "--out FOLDER"),
        (["--uv", "/nowhere/uv", "--out", "x"], "There is no uv at /nowhere/uv"),
        (["--interpreter", "/nowhere/python", "--out", "x"], "There is no Python that runs at"),
        ([], "--out FOLDER"),
    ],
)
def test_what_is_wrong_is_one_line_on_stderr(arguments: list[str], words: str) -> None:
    finished = run_build(*arguments)
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert finished.stderr.count("\n") == 1
    assert words in finished.stderr


def test_an_interpreter_of_another_version_is_refused(shelf: Shelf) -> None:
    other = type(shelf.target)("3.11" if PYTHON != "3.11" else "3.12", shelf.target.architecture)
    with pytest.raises(BuildError, match="byte code of one does not serve the other"):
        find_interpreter(other, sys.executable)


@pytest.mark.parametrize(
    ("stderr", "words"),
    [
        ("error: Failed to fetch: `https://x/simple/numpy/`\n  Caused by: dns error", "cannot be reached"),
        ("error: failed to write: No space left on device (os error 28)", "The disk is full"),
        ("  x Failed\n  ╰─▶ Hash mismatch for `numpy==2.0`", "did not arrive as it was locked"),
        ("numpy==2.0 has no wheels with a matching platform tag", "has no wheel for this target"),
        ("something new", "could not be fetched"),
    ],
)
def test_uv_s_errors_become_the_operator_s(stderr: str, words: str) -> None:
    message = str(explain_uv("numpy 2.0", stderr))
    assert words in message
    assert "\n" not in message


def test_an_unreachable_registry_is_said_plainly(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(BuildError, match="The package registry cannot be reached"):
        environment_module.build_environment(
            shelf.recipe(), [], Source(find_uv(str(need_uv()))), tmp_path / "out", shelf.said.append
        )
