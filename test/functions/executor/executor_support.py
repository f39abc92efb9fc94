"""A strict stand-in for S3 and a whole execution environment around it, for the executor's tests."""

from __future__ import annotations

import contextlib
import email.message
import email.parser
import email.policy
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from textwrap import dedent
from types import TracebackType
from typing import Any

from slashbox_executor.app import Ports, execute
from slashbox_executor.deadline import Deadline
from slashbox_executor.environment import ExecutionEnvironment
from slashbox_executor.protocol import InputFile, Request, Result, RunLimits, Slot
from slashbox_executor.settings import Settings
from slashbox_executor.transfer import PresignedInputs, PresignedOutputs

LIMITS = RunLimits(
    time_seconds=20,
    install_seconds=10,
    memory_megabytes=512,
    disk_megabytes=64,
    output_characters=10_000,
    file_bytes=1 << 20,
    files=5,
    processes=64,
)
# Prints the process id of a grandchild that leaves session, group and output behind and stays.
DAEMON = dedent("""\
    import os, time
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(writing, str(os.getpid()).encode())
            os.close(0); os.close(1); os.close(2)
            time.sleep(60)
        os._exit(0)
    print(os.read(reading, 20).decode())
    """)
_SIGNATURE = "X-Amz-Signature=0123abcd"


