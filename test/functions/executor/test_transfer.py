"""Transfers accept exactly what was announced and explain everything else."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from executor_support import Store
from slashbox_executor.deadline import Deadline
from slashbox_executor.protocol import Slot
from slashbox_executor.transfer import BundleStore, TransferError, download, upload


def test_download_brings_the_bytes(store: Store) -> None:
    given = store.put("a", b"x" * 700_000)
    target = io.BytesIO()
    download(given.url, target, given.size, Deadline(5))
    assert target.getvalue() == b"x" * 700_000


@pytest.mark.parametrize("data", [b"", b"\r\n--slashbox\r\n", bytes(range(256)) * 3_000])
def test_upload_delivers_fields_first_and_the_file_whole(store: Store, data: bytes) -> None:
    upload(store.slots(1)[0], 'na"me\r\n.bin', io.BytesIO(data), len(data), Deadline(5))
    assert store.refused == []
    assert store.uploads["runs/1/0"][1] == data


def test_empty_file_is_downloaded(store: Store) -> None:
    target = io.BytesIO()
    download(store.put("e", b"").url, target, 0, Deadline(5))
    assert target.getvalue() == b""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:9/x", "could not be reached"),
        ("ftp://example/x", "its address is not one that we can use"),
        ("file:///etc/passwd", "its address is not one that we can use"),
        ("nonsense", "its address is not one that we can use"),
        ("http://[::1/x", "could not be reached"),
        ("http://127.0.0.1:99999/x", "could not be reached"),
        ("http://127.0.0.1/a b\n", "could not be reached"),
    ],
)
def test_address_that_leads_nowhere_is_explained(url: str, words: str) -> None:
    with pytest.raises(TransferError, match=words):
        download(url, io.BytesIO(), 1, Deadline(5))
    with pytest.raises(TransferError, match=words):
        upload(Slot(url, {}), "n", io.BytesIO(b"x"), 1, Deadline(5))


def test_no_time_left_is_said_before_anything_is_sent(store: Store) -> None:
    with pytest.raises(TransferError, match="no time left"):
        download(store.put("a", b"x").url, io.BytesIO(), 1, Deadline(0))
    assert store.gets == []


def test_source_that_shrinks_is_an_error(store: Store) -> None:
    with pytest.raises(TransferError, match="shorter"):
        upload(store.slots(1)[0], "n", io.BytesIO(b"x"), 2, Deadline(5))


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that accepts and never answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def accept() -> None:
        try:
            while True:
                held.append(listener.accept()[0])
        except OSError:
            return

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()
    for connection in held:
        connection.close()


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that sends one byte after the other, each well before anybody gives up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        with contextlib.suppress(OSError), listener.accept()[0] as connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            connection.settimeout(0.02)
            while True:
                connection.sendall(b".")
                with contextlib.suppress(TimeoutError):
                    connection.recv(1_000)

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
    thread.join()


def test_server_that_only_drips_is_given_up_at_the_deadline(dripping: str) -> None:
    with pytest.raises(TransferError, match="took too long"):
        download(f"{dripping}/x", io.BytesIO(), 1_000_000, Deadline(0.3))


def test_silent_server_is_given_up_at_the_deadline(silent: str) -> None:
    with pytest.raises(TransferError, match="did not answer in time"):
        download(silent, io.BytesIO(), 1, Deadline(0.2))


def test_bundles_come_from_a_folder_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("bundles with space")
    (folder / "a b.zip").write_bytes(b"zip")
    bundles = BundleStore(folder.as_uri())
    assert b"".join(bundles.fetch("a b.zip", 3, Deadline(5))) == b"zip"
    with pytest.raises(TransferError, match="No such file"):
        list(bundles.fetch("missing.zip", 3, Deadline(5)))
    with pytest.raises(TransferError, match="has 3 bytes"):
        list(bundles.fetch("a b.zip", 4, Deadline(5)))


class _Persistent(BaseHTTPRequestHandler):
    """Answers every GET with its path; ends the connection after `/last`."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.path == "/last"

    def log_message(self, format: str, *arguments: object) -> None:
        """Quiet."""


class _CountingServer(ThreadingHTTPServer):
    daemon_threads = True
    connections = 0

    def get_request(self) -> tuple[socket.socket, object]:
        self.connections += 1
        return super().get_request()


@pytest.fixture
def persistent() -> Iterator[_CountingServer]:
    server = _CountingServer(("127.0.0.1", 0), _Persistent)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_bundles_share_a_connection_until_the_server_ends_it(persistent: _CountingServer) -> None:
    bundles = BundleStore(f"http://127.0.0.1:{persistent.server_address[1]}")
    for key in ("a", "b", "last", "c"):
        assert b"".join(bundles.fetch(key, len(key) + 1, Deadline(30))) == f"/{key}".encode()
    assert persistent.connections == 2
    bundles.close()
    assert b"".join(bundles.fetch("d", 2, Deadline(30))) == b"/d"
    assert persistent.connections == 3
    bundles.close()


def test_waiting_for_a_bundle_ends_when_the_store_is_closed(silent: str) -> None:
    bundles, errors = BundleStore(silent), list[Exception]()

    def wait() -> None:
        try:
            list(bundles.fetch("x", 1, Deadline(60)))
        except TransferError as error:
            errors.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    while thread.is_alive():
        bundles.close()
        thread.join(0.05)
    assert len(errors) == 1
