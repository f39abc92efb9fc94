"""The weekly look after the package environment: reports the promoted one's age as a metric and a log line.

An environment that grows old is seen that way, whoever was to renew it. Renewal itself belongs in `handle`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, cast

NAMESPACE = "Slashbox"
METRIC = "EnvironmentAgeDays"
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Pointer:
    """What runs use now: the layer version's ARN, and since when."""

    layer: str
    promoted: datetime


class PointerError(Exception):
    """The pointer to the promoted environment cannot be read."""


class PointerStore(Protocol):
    """Where the pointer is kept."""

    def read(self) -> Pointer:
        """:raises PointerError: where there is none, or it cannot be reached"""
        ...


class ParameterPointer:
    """The pointer as an SSM parameter; its last change is the promotion."""

    def __init__(self, name: str) -> None:
        self._name = name

    def read(self) -> Pointer:
        # botocore is in Lambda's Python and in the embedded cloud's; boto3 is in the former only.
        import botocore.session  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            client = botocore.session.get_session().create_client("ssm")
            parameter = client.get_parameter(Name=self._name)["Parameter"]
        except (BotoCoreError, ClientError) as error:
            raise PointerError(f"the parameter {self._name} cannot be read: {error}") from error
        promoted = cast("datetime", parameter["LastModifiedDate"])
        return Pointer(str(parameter["Value"]), promoted.astimezone(UTC))


def handler(_event: object, _context: object) -> dict[str, object]:
    """Lambda's entry. Raises where the pointer cannot be read, so that the function's alarm sees it."""
    name = os.environ.get("SLASHBOX_ENVIRONMENT_PARAMETER", "")
    if not name:
        raise PointerError("SLASHBOX_ENVIRONMENT_PARAMETER is not set: it names the parameter to read")
    return handle(ParameterPointer(name), datetime.now(UTC), print)


def handle(pointers: PointerStore, now: datetime, log: Callable[[str], object]) -> dict[str, object]:
    """Reports the age in days, never below 0; `log` takes one line at a time."""
    pointer = pointers.read()
    age = max(0.0, (now - pointer.promoted).total_seconds() / _SECONDS_A_DAY)
    log(f"[Rebuild] The environment {pointer.layer} is {age:.1f} days old")
    log(_metric(age, now))
    return {"layer": pointer.layer, "promoted": pointer.promoted.isoformat(), "age_days": round(age, 3)}


def _metric(age: float, now: datetime) -> str:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html"""
    directive = {"Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": [{"Name": METRIC, "Unit": "None"}]}
    return json.dumps(
        {
            "_aws": {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [directive]},
            METRIC: round(age, 3),
        }
    )
