"""The command line of `make preview`, and what follows from what is saved."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import threading
import webbrowser
from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.pipeline import products
from scripts.pipeline.rules import MADE
from scripts.report.preview import rendering
from scripts.report.preview.board import Board
from scripts.report.preview.building import build
from scripts.report.preview.changes import Kind, seen
from scripts.report.preview.document import Document
from scripts.report.preview.latest import Latest
from scripts.report.preview.server import Server

PORT = 4562
"""Unless another one is named, or something else has it."""


class Preview:
    """Builds and renders what saved files ask for."""

    def __init__(self, root: Path, board: Board) -> None:
        self._root, self._board = root, board
        self._documents: dict[str, Document] = {}
        self._obsolete, self._ending = threading.Event(), threading.Event()
        self._at_work = threading.Lock()
        self._made: set[tuple[str, int, int]] = set()
        self._builder = Latest(self._build)
        self._builder.ask()

    def see(self, kinds: set[Kind]) -> None:
        """Do what is to be done after files of some kinds were saved or deleted."""
        if Kind.ENGINE in kinds:
            for document in self._documents.values():
                document.renew()
        if kinds & {Kind.CODE, Kind.ENGINE}:
            self._obsolete.set()
            self._builder.ask()
        elif Kind.MADE in kinds and not self._at_work.locked() and self._stamps() != self._made:
            self._builder.ask()  # after the other build that made it
        if Kind.TEXT in kinds:
            if rendering.is_outdated(self._root):
                self._builder.ask()
            else:
                self._render()

    def end(self) -> None:
        """Interrupt a build, and wait until it has put everything in order."""
        self._ending.set()
        with self._at_work:
            pass

    def _build(self) -> None:
        with self._at_work:
            self._obsolete.clear()
            self._board.report("The build begins.")
            fault = build(self._root, self._board.report, self._is_late)
            self._board.report("")
            self._made = self._stamps()
        if fault is not None:
            self._board.blame("build", fault)
            self._render()

    def _is_late(self) -> bool:
        return self._obsolete.is_set() or self._ending.is_set()

    def _render(self) -> None:
        names = [task.name for task in rendering.tasks(self._root)]
        self._board.show({"index.html": index(names)} if names else {})
        for name in names:
            if name not in self._documents:
                self._documents[name] = Document(self._root, name, self._board)
            self._documents[name].ask()

    def _stamps(self) -> set[tuple[str, int, int]]:
        """What tells whether another build made something in the documents' folder."""
        made = [self._root / "report" / name for name in MADE if name != "build"]
        files = [path for each in made for path in [each, *each.rglob("*")] if path.is_file()]
        return {(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files}


def index(names: Iterable[str]) -> bytes:
    """The page that lists the documents."""
    rows = "\n".join(
        f'<li>{name}: <a href="/{name}.html">HTML</a>, <a href="/{name}.pages">PDF</a>, kept up '
        f'to date page by page, and <a href="/{name}.pdf">the PDF itself</a></li>'
        for name in names
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Preview</title>'
        "<style>body { font: 1.1em/1.8 sans-serif; margin: 3em }</style></head>\n"
        f"<body><h1>Preview</h1>\n<ul>\n{rows}\n</ul></body></html>\n"
    ).encode()


def main(arguments: Sequence[str] | None = None) -> int:
    """Show the preview until it is interrupted; return the exit code."""
    parser = argparse.ArgumentParser(description="Show the documents; follow what is saved.")
    parser.add_argument("--port", type=int, help=f"{PORT} or, where that is in use, any other")
    port = parser.parse_args(arguments).port
    root = Path.cwd().resolve()
    if not (root / "Snakefile").is_file():
        sys.exit(f"There is no Snakefile in {root}; run this from the repository's root.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    board = Board()
    board.show(_published(root))
    server = _served(port, board)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    preview = Preview(root, board)
    try:
        print(f"The documents are at {server.url} until this is ended by Ctrl-C.", file=sys.stderr)
        if {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"} & os.environ.keys() or _IS_MAC:
            webbrowser.open(server.url)
        top = threading.Thread(target=_follow, args=(root, preview), daemon=True)
        top.start()
        for kinds in seen(root, below=True):
            preview.see(kinds)
    except KeyboardInterrupt:
        pass
    finally:
        preview.end()
    return 0


_IS_MAC = sys.platform == "darwin"


def _follow(root: Path, preview: Preview) -> None:
    for kinds in seen(root, below=False):
        preview.see(kinds)


def _published(root: Path) -> dict[str, bytes]:
    """The documents of the last `make report`, which are shown until there are newer ones."""
    files = [root / name for name in products.PRODUCTS if not name.endswith(".json")]
    there = [path for path in files if path.is_file()]
    names = dict.fromkeys(path.stem for path in there)
    return {path.name: path.read_bytes() for path in there} | {"index.html": index(names)}


def _served(port: int | None, board: Board) -> Server:
    """A server on the port, or, if none is named, on `PORT` or any other."""
    try:
        return Server(PORT if port is None else port, board)
    except OSError as error:
        if port is None and error.errno == errno.EADDRINUSE:
            return Server(0, board)
        sys.exit(f"Port {port}: {error.strerror}; name another one, 0 for any: PORT=0")


if __name__ == "__main__":
    sys.exit(main())
