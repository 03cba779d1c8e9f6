"""A hub of models on this machine: the few answers that the library asks a hub for."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PIECE = 4096
OPEN = threading.Event()
OPEN.set()


@contextmanager
def hub(
    repositories: dict[str, dict[str, bytes]],
    gate: threading.Event = OPEN,
    tampered: str = "",
    commit: str = COMMIT,
    cut_after: int | None = None,
    asked: list[tuple[str, int]] | None = None,
    answer: tuple[int, bytes] | None = None,
) -> Iterator[str]:
    """Serves files by model and name, all but their first 4 kB when the `gate` opens. Gives its address.
    Names of models may be in upper or lower case.

    Of the file that is `tampered` with, the last byte is another than the one that the hub has the hash of. The line is
    cut after so many bytes of a file, as often as it is asked for. `asked` is told each file that is sent, and from
    which byte on.
    """
    sent = [] if asked is None else asked

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, body: bool) -> None:
            parts = self.path.partition("?")[0].strip("/").split("/")
            name = "/".join(parts[2:4] if parts[0] == "api" else parts[:2])
            name = next((known for known in repositories if known.lower() == name.lower()), name)
            files = repositories.get(name)
            if answer is not None and parts[0] == "api":
                self.send(*answer, {})
            elif files is None:
                self.send(404, b"", {"X-Error-Code": "RepoNotFound"})
            elif parts[0] == "api":
                siblings = [{"rfilename": file, "size": len(held), **hashes(held)} for file, held in files.items()]
                described = {"id": name, "sha": commit, "siblings": siblings}
                self.send(200, json.dumps(described).encode(), {"Content-Type": "application/json"})
            else:
                held = spoilt(files["/".join(parts[4:])], parts[-1] == tampered)
                told = {"ETag": f'"{hashlib.sha256(held).hexdigest()}"', "X-Repo-Commit": commit}
                first = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
                told |= {"Content-Range": f"bytes {first}-{len(held) - 1}/{len(held)}"} if first else {}
                sent.extend([(parts[-1], first)] * body)
                self.send(206 if first else 200, held[first:], told, body, cut_after and max(0, cut_after - first))

        def send(
            self, status: int, content: bytes, headers: dict[str, str], body: bool = True, last: int | None = None
        ) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            write(self.wfile, content[:last] if body else b"", gate)
            self.close_connection = True

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


def spoilt(content: bytes, wanted: bool) -> bytes:
    """The content, with another last byte if that is wanted."""
    return content[:-1] + bytes([content[-1] ^ 1]) if wanted else content


def hashes(content: bytes) -> dict[str, object]:
    """Those that the hub names: of large files the SHA-256, of all the one of git."""
    git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    if len(content) <= PIECE:
        return {"blobId": git}
    return {
        "blobId": git,
        "lfs": {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "pointerSize": 9},
    }


def write(file: BufferedIOBase, content: bytes, gate: threading.Event) -> None:
    """The first 4 kB at once, the rest when the gate opens."""
    file.write(content[:PIECE])
    if rest := content[PIECE:]:
        gate.wait()
        file.write(rest)


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of a folder by name, without what the library notes in a folder beside them."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
