"""The weekly look after the environment reports its age, and fails aloud where it cannot."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

# By path: other functions have a `handler` module too.
_PATH = Path(__file__).parents[3] / "functions" / "rebuild" / "handler.py"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ARN = "arn:aws:lambda:us-east-1:123456789012:layer:slashbox:7"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rebuild_handler", _PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


rebuild = load()


def pointer(age: timedelta) -> SimpleNamespace:
    return SimpleNamespace(read=lambda: rebuild.Pointer(ARN, NOW - age))


def test_the_age_is_logged_and_returned() -> None:
    lines: list[str] = []
    answer = rebuild.handle(pointer(timedelta(days=3, hours=12)), NOW, lines.append)
    assert lines[0] == f"[Rebuild] The environment {ARN} is 3.5 days old"
    assert answer == {"layer": ARN, "promoted": "2026-11-20T00:00:00+00:00", "age_days": 3.5}


def test_the_metric_is_in_embedded_metric_format() -> None:
    lines: list[str] = []
    rebuild.handle(pointer(timedelta(days=8)), NOW, lines.append)
    metric = json.loads(lines[1])
    assert metric["EnvironmentAgeDays"] == 8
    assert metric["_aws"]["Timestamp"] == int(NOW.timestamp() * 1000)
    (directive,) = metric["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Slashbox"
    assert directive["Metrics"] == [{"Name": "EnvironmentAgeDays", "Unit": "None"}]


@given(st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(days=4000)))
def test_the_age_is_never_negative_and_the_metric_is_one_line(age: timedelta) -> None:
    lines: list[str] = []
    answer = rebuild.handle(pointer(age), NOW, lines.append)
    assert answer["age_days"] >= 0
    assert answer["age_days"] == pytest.approx(max(0.0, age / timedelta(days=1)), abs=0.001)
    assert all("\n" not in line for line in lines)


def test_without_its_setting_it_fails_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLASHBOX_ENVIRONMENT_PARAMETER", raising=False)
    with pytest.raises(rebuild.PointerError, match="SLASHBOX_ENVIRONMENT_PARAMETER is not set"):
        rebuild.handler({}, None)


class ParameterStore(BaseHTTPRequestHandler):
    """As much of SSM as the handler uses: one parameter, which was promoted two days ago."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["X-Amz-Target"] == "AmazonSSM.GetParameter" and asked == {"Name": "/there"}:
            changed = datetime.now(UTC).timestamp() - 2 * 86_400
            self._answer(200, {"Parameter": {"Name": "/there", "Value": ARN, "LastModifiedDate": changed}})
        else:
            self._answer(400, {"__type": "ParameterNotFound", "message": "no such parameter"})

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
    with HTTPServer(("127.0.0.1", 0), ParameterStore) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run_in_cloud_python(parameter: str, endpoint: str) -> subprocess.CompletedProcess[str]:
    """The handler as the embedded cloud's Python worker runs it: with the AWS client of that environment."""
    python = _PATH.parents[2] / ".slashbox" / "python" / "cloud" / "bin" / "python"
    if not python.exists():
        reason = "the embedded cloud's Python environment is missing: run `node scripts/setup.mjs`"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return subprocess.run(
        [str(python), "-c", "import json, handler; print(json.dumps(handler.handler({}, None)))"],
        env={
            "PYTHONPATH": str(_PATH.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SLASHBOX_ENVIRONMENT_PARAMETER": parameter,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_pointer_is_read_from_the_parameter_store(endpoint: str) -> None:
    finished = run_in_cloud_python("/there", endpoint)
    assert finished.returncode == 0, finished.stderr
    answer = json.loads(finished.stdout.splitlines()[-1])
    assert answer["layer"] == ARN
    assert answer["age_days"] == pytest.approx(2, abs=0.01)


def test_a_pointer_that_is_not_there_fails_with_its_name(endpoint: str) -> None:
    finished = run_in_cloud_python("/elsewhere", endpoint)
    assert finished.returncode != 0
    assert "PointerError: the parameter /elsewhere cannot be read" in finished.stderr
