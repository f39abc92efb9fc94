"""Which environment is in force: an SSM parameter leads to a layer version, whose description names it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, cast

# As functions/shared/package-environment.ts writes it.
_DESCRIPTION = re.compile(r"Slashbox package environment (?P<id>[\w-]{1,64})")


@dataclass(frozen=True)
class Pointer:
    """The layer version in force, its environment (None: the layer was deleted), and since when."""

    layer: str
    environment: str | None
    promoted: datetime


class PointerError(Exception):
    """The pointer to the promoted environment cannot be read."""


class PointerStore(Protocol):
    """Where the pointer is kept."""

    def read(self) -> Pointer:
        """:raises PointerError: where there is none, or it cannot be reached"""
        ...


class ParameterPointer:
    """The pointer as an SSM parameter; its last change is the promotion. Clients are botocore's."""

    def __init__(self, name: str, ssm: Any, awslambda: Any) -> None:
        self._name = name
        self._ssm = ssm
        self._lambda = awslambda

    def read(self) -> Pointer:
        # Loaded here, as tests of everything else do without it.
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            parameter = self._ssm.get_parameter(Name=self._name)["Parameter"]
        except (BotoCoreError, ClientError) as error:
            raise PointerError(f"the parameter {self._name} cannot be read: {error}") from error
        layer = str(parameter["Value"])
        promoted = cast("datetime", parameter["LastModifiedDate"]).astimezone(UTC)
        try:
            description = str(self._lambda.get_layer_version_by_arn(Arn=layer).get("Description", ""))
        except (BotoCoreError, ClientError):
            return Pointer(layer, None, promoted)
        named = _DESCRIPTION.fullmatch(description)
        return Pointer(layer, named["id"] if named else None, promoted)
