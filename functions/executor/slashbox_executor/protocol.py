"""The words that worker and executor exchange (functions/shared/executor-protocol.ts), as Python values.

`parse_request` refuses whatever does not fit, in words for the log; `to_response` keeps every cap that the
worker's strict schema sets, so that hostile output can never make an answer unreadable.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

Status = Literal[
    "ok",
    "error",
    "timeout",
    "memory",
    "disk",
    "processes",
    "killed",
    "input_failed",
    "refused",
    "sandbox_error",
]
FileKind = Literal["figure", "file"]

VERSION = 1
# Lambda returns at most 6 MB; the rest is room for the envelope that the runtime puts around it.
MAX_RESPONSE_BYTES = 5_400_000
MAX_CODE_BYTES = 1_000_000
MAX_NAME_BYTES = 255
MAX_HINT = 2_000
MAX_REASON = 500
MAX_FILES = 100
MAX_PACKAGES = 400

Item = TypeVar("Item")


class RequestError(ValueError):
    """The event does not fit the protocol; the message says where and how."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A stored file: `size` bytes at `url`, wanted in the working folder as `name`; `id` where it has one."""

    name: str
    url: str
    size: int
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A presigned POST for exactly one key."""

    url: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RunLimits:
    """What one run may use; units are in the names, megabytes are 2^20 bytes."""

    time_seconds: float
    install_seconds: float
    memory_megabytes: int
    disk_megabytes: int
    output_characters: int
    file_bytes: int
    files: int
    processes: int


@dataclass(frozen=True, slots=True)
class Request:
    run_id: str
    code: str
    code_name: str
    stdin: str | None
    inputs: tuple[InputFile, ...]
    outputs: tuple[Slot, ...]
    limits: RunLimits


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that has a name and did not work out: a package, a file."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    slot: int
    name: str
    size: int
    kind: FileKind


@dataclass(slots=True)
class Result:
    status: Status
    exit_code: int | None = None
    signal: str | None = None
    stdout: str = ""
    stderr: str = ""
    stdout_truncated: bool = False
    stderr_truncated: bool = False
    duration_ms: float = 0
    hint: str | None = None
    installed_packages: list[str] = field(default_factory=list)
    failed_packages: list[Failure] = field(default_factory=list)
    files: list[StoredFile] = field(default_factory=list)
    skipped_files: list[Failure] = field(default_factory=list)


def parse_request(event: object) -> Request:
    """The request in `event`.

    :raises RequestError: naming the field that is missing, unknown, of the wrong type or out of bounds
    """
    top = _fields(
        event,
        "the request",
        "version op run_id code code_name stdin inputs outputs limits",
    )
    if top["version"] != VERSION or isinstance(top["version"], bool):
        raise RequestError(f"version is {top['version']!r}; this executor speaks version {VERSION}")
    if top["op"] != "run":
        raise RequestError(f"op is {top['op']!r}; this executor knows 'run'")
    stdin = top["stdin"]
    return Request(
        run_id=_text(top["run_id"], "run_id", 200),
        code=_text(top["code"], "code", MAX_CODE_BYTES, least=0),
        code_name=_file_name(top["code_name"], "code_name"),
        stdin=None if stdin is None else _text(stdin, "stdin", MAX_CODE_BYTES, least=0),
        inputs=_items(top["inputs"], "inputs", _input),
        outputs=_items(top["outputs"], "outputs", _slot),
        limits=_limits(top["limits"]),
    )


def asks_for_probe(event: object) -> bool:
    """True for the request to tell about this machine: `{"version": 1, "op": "probe"}` and nothing else."""
    return event == {"version": VERSION, "op": "probe"}


def to_response(result: Result) -> dict[str, object]:
    """The answer as plain JSON values, within every cap of the schema and below Lambda's size limit."""
    response: dict[str, object] = {
        "version": VERSION,
        "status": result.status,
        "exit_code": result.exit_code,
        "signal": result.signal,
        "stdout": result.stdout,
        "stderr": result.stderr,
        "stdout_truncated": result.stdout_truncated,
        "stderr_truncated": result.stderr_truncated,
        "duration_ms": round(min(max(result.duration_ms, 0), 3_600_000), 1),
        "hint": None if result.hint is None else result.hint[:MAX_HINT],
        "installed_packages": [name[:MAX_NAME_BYTES] for name in result.installed_packages[:MAX_PACKAGES]],
        "failed_packages": _failures(result.failed_packages[:MAX_PACKAGES]),
        "files": [
            {"slot": file.slot, "name": file.name, "size": file.size, "kind": file.kind}
            for file in result.files[:MAX_FILES]
        ],
        "skipped_files": _failures(result.skipped_files[:MAX_FILES]),
    }
    return _within_size(response)


