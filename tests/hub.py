"""A hub of models on this machine: the few answers that the library asks a hub for."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PIECE = 4096


@contextmanager
def hub(repositories: dict[str, dict[str, bytes]], pause: float = 0.0) -> Iterator[str]:
    """Serves files by model and name; waits `pause` seconds before each 4 kB. Gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, body: bool) -> None:
            parts = self.path.partition("?")[0].strip("/").split("/")
            name = "/".join(parts[2:4] if parts[0] == "api" else parts[:2])
            files = repositories.get(name)
            if files is None:
                self.send(404, b"", {"X-Error-Code": "RepoNotFound"})
            elif parts[0] == "api":
                siblings = [{"rfilename": file, "size": len(held)} for file, held in files.items()]
                described = {"id": name, "sha": COMMIT, "siblings": siblings}
                self.send(200, json.dumps(described).encode(), {"Content-Type": "application/json"})
            else:
                held = files["/".join(parts[4:])]
                tag = hashlib.sha256(held).hexdigest()
                self.send(200, held, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT}, body)

        def send(self, status: int, content: bytes, headers: dict[str, str], body: bool = True) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            for start in range(0, len(content) if body else 0, PIECE):
                time.sleep(pause)
                self.wfile.write(content[start : start + PIECE])

        def log_message(self, *said: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of a folder by name, without what the library notes in a folder beside them."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
