"""The rebuild's smaller parts: age, orders, kept progress, and the pointer as AWS's own client reads it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rebuild_support import NOW, World

from functions.rebuild.age import report_age
from functions.rebuild.orders import Order, OrderError, parse_order
from functions.rebuild.progress import FinishedBundle, Progress, format_progress, parse_progress
from layers.approved.errors import BuildError
from layers.approved.store import BuiltBundle
from layers.approved.wheel_index import WheelFacts

ROOT = Path(__file__).parents[3]
ARN = "arn:aws:lambda:us-east-1:123456789012:layer:slashbox:7"

names = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+){0,2}", fullmatch=True)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_the_age_is_logged_and_is_a_metric_in_embedded_metric_format() -> None:
    lines: list[str] = []
    assert report_age("abc", NOW - timedelta(days=3, hours=12), NOW, "rebuild", lines.append) == 3.5
    assert lines[0] == "[Rebuild] The environment abc is 3.5 days old"
    metric = json.loads(lines[1])
    assert metric["EnvironmentAgeDays"] == 3.5
    assert metric["_aws"]["Timestamp"] == int(NOW.timestamp() * 1000)
    (directive,) = metric["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Slashbox"
    assert directive["Dimensions"] == [["FunctionName"]]
    assert metric["FunctionName"] == "rebuild"
    assert directive["Metrics"] == [{"Name": "EnvironmentAgeDays", "Unit": "None"}]


@given(st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(days=4000)))
def test_the_age_is_never_negative_and_each_of_its_lines_is_one(age: timedelta) -> None:
    lines: list[str] = []
    reported = report_age("abc", NOW - age, NOW, "rebuild", lines.append)
    assert reported == pytest.approx(max(0.0, age / timedelta(days=1)))
    assert all("\n" not in line for line in lines)


def test_it_counts_from_when_nothing_newer_was_found(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.run(Order(age_only=True))["age_days"] == 7
    world.promote(world.run()["environment"])
    world.pointer = type(world.pointer)(
        world.pointer.layer, world.pointer.environment, NOW - timedelta(days=9)
    )
    assert world.run(Order(age_only=True))["age_days"] == 9
    assert world.run()["outcome"] == "unchanged"
    assert world.run(Order(age_only=True))["age_days"] == 0
    assert "EnvironmentAgeDays" in capsys.readouterr().out


@given(
    st.builds(
        Order,
        environment=st.none() | st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
        continuation=st.integers(0, 20),
        only=st.lists(names, max_size=4).map(tuple),
        accepted=st.lists(names, max_size=4).map(tuple),
        request=st.from_regex(r"[\w-]{0,64}", fullmatch=True),
        age_only=st.booleans(),
    )
)
def test_an_order_survives_being_an_event(order: Order) -> None:
    assert parse_order(json.loads(json.dumps(order.to_event()))) == order


def test_the_schedule_s_event_asks_for_everything() -> None:
    assert parse_order({}) == Order()


@given(json_values | st.dictionaries(st.sampled_from(sorted(Order().to_event())), json_values))
def test_any_other_event_is_refused_in_words(event: object) -> None:
    try:
        order = parse_order(event)
    except OrderError:
        return
    assert parse_order(order.to_event()) == order


PROGRESS = Progress(
    ("amber",),
    "0123456789abcdef",
    {("amber", "1.0"): WheelFacts(("amber",), 10)},
    {
        "amber": FinishedBundle(
            "a" * 64, BuiltBundle(f"amber-1.0-{'b' * 64}.zip.zst", "b" * 64, 9, 10, ("amber",))
        )
    },
)


def test_progress_survives_being_stored() -> None:
    assert parse_progress(format_progress(PROGRESS), "progress.json") == PROGRESS


@given(st.data())
def test_damaged_progress_is_an_error_in_words(data: st.DataObject) -> None:
    text = format_progress(PROGRESS)
    at = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:at] + data.draw(st.text(max_size=3)) + text[at + 1 :]
    try:
        parse_progress(damaged, "progress.json")
    except BuildError as error:
        assert "progress.json" in str(error)


class Cloud(BaseHTTPRequestHandler):
    """As much of SSM and Lambda as the pointer needs: one parameter, changed two days ago, and one layer."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["X-Amz-Target"] == "AmazonSSM.GetParameter" and asked["Name"] in ("/there", "/gone"):
            changed = datetime.now(UTC).timestamp() - 2 * 86_400
            arn = ARN if asked["Name"] == "/there" else f"{ARN}0"
            self._answer(200, {"Parameter": {"Name": "/there", "Value": arn, "LastModifiedDate": changed}})
        else:
            self._answer(400, {"__type": "ParameterNotFound", "message": "no such parameter"})

    def do_GET(self) -> None:
        if self.path.endswith("%3A7"):
            self._answer(200, {"Description": "Slashbox package environment 0123456789abcdef"})
        else:
            self._answer(404, {"Type": "User", "message": "no such layer"})

    def _answer(self, status: int, body: dict[str, object]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Cloud) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


READ = """
import sys
import botocore.session
from functions.rebuild.pointer import ParameterPointer
session = botocore.session.get_session()
pointer = ParameterPointer(sys.argv[1], session.create_client("ssm"), session.create_client("lambda"))
print(pointer.read())
"""


def read_pointer(parameter: str, endpoint: str) -> subprocess.CompletedProcess[str]:
    """With the AWS client of the Python that the embedded cloud runs functions with."""
    python = ROOT / ".slashbox" / "python" / "cloud" / "bin" / "python"
    if not python.exists():
        reason = "the embedded cloud's Python environment is missing: run `node scripts/setup.mjs`"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return subprocess.run(
        [str(python), "-c", READ, parameter],
        env={
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_MAX_ATTEMPTS": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_pointer_leads_to_the_environment(endpoint: str) -> None:
    finished = read_pointer("/there", endpoint)
    assert finished.returncode == 0, finished.stderr
    assert f"layer='{ARN}', environment='0123456789abcdef'" in finished.stdout


def test_a_layer_that_is_gone_names_no_environment(endpoint: str) -> None:
    assert "environment=None" in read_pointer("/gone", endpoint).stdout


def test_a_pointer_that_is_not_there_fails_with_its_name(endpoint: str) -> None:
    finished = read_pointer("/elsewhere", endpoint)
    assert finished.returncode != 0
    assert "PointerError: the parameter /elsewhere cannot be read" in finished.stderr