def json_size(value: object) -> int:
    """Bytes of `value` as JSON in its longest form, where every non-ASCII character is escaped."""
    return len(json.dumps(value))


def _within_size(response: dict[str, object]) -> dict[str, object]:
    """Halves the longer text until the answer fits: a character takes between 1 and 12 bytes in JSON."""
    while json_size(response) > MAX_RESPONSE_BYTES:
        longest = max(("stdout", "stderr"), key=lambda stream: json_size(response[stream]))
        text = str(response[longest])
        response[longest] = text[: len(text) // 2]
        response[f"{longest}_truncated"] = True
    return response


def _failures(failures: list[Failure]) -> list[dict[str, str]]:
    return [{"name": item.name[:MAX_NAME_BYTES], "reason": item.reason[:MAX_REASON]} for item in failures]


def _fields(value: object, where: str, names: str, may: str = "") -> dict[str, object]:
    if not isinstance(value, dict):
        raise RequestError(f"{where} must be an object, not {type(value).__name__}")
    expected = set(names.split())
    missing = sorted(expected - value.keys())
    unknown = sorted(str(key) for key in value.keys() - expected - set(may.split()))
    if missing or unknown:
        parts = [f"lacks {', '.join(missing)}"] * bool(missing)
        parts += [f"has unknown {', '.join(unknown)[:200]}"] * bool(unknown)
        raise RequestError(f"{where} {' and '.join(parts)}")
    return value


def _text(value: object, where: str, most: int, least: int = 1) -> str:
    if not isinstance(value, str):
        raise RequestError(f"{where} must be text, not {type(value).__name__}")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise RequestError(
            f"{where} contains a character that is not valid text (a lone surrogate)"
        ) from None
    if not least <= size <= most:
        raise RequestError(f"{where} has {size:,} bytes; {least:,} to {most:,} are possible")
    return value


def _whole(value: object, where: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise RequestError(f"{where} must be a whole number, not {value!r}"[:200])
    if not least <= value <= most:
        raise RequestError(f"{where} is {value}; {least} to {most} are possible")
    return value


def _seconds(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RequestError(f"{where} must be a number of seconds, not {value!r}"[:200])
    if not 0 < value <= 3_600:
        raise RequestError(f"{where} is {value}; more than 0 and at most 3600 seconds are possible")
    return value


def _items(value: object, where: str, parse: Callable[[object, str], Item]) -> tuple[Item, ...]:
    if not isinstance(value, list) or len(value) > MAX_FILES:
        raise RequestError(f"{where} must be a list of at most {MAX_FILES}")
    return tuple(parse(item, f"{where}[{index}]") for index, item in enumerate(value))


def _file_name(value: object, where: str) -> str:
    name = _text(value, where, MAX_NAME_BYTES)
    if "/" in name or "\0" in name or name in {".", ".."}:
        raise RequestError(f"{where} is {name!r}, which cannot be the name of a file"[:400])
    return name


def _input(value: object, where: str) -> InputFile:
    item = _fields(value, where, "name url size", may="id")
    file_id = item.get("id")
    return InputFile(
        name=_file_name(item["name"], f"{where}.name"),
        url=_text(item["url"], f"{where}.url", 16_384),
        size=_whole(item["size"], f"{where}.size", 0, 2**40),
        id=None if file_id is None else _text(file_id, f"{where}.id", MAX_NAME_BYTES),
    )


def _slot(value: object, where: str) -> Slot:
    item = _fields(value, where, "url fields")
    given = item["fields"]
    if not isinstance(given, dict):
        raise RequestError(f"{where}.fields must be an object, not {type(given).__name__}")
    fields = {
        _text(key, f"{where}.fields", 255): _text(text, f"{where}.fields.{key}", 16_384, 0)
        for key, text in given.items()
    }
    return Slot(url=_text(item["url"], f"{where}.url", 16_384), fields=fields)


def _limits(value: object) -> RunLimits:
    item = _fields(
        value,
        "limits",
        "time_seconds install_seconds memory_megabytes disk_megabytes output_characters file_bytes files "
        "processes",
    )
    return RunLimits(
        time_seconds=_seconds(item["time_seconds"], "limits.time_seconds"),
        install_seconds=_seconds(item["install_seconds"], "limits.install_seconds"),
        memory_megabytes=_whole(item["memory_megabytes"], "limits.memory_megabytes", 1, 1 << 20),
        disk_megabytes=_whole(item["disk_megabytes"], "limits.disk_megabytes", 1, 1 << 20),
        output_characters=_whole(item["output_characters"], "limits.output_characters", 1, 1_000_000),
        file_bytes=_whole(item["file_bytes"], "limits.file_bytes", 1, 2**40),
        files=_whole(item["files"], "limits.files", 0, MAX_FILES),
        processes=_whole(item["processes"], "limits.processes", 1, 10_000),
    )
