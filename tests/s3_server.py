"""An S3 server at a free port of this machine, Moto, until its input ends: prints its address.

A PUT to /fault names the fault that it has from then on. Run in `.venv/moto`.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

Answer = Iterable[bytes]
Start = Callable[..., Any]

FOREVER = 3600


class Server:
    """Moto's application, at fault."""

    def __init__(self) -> None:
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.fault = "none"

    def __call__(self, environ: dict[str, Any], start: Start) -> Answer:
        """Answer a request, as WSGI has it."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if path == "/fault":
            self.fault = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
            return said(start, "200 OK")
        if self.fault == "hangs":
            time.sleep(FOREVER)
        if self.fault == "500s" or (self.fault == "500s to writers" and method == "PUT"):
            return said(start, "500 Internal Server Error")
        if self.fault == "forbids":
            return said(start, "403 Forbidden")
        if self.fault == "asks for a login":
            return said(start, "200 OK", b"<html>Who are you?</html>")
        answer = self.moto(environ, start)
        return self.spoiled(answer) if method == "GET" and "/objects/" in path else answer

    def spoiled(self, answer: Answer) -> Answer:
        """What arrives of an object."""
        content = b"".join(answer)
        if self.fault == "breaks off":
            return [content[:-1]]
        if self.fault == "swaps bytes":
            return [content[::-1]]
        return hesitant(content) if self.fault == "stops halfway" else [content]


def said(start: Start, status: str, content: bytes = b"") -> Answer:
    """The same answer to whatever was asked."""
    start(status, [("Content-Length", str(len(content))), ("Content-Type", "text/html")])
    return [content]


def hesitant(content: bytes) -> Iterator[bytes]:
    """A first byte, and hardly another one."""
    for index in range(len(content)):
        yield content[index : index + 1]
        time.sleep(FOREVER)


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, Server(), threaded=True)  # type: ignore[arg-type]
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.port}", flush=True)
    sys.stdin.read()
