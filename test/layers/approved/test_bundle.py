"""How a bundle is packed."""

from pathlib import Path

from layers.approved.bundle import pays_to_deflate


def test_few_large_files_are_deflated_and_many_small_ones_stored(tmp_path: Path) -> None:
    (tmp_path / "library.so").write_bytes(bytes(1 << 20))
    assert pays_to_deflate(tmp_path)
    (tmp_path / "package").mkdir()
    for number in range(9):
        (tmp_path / "package" / f"m{number}.py").write_text("x = 1\n")
    assert not pays_to_deflate(tmp_path)


def test_nothing_is_not_deflated(tmp_path: Path) -> None:
    assert not pays_to_deflate(tmp_path)
