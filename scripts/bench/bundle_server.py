"""Serves a folder over HTTP/1.1 on loopback, as fast as it can or at a given rate. Run as a program.

`bundle_server.py FOLDER MEGABYTES_PER_SECOND`, 0 for no limit; prints its port and ends with its stdin.
"""

import sys
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO

_CHUNK = 1 << 16


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def copyfile(self, source: IO[bytes], outputfile: object) -> None:  # type: ignore[override]
        bytes_per_second = RATE * 1e6
        if not bytes_per_second:
            self.connection.sendfile(source)
            return
        started, sent = time.monotonic(), 0
        while chunk := source.read(_CHUNK):
            self.connection.sendall(chunk)
            sent += len(chunk)
            ahead = sent / bytes_per_second - (time.monotonic() - started)
            if ahead > 0:
                time.sleep(ahead)

    def log_message(self, format: str, *arguments: object) -> None:
        """Quiet."""


def _serve(folder: Path) -> None:
    def handler(*arguments: object) -> _Handler:
        return _Handler(*arguments, directory=str(folder))  # type: ignore[arg-type]

    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    RATE = float(sys.argv[2])
    _serve(Path(sys.argv[1]))
