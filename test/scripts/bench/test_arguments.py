"""The command line of `npm run bench`."""

from pathlib import Path

import pytest

from scripts.bench.main import BENCHMARKS, parse

_PLACES = ["--cache", "c", "--environment", "e", "--uv", "u"]


def test_benchmarks_can_be_chosen_by_name(tmp_path: Path) -> None:
    options = parse(
        [*_PLACES, "--only", "leak", "--only", "latency", "--quick", "--json", str(tmp_path / "x")]
    )
    assert (options.only, options.quick, options.json) == (["leak", "latency"], True, tmp_path / "x")
    assert parse(_PLACES).only is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "speed"], "choose from"),
        (["--json", "/no/such/folder/x.json"], "there is no such folder"),
        (["more"], "unrecognized arguments: more"),
        (["--qui"], "unrecognized arguments: --qui"),
    ],
)
def test_what_is_typed_wrongly_ends_with_a_word_on_it(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse([*_PLACES, *arguments])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_help_names_every_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"])
    text = capsys.readouterr().out
    assert all(name in text for name in BENCHMARKS)
