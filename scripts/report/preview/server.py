"""Shows what is on the board, to browsers on this machine and to nobody else.

Everything comes from memory: no request can name a file.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from scripts.report.preview.board import Board
from scripts.report.preview.sheets import picture

ADDRESS = "127.0.0.1"
SILENCE = 15.0
"""Seconds after which a browser is asked whether it is still there."""

_SCRIPT = Path(__file__).with_name("page.js")
_KINDS = {".html": "text/html", ".pages": "text/html", ".pdf": "application/pdf"}
_MISSING = b"<!DOCTYPE html><html lang='en'><head><title>Preview</title></head><body></body></html>"
"""A page that is not there yet."""


class Server(ThreadingHTTPServer):
    """Listens on loopback. Raises OSError if the port is in use; 0 is any that is free."""

    daemon_threads = True

    def __init__(self, port: int, board: Board) -> None:
        super().__init__((ADDRESS, port), _Handler)
        self.board = board
        self.url = f"http://{ADDRESS}:{self.server_port}/"
        self.hosts = {f"{name}:{self.server_port}" for name in (ADDRESS, "localhost")}


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        """Answer a request."""
        name = self.path.partition("?")[0].removeprefix("/") or "index.html"
        try:
            if self.headers.get("Host") not in self.server.hosts:
                # A page of somebody else, whose name now leads here, would read along.
                self.send_error(HTTPStatus.MISDIRECTED_REQUEST, f"this is {self.server.url}")
            elif name == "events":
                self._tell()
            elif name == _SCRIPT.name:
                self._send(_SCRIPT.read_bytes(), "text/javascript")
            elif name.endswith(".png"):
                self._send_picture(name)
            else:
                self._send_edition(name)
        except ConnectionError:
            pass  # the browser has gone

    def _send_edition(self, name: str) -> None:
        kind = _KINDS.get(Path(name).suffix)
        found = self.server.board.edition(name)
        if kind is None or (found is None and kind != "text/html"):
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        made, version = found or (_MISSING, "")
        if kind == "text/html":
            script = f'<script src="/{_SCRIPT.name}" data-version="{version}" defer></script>'
            made = made.replace(b"</head>", script.encode() + b"</head>", 1)
        self._send(made, kind, HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)

    def _send_picture(self, name: str) -> None:
        pages, _, file = name.partition("/")
        found = self.server.board.edition(pages.replace(".pages", ".pdf"))
        made = picture(found[0], file.removesuffix(".png")) if found else None
        if made is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            self._send(made, "image/png")

    def _tell(self) -> None:
        """Send what holds, now and after every change, until the browser goes."""
        self._begin("text/event-stream", HTTPStatus.OK)
        count = 0
        while True:
            news = self.server.board.after(count, SILENCE)
            if news is None:
                self.wfile.write(b":\n\n")
                continue
            count, said = news
            self.wfile.write(f"retry: 1000\ndata: {json.dumps(said)}\n\n".encode())

    def _send(self, made: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._begin(kind, status, len(made))
        self.wfile.write(made)

    def _begin(self, kind: str, status: HTTPStatus, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if "text/" in kind else kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("X-Content-Type-Options", "nosniff")
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""
