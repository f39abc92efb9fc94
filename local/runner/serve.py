"""Runs a function under AWS's own runtime client: python serve.py HANDLER, within its task root.

The Runtime API's address comes on descriptor 3 and is kept out of the environment: whoever knows it can take
invocations and answer them, and a process's environment shows in /proc and in every child.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

_ADDRESS_VARIABLE = "AWS_LAMBDA_RUNTIME_API"
_HANDOVER = 3


def main() -> None:
    with os.fdopen(_HANDOVER) as handover:
        address = handover.read()
    sys.path[0:1] = _import_paths()
    # The native half of the client reads its address from the environment, once, when it is imported.
    os.environ[_ADDRESS_VARIABLE] = address
    client = _client(address)
    del os.environ[_ADDRESS_VARIABLE]
    importlib.import_module("awslambdaric.bootstrap").run(sys.argv[1], client)


def _import_paths() -> list[str]:
    """What Lambda puts before the runtime's own modules, instead of this script's folder."""
    task_root = os.environ["LAMBDA_TASK_ROOT"]
    layers = Path(os.environ["SLASHBOX_LAYER_ROOT"], "python")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return [task_root, str(layers / "lib" / version / "site-packages"), str(layers)]


def _client(address: str) -> Any:
    """The path behind the port makes the address a secret; one of the client's calls does not know it."""
    client = importlib.import_module("awslambdaric.lambda_runtime_client").LambdaRuntimeClient(address)
    host, _, prefix = address.partition("/")
    call = client.call_rapid

    def call_with_prefix(method: str, endpoint: str, *rest: Any) -> None:
        call(method, f"/{prefix}{endpoint}", *rest)

    client.lambda_runtime_address = host
    client.call_rapid = call_with_prefix
    return client


if __name__ == "__main__":
    main()
