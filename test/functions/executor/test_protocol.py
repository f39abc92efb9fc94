"""The protocol is held exactly, and no output can make an answer that the worker cannot read."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slashbox_executor.protocol import (
    MAX_RESPONSE_BYTES,
    Failure,
    RequestError,
    Result,
    StoredFile,
    parse_request,
    to_response,
)

GOOD: dict[str, Any] = {
    "version": 1,
    "op": "run",
    "run_id": "123",
    "code": "print(1)",
    "code_name": "main.py",
    "stdin": None,
    "inputs": [{"name": "a.csv", "url": "https://s3/a", "size": 3}],
    "outputs": [{"url": "https://s3/b", "fields": {"key": "k"}}],
    "limits": {
        "time_seconds": 300,
        "install_seconds": 120,
        "memory_megabytes": 2048,
        "disk_megabytes": 512,
        "output_characters": 100_000,
        "file_bytes": 1,
        "files": 25,
        "processes": 64,
    },
}


def test_good_request_is_understood() -> None:
    request = parse_request(GOOD)
    assert (request.code, request.stdin) == ("print(1)", None)
    assert request.inputs[0].name == "a.csv"
    assert request.outputs[0].fields == {"key": "k"}
    assert request.limits.files == 25


@pytest.mark.parametrize(("given", "known"), [({}, None), ({"id": None}, None), ({"id": "1_2_ab"}, "1_2_ab")])
def test_input_may_have_an_id(given: dict[str, object], known: str | None) -> None:
    event = copy.deepcopy(GOOD)
    event["inputs"][0].update(given)
    assert parse_request(event).inputs[0].id == known


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["version"], 2, "version is 2"),
        (["version"], True, "version is True"),
        (["op"], "probe", "op is 'probe'"),
        (["code"], 5, "code must be text, not int"),
        (["code"], "x" * 1_000_001, "code has 1,000,001 bytes"),
        (["code"], "\ud800", "code contains a character that is not valid text"),
        (["stdin"], ["a"], "stdin must be text"),
        (["code_name"], "../main.py", "code_name is '../main.py'"),
        (["inputs"], {}, "inputs must be a list"),
        (["inputs", 0, "name"], "a/b", "inputs[0].name is 'a/b'"),
        (["inputs", 0, "name"], "..", "inputs[0].name is '..'"),
        (["inputs", 0, "name"], "", "inputs[0].name has 0 bytes"),
        (["inputs", 0, "name"], "ü" * 128, "inputs[0].name has 256 bytes"),
        (["inputs", 0, "name"], "a\0b", "inputs[0].name is"),
        (["inputs", 0, "size"], -1, "inputs[0].size is -1"),
        (["inputs", 0, "id"], 5, "inputs[0].id must be text, not int"),
        (["inputs", 0, "id"], "", "inputs[0].id has 0 bytes"),
        (["inputs", 0, "extra"], 1, "inputs[0] has unknown extra"),
        (["outputs", 0, "fields"], [], "outputs[0].fields must be an object"),
        (["limits", "files"], 101, "limits.files is 101"),
        (["limits", "time_seconds"], 0, "limits.time_seconds is 0"),
        (["limits", "time_seconds"], float("nan"), "limits.time_seconds is nan"),
        (["limits", "processes"], 1.5, "limits.processes must be a whole number"),
        (["surprise"], 1, "the request has unknown surprise"),
    ],
)
def test_request_that_does_not_fit_is_refused_in_clear_words(
    path: list[str | int], value: object, words: str
) -> None:
    event = copy.deepcopy(GOOD)
    target: Any = event
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(RequestError, match=r".") as caught:
        parse_request(event)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", list(GOOD))
def test_nothing_may_be_left_out(name: str) -> None:
    with pytest.raises(RequestError, match=f"lacks {name}"):
        parse_request({key: value for key, value in GOOD.items() if key != name})


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.sampled_from([*GOOD, "limits.files", "inputs.0"]), _json)
def test_any_other_value_is_understood_or_refused_never_worse(name: str, value: object) -> None:
    event = copy.deepcopy(GOOD)
    if name == "limits.files":
        event["limits"]["files"] = value
    elif name == "inputs.0":
        event["inputs"] = [value]
    else:
        event[name] = value
    try:
        parse_request(event)
    except RequestError as error:
        assert str(error)


@given(_json)
def test_any_other_event_is_refused(event: object) -> None:
    with pytest.raises(RequestError):
        parse_request(event)


@given(
    st.text()
    | st.integers(0, 1_000_000).map(lambda n: "\x00" * n)
    | st.integers(0, 900_000).map("🎉".__mul__),
    st.text() | st.integers(0, 1_000_000).map(lambda n: "é" * n),
    st.lists(st.builds(Failure, st.text(max_size=600), st.text(max_size=3_000)), max_size=500),
    st.none() | st.text(max_size=5_000),
)
def test_answer_always_fits_the_workers_schema(
    stdout: str, stderr: str, failures: list[Failure], hint: str | None
) -> None:
    result = Result(
        "error",
        1,
        None,
        stdout,
        stderr,
        False,
        False,
        5e9,
        hint,
        ["a"] * 500,
        failures,
        [StoredFile(n, "n", 1, "file") for n in range(100)],
        failures,
    )
    answer: Any = to_response(result)
    assert len(json.dumps(answer)) <= MAX_RESPONSE_BYTES
    assert stdout.startswith(answer["stdout"])
    assert (answer["stdout"] == stdout) or answer["stdout_truncated"]
    assert (answer["stderr"] == stderr) or answer["stderr_truncated"]
    assert answer["duration_ms"] <= 3_600_000
    assert answer["hint"] is None or len(answer["hint"]) <= 2_000
    assert len(answer["installed_packages"]) <= 400
    assert len(answer["failed_packages"]) <= 400
    assert len(answer["skipped_files"]) <= 100
    assert all(len(item["name"]) <= 255 and len(item["reason"]) <= 500 for item in answer["skipped_files"])


def test_answer_has_exactly_the_keys_of_the_schema() -> None:
    source = Path(__file__).parents[3].joinpath("functions/shared/executor-protocol.ts").read_text()
    schema = source[source.index("ExecutorResultSchema") : source.index("export type ExecutorResult ")]
    assert set(re.findall(r"^  (\w+):", schema, re.MULTILINE)) == to_response(Result("ok")).keys()
