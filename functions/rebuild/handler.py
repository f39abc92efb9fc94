"""The rebuild's Lambda function: weekly, by hand, and by itself until an environment is finished."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from functions.rebuild.app import Rebuild, rebuild
from functions.rebuild.builder import Tools
from functions.rebuild.orders import Order, parse_order
from functions.rebuild.pointer import ParameterPointer
from functions.rebuild.s3_bucket import S3Bucket
from layers.approved import build as approved
from layers.approved.approved_list import read_approved_list
from layers.approved.byte_code import find_interpreter
from layers.approved.fetch import Source, find_uv
from layers.approved.lockfile import read_lock
from layers.approved.recipe import Recipe
from layers.approved.target import Target, host_architecture, host_system
from layers.approved.wheel_index import read_wheel_index


class Context(Protocol):
    """What we use of Lambda's context object."""

    function_name: str

    def get_remaining_time_in_millis(self) -> int: ...


class SettingsError(Exception):
    """A variable that the deployment should have set."""


def handler(event: object, context: Context) -> dict[str, object]:
    """Lambda's entry. Raises where the renewal failed, so that the function's alarm sees it."""
    order = parse_order(event)
    folder = Path(tempfile.mkdtemp(prefix="slashbox-rebuild-"))
    # Lambda gives a home that cannot be written; uv keeps what it knows of the registry there.
    os.environ["HOME"] = str(folder)
    try:
        return rebuild(order, _ports(context, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ports(context: Context, folder: Path) -> Rebuild:
    # botocore is in Lambda's Python and in the embedded cloud's; boto3 is in the former only.
    import botocore.session  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    session = botocore.session.get_session()
    path_style = os.environ.get("SLASHBOX_S3_PATH_STYLE") == "true"
    s3 = session.create_client("s3", config=Config(s3={"addressing_style": "path" if path_style else "auto"}))
    awslambda = session.create_client("lambda")
    parameter = _required("SLASHBOX_ENVIRONMENT_PARAMETER")
    return Rebuild(
        function=context.function_name,
        recipe=_committed_recipe(),
        pointer=ParameterPointer(parameter, session.create_client("ssm"), awslambda),
        tools=Tools(
            bucket=S3Bucket(s3, _required("SLASHBOX_PACKAGES_BUCKET")),
            source=Source(find_uv(os.environ.get("SLASHBOX_UV"))),
            folder=folder / "work",
            seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
            say=print,
            tell=lambda _done, _of: None,
            now=lambda: datetime.now(UTC),
            wait=time.sleep,
        ),
        go_on=_invoker(awslambda, context.function_name),
    )


def _committed_recipe() -> Recipe:
    """For the machine that this runs on, which is of the executor's Python and architecture."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    target = Target(python, host_architecture(), host_system())
    return Recipe(
        target=target,
        approved=read_approved_list(approved.HERE / "packages.toml"),
        lock=read_lock(approved.HERE / "locks" / f"{target.lock_name}.txt"),
        index=read_wheel_index(approved.HERE / "locks" / "wheels.json"),
        interpreter=find_interpreter(target, None),
    )


def _invoker(client: Any, name: str) -> Callable[[Order], object]:
    def invoke(order: Order) -> None:
        payload = json.dumps(order.to_event())
        client.invoke(FunctionName=name, InvocationType="Event", Payload=payload)

    return invoke


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set; the deployment should set it")
    return value
