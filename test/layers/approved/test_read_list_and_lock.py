"""The list and the locks are read strictly: whatever is not understood is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.approved.approved_list import read_approved_list
from layers.approved.errors import BuildError
from layers.approved.lock_checks import check_lock, check_other_locks, check_steps_back
from layers.approved.lockfile import parse_lock
from layers.approved.target import Target
from layers.approved.wheel_index import WheelFacts, check_roots, read_wheel_index, write_wheel_index

A, B = "a" * 64, "b" * 64
LOCK = f"""amber==1.0 \\
    --hash=sha256:{A} \\
    --hash=sha256:{B}
    # via
    #   birch
    #   cedar
birch==2.1.post1 \\
    --hash=sha256:{A}
cedar==3!1.0 \\
    --hash=sha256:{B}
    # via birch
"""
X86 = Target("3.13", "x86_64")
ARM = Target("3.13", "aarch64")


def write_list(folder: Path, text: str) -> Path:
    path = folder / "packages.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_lock_gives_versions_hashes_and_direct_requirements() -> None:
    lock = parse_lock(LOCK)
    assert lock.distributions["amber"].hashes == (A, B)
    assert lock.distributions["birch"].version == "2.1.post1"
    assert lock.distributions["birch"].requires == ("amber", "cedar")
    assert lock.closure(["birch"]) == {"amber", "birch", "cedar"}
    assert lock.distributions["amber"].requirement == f"amber==1.0 --hash=sha256:{A} --hash=sha256:{B}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "amber==1.0\n",
        f"amber>=1.0 \\\n    --hash=sha256:{A}\n",
        f"amber==1.0 \\\n    --hash=sha256:{A[:-1]}\n",
        f"amber==1.0 \\\n    --hash=sha256:{A} \\\n",
        f"amber @ https://example.org/amber \\\n    --hash=sha256:{A}\n",
        f"--index-url https://example.org/simple\n{LOCK}",
        f"{LOCK}{LOCK}",
        f"amber==1.0 \\\n    --hash=sha256:{A}\n    # via nobody\n",
        f"# made with uv\n{LOCK}",
        f"amber==1.0 ; python_version < '3.12' \\\n    --hash=sha256:{A}\n",
    ],
)
def test_anything_looser_than_pins_with_hashes_is_refused(text: str) -> None:
    with pytest.raises(BuildError):
        parse_lock(text)


@given(st.integers(0, len(LOCK) - 1), st.characters())
def test_a_damaged_lock_is_read_or_refused_and_nothing_else(position: int, character: str) -> None:
    damaged = LOCK[:position] + character + LOCK[position + 1 :]
    try:
        lock = parse_lock(damaged)
    except BuildError:
        return
    assert all(locked.hashes for locked in lock.distributions.values())
    assert all(lock.closure([name]) for name in lock.distributions)


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with pytest.raises(BuildError, match="lock"):
        parse_lock(text)


def test_swaps_and_absences_follow_the_target(tmp_path: Path) -> None:
    approved = read_approved_list(
        write_list(
            tmp_path,
            """
