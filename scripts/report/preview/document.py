"""A document of the preview: its HTML first, and then its PDF."""

from __future__ import annotations

from pathlib import Path

from scripts.report.preview import rendering
from scripts.report.preview.board import Board
from scripts.report.preview.latest import Latest
from scripts.report.preview.workers import Worker
from scripts.report.source import RenderError


class Document:
    """Renders a document whenever it is asked, each edition by a worker that remembers."""

    def __init__(self, root: Path, name: str, board: Board) -> None:
        self._root, self._name, self._board = root, name, board
        self._workers = Worker(is_urgent=True), Worker(is_urgent=False)
        self._screen = Latest(self._on_screen)
        self._paper = Latest(self._on_paper)

    def ask(self) -> None:
        """Have it rendered as it is from now on."""
        self._screen.ask()

    def renew(self) -> None:
        """Have it rendered by the code as it is from now on."""
        for worker in self._workers:
            worker.renew()

    def _on_screen(self) -> None:
        name = f"{self._name}.html"
        try:
            html = self._workers[0].call(rendering.on_screen, self._task())
        except RenderError as error:
            self._board.blame(name, str(error))
            return
        self._board.show({name: html})
        self._board.blame(name, "")
        self._paper.ask()

    def _on_paper(self) -> None:
        name = f"{self._name}.pdf"
        html, worker = self._board.edition(f"{self._name}.html"), self._workers[1]
        assert html is not None, "the PDF comes after the HTML"
        try:
            task = self._task()
            pdf, pages = worker.call(rendering.on_paper, task)
            self._board.show({name: pdf, f"{self._name}.pages": pages})
            fault = worker.call(rendering.complaints, task, pdf, html[0])
        except RenderError as error:
            fault = str(error)
        if not self._screen.is_late:  # else the editions may be of different texts
            self._board.blame(name, fault)

    def _task(self) -> rendering.Task:
        found = [task for task in rendering.tasks(self._root) if task.name == self._name]
        if not found:
            raise RenderError(f"{self._name}: a build is making what it shows, or has failed.")
        return found[0]
