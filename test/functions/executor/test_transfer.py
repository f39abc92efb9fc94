"""Transfers accept exactly what was announced and explain everything else."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator

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


def test_silent_server_is_given_up_at_the_deadline(silent: str) -> None:
    with pytest.raises(TransferError, match="did not answer in time"):
        download(silent, io.BytesIO(), 1, Deadline(0.2))


def test_bundles_come_from_a_folder_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("bundles with space")
    (folder / "a b.zip").write_bytes(b"zip")
    target = io.BytesIO()
    BundleStore(folder.as_uri()).fetch("a b.zip", target, 3, Deadline(5))
    assert target.getvalue() == b"zip"
    with pytest.raises(TransferError, match="No such file"):
        BundleStore(folder.as_uri()).fetch("missing.zip", target, 3, Deadline(5))
    with pytest.raises(TransferError, match="has 3 bytes"):
        BundleStore(folder.as_uri()).fetch("a b.zip", target, 4, Deadline(5))