[[package]]
name = "flow"
why = "swapped"
version = ">=2"
on.x86_64 = { install = "flow-cpu", reason = "smaller" }
on."3.13-aarch64" = { version = "<2.11", reason = "the last small one" }
on."3.13" = { absent = true, reason = "never reached for aarch64" }
""",
        )
    )
    assert approved.requirements(Target("3.12", "x86_64")) == ["flow-cpu>=2"]
    assert approved.requirements(ARM) == ["flow<2.11"]
    assert approved.requirements(Target("3.12", "aarch64")) == ["flow>=2"]
    assert approved.requirements(X86) == []
    assert approved.absent(X86) == {"flow": "never reached for aarch64"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no \\[\\[package\\]\\] entries"),
        ("[[package]", "not valid TOML"),
        ("[package]\nname = 'a'", "no \\[\\[package\\]\\] entries"),
        ("[[package]]\nname = 'Amber'\nwhy = 'x'", "normal form"),
        ("[[package]]\nname = 'amber'", "why has to be"),
        ("[[package]]\nname = 'amber'\nwhy = 'x'\nwy = 'y'", "unknown key 'wy'"),
        ("[[package]]\nname = 'amber'\nwhy = 'x'\ncore = 1", "core has to be true or false"),
        ("[[package]]\nname = 'amber'\nwhy = 'x'\nversion = 'new'", "constraint"),
        ("[[package]]\nname = 'amber'\nwhy = 'x'\non.mips = { reason = 'x' }", "unknown key 'mips'"),
        ("[[package]]\nname = 'amber'\nwhy = 'x'\non.x86_64 = { absent = true }", "reason has to be"),
        ("[[package]]\nname = 'amber'\nwhy = 'x'\n[[package]]\nname = 'amber'\nwhy = 'x'", "amber twice"),
        ("[[package]]\nname = 'amber'\nwhy = 'x'\n[hints]\na = 1", "a has to be one line"),
        ("[[package]]\nname = 'amber; evil'\nwhy = 'x'", "normal form"),
        ("[[package]]\nname = 'amber'\nwhy = 'x'\nversion = '>1; --index-url x'", "constraint"),
    ],
)
def test_a_list_that_is_wrong_says_where(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BuildError, match=words):
        read_approved_list(write_list(tmp_path, text))


def test_unsupported_targets_name_what_to_install() -> None:
    with pytest.raises(BuildError, match=r"Python 3\.14: install Python 3\.11, 3\.12 or 3\.13"):
        Target("3.14", "x86_64")
    with pytest.raises(BuildError, match="riscv64"):
        Target("3.13", "riscv64")


def one(version: str, name: str = "amber") -> str:
    return f"{name}=={version} \\\n    --hash=sha256:{A}\n"


@pytest.mark.parametrize("version", ["2.0a1", "2.0b2", "2.0rc1", "2.0.dev3", "2.0.0rc10"])
def test_a_release_that_is_not_final_fails_the_lock(tmp_path: Path, version: str) -> None:
    approved = read_approved_list(write_list(tmp_path, "[[package]]\nname = 'amber'\nwhy = 'x'\n"))
    with pytest.raises(BuildError, match="not a final release"):
        check_lock(parse_lock(one(version)), approved, X86)
    check_lock(parse_lock(one("2.0.post1")), approved, X86)


def test_an_approved_package_that_is_not_locked_fails_the_lock(tmp_path: Path) -> None:
    approved = read_approved_list(write_list(tmp_path, "[[package]]\nname = 'birch'\nwhy = 'x'\n"))
    with pytest.raises(BuildError, match="birch is approved but not in"):
        check_lock(parse_lock(one("1.0")), approved, X86)


def test_a_step_back_fails_unless_it_is_accepted() -> None:
    with pytest.raises(BuildError, match=r"gensim goes back from 4\.4\.0 to 0\.10\.1"):
        check_steps_back({"gensim": "4.4.0"}, {"gensim": "0.10.1"}, (), (), "the lock")
    check_steps_back({"gensim": "4.4.0"}, {"gensim": "0.10.1"}, (), {"gensim"}, "the lock")
    check_steps_back({"gensim": "4.4.0"}, {"gensim": "4.3.9"}, (), (), "the lock")
    with pytest.raises(BuildError, match="goes back"):
        check_steps_back({"gensim": "4.4.0"}, {"gensim": "4.3.9"}, {"gensim"}, (), "the lock")


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=4), st.lists(st.integers(0, 3000), max_size=2))
def test_the_same_or_a_longer_release_is_no_step_back(numbers: list[int], more: list[int]) -> None:
    old = ".".join(map(str, numbers))
    new = ".".join(map(str, [*numbers, *more]))
    check_steps_back({"a": old}, {"a": new}, {"a"}, (), "the lock")


def test_an_approved_package_far_behind_another_lock_fails() -> None:
    locks = {"old": parse_lock(one("1.9")), "new": parse_lock(one("2.0"))}
    with pytest.raises(BuildError, match="amber goes back"):
        check_other_locks(locks, {"amber"}, ())
    check_other_locks(locks, {"birch"}, ())


def test_two_distributions_that_claim_one_import_name_fail() -> None:
    lock = parse_lock(one("1.0") + one("1.0", "birch"))
    index = {
        ("amber", "1.0"): WheelFacts(("tree", "amber"), 1),
        ("birch", "1.0"): WheelFacts(("tree",), 1),
    }
    with pytest.raises(BuildError, match="both amber and birch claim the import name 'tree'"):
        check_roots(lock, index, "the lock")
    with pytest.raises(BuildError, match=r"does not know birch 1\.0"):
        check_roots(lock, {key: facts for key, facts in index.items() if key[0] == "amber"}, "the lock")


def test_the_wheel_index_survives_a_round_trip_and_refuses_damage(tmp_path: Path) -> None:
    index = {
        ("b", "2"): WheelFacts(("b", "c"), 5),
        ("a", "1"): WheelFacts((), 0),
        ("b", "1"): WheelFacts((), 1),
    }
    path = tmp_path / "wheels.json"
    write_wheel_index(path, index)
    assert read_wheel_index(path) == index
    path.write_text(path.read_text(encoding="utf-8")[:-9], encoding="utf-8")
    with pytest.raises(BuildError, match="damaged"):
        read_wheel_index(path)
