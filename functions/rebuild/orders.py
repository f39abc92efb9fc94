"""What a rebuild is asked for: by the schedule, by an operator, or by itself to go on."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ENVIRONMENT = re.compile(r"[0-9a-f]{16}")
_REQUEST = re.compile(r"[\w-]{0,64}")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MOST_NAMES = 200


class OrderError(ValueError):
    """The event does not fit; the message says where."""


@dataclass(frozen=True)
class Order:
    """`environment`: to go on with, for the `continuation`-th time; otherwise a new one is planned.

    `only`: approved packages instead of the whole list; `accepted`: distributions that may go back;
    `request`: the operator's own mark, which the status repeats; `age_only`: report the age and no more.
    """

    environment: str | None = None
    continuation: int = 0
    only: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    request: str = ""
    age_only: bool = False

    def to_event(self) -> dict[str, object]:
        return {
            "environment": self.environment,
            "continuation": self.continuation,
            "only": list(self.only),
            "accepted": list(self.accepted),
            "request": self.request,
            "age_only": self.age_only,
        }


def parse_order(event: object) -> Order:
    """Raises OrderError for anything that `to_event` would not write; what is left out takes its default."""
    if not isinstance(event, dict):
        raise OrderError("the event has to be an object")
    if unknown := sorted(str(key) for key in event.keys() - Order().to_event().keys()):
        raise OrderError(f"the event has unknown {', '.join(unknown)[:200]}")
    environment = event.get("environment")
    continuation = event.get("continuation", 0)
    if environment is not None and not _fits(environment, _ENVIRONMENT):
        raise OrderError("environment has to be an environment's id")
    if not isinstance(continuation, int) or isinstance(continuation, bool) or continuation < 0:
        raise OrderError("continuation has to be a whole number")
    request = event.get("request", "")
    if not _fits(request, _REQUEST):
        raise OrderError("request has to be a short mark")
    return Order(
        environment=environment,
        continuation=continuation,
        only=_names(event, "only"),
        accepted=_names(event, "accepted"),
        request=str(request),
        age_only=_flag(event, "age_only"),
    )


def _flag(event: dict[str, object], key: str) -> bool:
    value = event.get(key, False)
    if not isinstance(value, bool):
        raise OrderError(f"{key} has to be true or false")
    return value


def _names(event: dict[str, object], key: str) -> tuple[str, ...]:
    value = event.get(key, [])
    if not isinstance(value, list) or len(value) > _MOST_NAMES or not all(_fits(x, _NAME) for x in value):
        raise OrderError(f"{key} has to be a list of packages' names")
    return tuple(value)


def _fits(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
