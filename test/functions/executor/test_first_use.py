"""What was not built is asked for where somebody builds it, and every other answer is told in words."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from executor_support import Executor
from hypothesis import given
from hypothesis import strategies as st
from slashbox_executor.deadline import Deadline
from slashbox_executor.first_use import FirstUse, FirstUseError
from slashbox_executor.manifest import Bundle
from slashbox_executor.protocol import Failure

SHAPES = Bundle("environments/e/bundles/shapes.zip", "ab" * 32, 10, 20)
ANSWER = {
    "bundles": {"shapes": {"key": SHAPES.key, "sha256": SHAPES.sha256, "bytes": 10, "unpacked_bytes": 20}}
}


class Builder:
    """Answers with `lines`, and then does `then`."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.then: Callable[[], object] = lambda: None
        self.asked: list[str] = []
        builder = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                builder.asked.append(self.path)
                self.send_response(200)
                self.end_headers()
                for line in builder.lines:
                    self.wfile.write(line)
                self.wfile.flush()
                builder.then()

            def log_message(self, format: str, *arguments: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def says(self, *lines: object) -> None:
        self.lines = [json.dumps(line).encode() + b"\n" for line in lines]

    def ask(self, seconds: float = 10) -> dict[str, Bundle]:
        return FirstUse(self.url).build("e", "shapes", Deadline(seconds))


@pytest.fixture(scope="module")
def serving() -> Iterator[Builder]:
    builder = Builder()
    thread = threading.Thread(target=builder.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield builder
    builder.server.shutdown()
    thread.join()
    builder.server.server_close()


@pytest.fixture
def builder(serving: Builder) -> Builder:
    serving.lines, serving.then, serving.asked = [], lambda: None, []
    return serving


def test_the_answer_is_the_last_line(builder: Builder) -> None:
    builder.says({"progress": ""}, {"progress": "1/1 shapes"}, ANSWER)
    assert builder.ask() == {"shapes": SHAPES}
    assert builder.asked == ["/environments/e/packages/shapes"]


def test_a_failed_build_says_why(builder: Builder) -> None:
    builder.says({"progress": "0/1"}, {"error": "The package registry cannot be reached"})
    with pytest.raises(
        FirstUseError, match=r"^it could not be built: The package registry cannot be reached$"
    ):
        builder.ask()


def test_what_takes_longer_than_a_run_may_wait_goes_on_and_says_how_far_it_is(builder: Builder) -> None:
    given_up = threading.Event()
    builder.says({"progress": "1/2 shapes"})
    builder.then = lambda: given_up.wait(30)
    try:
        with pytest.raises(
            FirstUseError, match=r"being built .*\(1/2 shapes\)\. Run this again in a minute$"
        ):
            builder.ask(0.3)
    finally:
        given_up.set()


def test_an_end_without_an_answer_is_no_answer(builder: Builder) -> None:
    builder.says({"progress": "1/2 shapes"})
    with pytest.raises(FirstUseError, match="ended meanwhile; try again"):
        builder.ask()


def test_nobody_there_is_said(builder: Builder) -> None:
    with pytest.raises(FirstUseError, match="nobody builds it: the store could not be reached"):
        FirstUse("http://127.0.0.1:9").build("e", "shapes", Deadline(5))


@pytest.mark.parametrize(
    "line",
    [
        b"<html>\n",
        b"[]\n",
        b"3\n",
        b'{"bundles": 3}\n',
        b'{"bundles": {"shapes": null}}\n',
        b'{"bundles": {"shapes": {"key": "a"}}}\n',
        b'{"bundles": {"shapes": {"key": "a", "sha256": "b", "bytes": "x", "unpacked_bytes": 1}}}\n',
        b"\xff\xfe\n",
    ],
)
def test_an_answer_that_is_none_is_refused(builder: Builder, line: bytes) -> None:
    builder.lines = [line]
    with pytest.raises(FirstUseError, match="an answer that cannot be read"):
        builder.ask()


@given(st.binary(max_size=200))
def test_whatever_comes_back_is_told_in_words(serving: Builder, data: bytes) -> None:
    serving.lines, serving.then = [data, b"\n"], lambda: None
    try:
        serving.ask()
    except FirstUseError as error:
        assert str(error)


def test_a_package_is_built_when_a_run_first_needs_it_and_at_hand_from_then_on(
    executor: Executor, builder: Builder
) -> None:
    bundle = executor.add_bundle("shapes", {"shapes.py": "SIDES = 3"}, built=False)
    executor.first_use_url = builder.url
    builder.says({"progress": "0/1"}, {"bundles": {"shapes": bundle}})
    for installed in (["shapes"], []):
        result = executor.run("import shapes\nprint(shapes.SIDES)")
        assert (result.stdout, result.installed_packages) == ("3\n", installed)
    assert len(builder.asked) == 1


def test_what_the_builder_left_out_is_still_missing(executor: Executor, builder: Builder) -> None:
    executor.add_bundle("shapes", {"shapes.py": "SIDES = 3"}, built=False)
    executor.first_use_url = builder.url
    builder.says({"bundles": {}})
    [failure] = executor.run("import shapes").failed_packages
    assert failure.name == "shapes"
    assert "built without it" in failure.reason


def test_a_build_that_failed_leaves_the_original_error(executor: Executor, builder: Builder) -> None:
    executor.add_bundle("shapes", {"shapes.py": "SIDES = 3"}, built=False)
    executor.first_use_url = builder.url
    builder.says({"error": "the disk is full"})
    result = executor.run("import shapes")
    assert result.failed_packages == [Failure("shapes", "it could not be built: the disk is full")]
    assert result.stderr.endswith("No module named 'shapes'\n")