class Store:
    """
    Serves `objects` by presigned GET and accepts one presigned POST per slot into `uploads`.

    Whatever deviates from what S3 accepts is answered with an error and noted in `refused`.
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, tuple[str, bytes]] = {}
        self.gets: list[str] = []
        self.refused: list[str] = []
        self.most_bytes = 10 << 20
        self.answer: int | None = None
        # Set it to a fresh event: half of each object is sent, the rest when the event is set.
        self.stalled: threading.Event | None = None
        store = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                store._get(self)

            def do_POST(self) -> None:
                store._post(self)

            def log_message(self, format: str, *arguments: object) -> None:
                """Quiet."""

        self._server = _IdleServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Store:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def put(self, name: str, data: bytes) -> InputFile:
        """A stored file, as the worker would describe it to the executor."""
        key = f"files/{hashlib.sha256(name.encode()).hexdigest()}"
        self.objects[f"/{key}?{_SIGNATURE}"] = data
        return InputFile(name, f"{self.url}/{key}?{_SIGNATURE}", len(data))

    def slots(self, count: int) -> tuple[Slot, ...]:
        return tuple(
            Slot(f"{self.url}/bucket", {"key": f"runs/1/{n}", "policy": "cG9saWN5", "x-amz-signature": "77"})
            for n in range(count)
        )

    def wait_until_idle(self) -> None:
        """Until the last answer's connection is closed on this side too; not while answers are held back."""
        if self.stalled is None:
            self._server.wait_until_idle()

    def _get(self, request: BaseHTTPRequestHandler) -> None:
        self.gets.append(request.path)
        data = self.objects.get(request.path)
        status = self.answer or (403 if data is None else 200)
        body = b"<Error/>" if data is None else data
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        with contextlib.suppress(OSError):  # whoever asked may have given up meanwhile
            if self.stalled is not None:
                request.wfile.write(body[: len(body) // 2])
                request.wfile.flush()
                self.stalled.wait(60)
                body = body[len(body) // 2 :]
            request.wfile.write(body)

    def _post(self, request: BaseHTTPRequestHandler) -> None:
        length = request.headers["Content-Length"]
        body = request.rfile.read(int(length or 0))
        problem = None if length else "no Content-Length"
        fields, name, data = _read_form(request.headers["Content-Type"], body)
        if list(fields) != ["key", "policy", "x-amz-signature"] or name is None:
            problem = f"fields {list(fields)}, file {name}"
        elif len(data) > self.most_bytes:
            problem = "EntityTooLarge"
        elif fields["key"] in self.uploads:
            problem = "slot used twice"
        if problem:
            self.refused.append(problem)
        else:
            self.uploads[fields["key"]] = (name or "", data)
        request.send_response(self.answer or (400 if problem else 204))
        request.send_header("Content-Length", "0")
        request.end_headers()


class _IdleServer(ThreadingHTTPServer):
    """Knows when it has nothing left to do: its descriptors are this process's, and tests count those."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._busy = 0
        self._changed = threading.Condition()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._count(1)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._count(-1)

    def wait_until_idle(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._busy == 0, 60)

    def _count(self, change: int) -> None:
        with self._changed:
            self._busy += change
            self._changed.notify_all()


def _read_form(content_type: str, body: bytes) -> tuple[dict[str, str], str | None, bytes]:
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    message = parser.parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    fields: dict[str, str] = {}
    for part in message.get_payload():
        assert isinstance(part, email.message.Message)
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        name = str(part.get_param("name", header="content-disposition"))
        if name == "file":
            return fields, part.get_filename(), data  # S3 ignores what follows the file
        fields[name] = data.decode()
    return fields, None, b""


class Executor:
    """Runs code as the handler does, against `store`, where packages come from too unless told otherwise."""

    def __init__(
        self, folder: Path, store: Store, layer_root: Path | None = None, packages_url: str | None = None
    ) -> None:
        self.store = store
        self.log: list[str] = []
        self._packages_url = packages_url or store.url
        self.first_use_url: str | None = None
        self.layer_root = layer_root or folder / "layer"
        if layer_root is None:
            site_packages = self.layer_root / "python"
            site_packages.mkdir(parents=True)
            folder.chmod(0o755)
        self._environment: ExecutionEnvironment | None = None

    def __enter__(self) -> Executor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._environment is not None:
            self._environment.close()

    @property
    def environment(self) -> ExecutionEnvironment:
        if self._environment is None:
            settings = Settings(
                packages_url=self._packages_url,
                first_use_url=self.first_use_url,
                layer_root=self.layer_root,
                profile="local",
            )
            self._environment = ExecutionEnvironment(settings, self.log.append)
        return self._environment

    def run(
        self,
        code: str,
        *,
        stdin: str | None = None,
        inputs: Sequence[InputFile] = (),
        slots: int = 10,
        code_name: str = "main.py",
        **limits: float,
    ) -> Result:
        self.store.uploads.clear()
        request = Request(
            run_id="run-1",
            code=code,
            code_name=code_name,
            stdin=stdin,
            inputs=tuple(inputs),
            outputs=self.store.slots(slots),
            limits=replace(LIMITS, **limits),  # type: ignore[arg-type]
        )
        ports = Ports(PresignedInputs(), PresignedOutputs(request.outputs))
        result = execute(request, self.environment, ports, Deadline(120))
        self.store.wait_until_idle()
        return result

    def files(self, result: Result) -> dict[str, bytes]:
        """What the run handed out, by name, as it arrived in the store."""
        return {file.name: self.store.uploads[f"runs/1/{file.slot}"][1] for file in result.files}

    def add_bundle(
        self,
        name: str,
        files: Mapping[str, str],
        *,
        requires: Sequence[str] = (),
        built: bool = True,
        **changes: object,
    ) -> dict[str, object]:
        """
        An approved distribution that is not in the layer, and its bundle's description.

        :param built: whether the manifest knows the bundle
        :param changes: replace entries of the distribution's description
        """
        archive = make_zip({path: text.encode() for path, text in files.items()})
        key = f"environments/e1/bundles/{name}-1.0.zip"
        self.store.objects[f"/{key}"] = archive
        unpacked = sum(len(text.encode()) for text in files.values())
        bundle: dict[str, object] = {
            "key": key,
            "sha256": hashlib.sha256(archive).hexdigest(),
            "bytes": len(archive),
            "unpacked_bytes": unpacked,
        }
        self.add_distribution(
            name,
            sorted({path.split("/")[0].removesuffix(".py") for path in files}),
            requires=list(requires),
            bundle=bundle if built else None,
            **changes,
        )
        return bundle

    def add_distribution(self, name: str, imports: Sequence[str], **description: object) -> None:
        description = {"version": "1.0", "approved": True, "in_layer": False, "requires": [], **description}
        with self._manifest() as manifest:
            manifest["distributions"][name] = {"bundle": None, **description}
            for root in imports:
                manifest["imports"].setdefault(root, []).append(name)

    def add_hint(self, name: str, text: str) -> None:
        with self._manifest() as manifest:
            manifest["hints"][name] = text

    def change_manifest(self, old: str, new: str) -> None:
        """Replaces text that must be there."""
        text = self._manifest_path.read_text()
        assert old in text
        self._manifest_path.write_text(text.replace(old, new))

    @property
    def _manifest_path(self) -> Path:
        return self.layer_root / "slashbox" / "manifest.json"

    @contextmanager
    def _manifest(self) -> Iterator[dict[str, dict[str, Any]]]:
        self._manifest_path.parent.mkdir(exist_ok=True)
        manifest: dict[str, Any] = {
            "version": 1,
            "environment": "e1",
            "python": "3.11",
            "architecture": "x86_64",
            "approved": [],
            "imports": {},
            "distributions": {},
            "hints": {},
        }
        if self._manifest_path.exists():
            manifest = json.loads(self._manifest_path.read_text())
        yield manifest
        self._manifest_path.write_text(json.dumps(manifest))


def make_zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return buffer.getvalue()
