"""Runs Typst, and lets it remember the pages that it has set.

Typst compares a file with what it read of that file before, and sets anew only what follows from
the difference; of a text in memory it takes every part for new. So the text goes into a file, in a
folder of its own that shows the document's files by links: the document's folder may be read-only.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_TEXT = ".main.typ"


class Typesetter:
    """A Typst for the documents of one folder. It reads their files anew each time, fonts once."""

    def __init__(self, folder: Path, font_folders: Sequence[Path] = ()) -> None:
        import typst

        self._folder = folder.resolve()
        self._stage = tempfile.TemporaryDirectory(prefix="typst-")
        self._text = Path(self._stage.name, _TEXT)
        self._text.touch()
        self._compiler: Any = typst.Compiler(
            str(self._text),
            root=self._stage.name,
            font_paths=[str(path.resolve()) for path in font_folders],
            ignore_system_fonts=True,
        )

    def pdf(self, source: str, standards: list[str], timestamp: int) -> bytes:
        """Set a text that names files of the folder. Raises typst.TypstError and OSError."""
        self._link_all()
        self._text.write_text(source, encoding="utf-8")
        made: bytes = self._compiler.compile(
            format="pdf", pdf_standards=standards, timestamp=timestamp
        )
        return made

    def _link_all(self) -> None:
        """Show what is in the folder now; links to what has gone lead nowhere."""
        for path in self._folder.iterdir():
            link = Path(self._stage.name, path.name)
            if not link.is_symlink() and path.name != _TEXT:
                link.symlink_to(path)


@functools.lru_cache(maxsize=1)
def typesetter(folder: Path, font_folders: tuple[Path, ...], fonts: str) -> Typesetter:
    """The typesetter of a folder with fonts of some folders, kept until another is asked for.

    fonts: the hash of what is in the folders of fonts, so that other fonts make another typesetter.
    """
    return Typesetter(folder, font_folders)
