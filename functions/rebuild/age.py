"""How old the package environment in force is: a log line and a metric, so that one that grows old is seen.

It counts from the promotion, or from the last rebuild that found nothing newer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

NAMESPACE = "Slashbox"
METRIC = "EnvironmentAgeDays"
DIMENSION = "FunctionName"
_SECONDS_A_DAY = 86_400


def report_age(
    environment: str, current: datetime, now: datetime, function: str, log: Callable[[str], object]
) -> float:
    """The age in days, never below 0. `current`: when nothing newer was known; `log` takes a line a call.

    `function` is the metric's dimension: two stages of one account are not to be mixed up.
    """
    age = max(0.0, (now - current).total_seconds() / _SECONDS_A_DAY)
    log(f"[Rebuild] The environment {environment} is {age:.1f} days old")
    log(_metric(age, now, function))
    return age


def _metric(age: float, now: datetime, function: str) -> str:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html"""
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [[DIMENSION]],
        "Metrics": [{"Name": METRIC, "Unit": "None"}],
    }
    return json.dumps(
        {
            "_aws": {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [directive]},
            DIMENSION: function,
            METRIC: round(age, 3),
        }
    )
