"""Refuses what a step opens and its rule does not declare, in each Python that the step starts.

Python runs this module by itself before any other: its folder is the first of a step's PYTHONPATH.
The step works in its stage (`scripts.pipeline.stage`); of the repository around it only the
declared files may be read, and nothing may be written. A refusal is also put on record, so that a
step that goes on in spite of it fails at its end.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

LISTING = {"os.listdir": (0,), "os.scandir": (0,)}
READING = {"open": (0,), "ctypes.dlopen": (0,), "import": (1,)}  # `import`: of a module in C
WRITING = {
    "os.rename": (0, 1), "os.link": (1,), "os.symlink": (1,), "os.remove": (0,),
    "os.truncate": (0,), "shutil.rmtree": (0,), "sqlite3.connect": (0,),
}  # fmt: skip
"""Which arguments of an event of Python's audit are paths; `open` may be for writing too."""

_PATHS = LISTING | READING | WRITING


class Watch:
    """What a step may open, and where refusals go on record."""

    def __init__(self, declaration: str) -> None:
        with open(declaration, encoding="utf-8") as file:
            declared = json.load(file)
        self.root: str = declared["root"]
        self.stage: str = declared["stage"]
        self.files = {os.path.join(self.root, name) for name in declared["files"]}
        self.inputs = {os.path.join(self.stage, name) for name in declared["files"]}
        self.modules = {os.path.join(self.root, name) for name in declared["modules"]}
        self.folders = {os.path.dirname(name) for name in self.files | self.modules} | {self.root}
        self.record = os.open(declared["record"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        tools = [sys.prefix, sys.base_prefix, os.path.dirname(__file__), declared["cache"]]
        places = [*tools, *_own_places()]
        self.free = tuple(f"{place}/" for place in places if not _within(self.root, place))

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look at an event of Python's audit. Raises PermissionError for what is not declared."""
        for given in map(arguments.__getitem__, _PATHS.get(event, ())):
            if given is None or isinstance(given, int):
                continue  # it was opened before
            path = os.fsdecode(given)
            if f"{path}/".startswith(self.free) and "/.." not in path:
                continue
            for place in {os.path.abspath(path), os.path.realpath(path)}:
                sentence = self.refusal(event, _source(place), _writes(event, arguments))
                if sentence:
                    self.refuse(sentence)

    def refusal(self, event: str, place: str, writes: bool) -> str | None:
        """What is wrong with opening an absolute path, and the remedy; None if nothing is."""
        if f"{place}/".startswith(self.free) or not _within(place, self.root):
            return None
        if _within(place, self.stage):
            if writes:
                return _input(place[len(self.stage) + 1 :]) if place in self.inputs else None
            if os.path.exists(place):
                return None
            place = self.root + place[len(self.stage) :]
            if not os.path.exists(place):
                return None  # it is nowhere, as the step will find out
        name = place[len(self.root) + 1 :]
        if event in LISTING:
            known = place in self.folders or os.path.basename(place) == "__pycache__"
            return None if known else _listed(name)
        if event == "open" and os.path.isdir(place):
            return None  # what is in it will be opened
        if writes:
            return _written(name)
        return None if self.may_read(place) else _read(name)

    def may_read(self, place: str) -> bool:
        """Whether a file is declared, or one that tracebacks look for where imports are."""
        looked_for = os.path.dirname(place) == self.root and not os.path.exists(place)
        return place in self.files or place in self.modules or looked_for

    def refuse(self, sentence: str) -> None:
        """Put a refusal on record. Raises PermissionError."""
        told = f"{self.caller()}{sentence}"
        os.write(self.record, f"{told}\n".encode())
        raise PermissionError(told)

    def caller(self) -> str:
        """File and line of the project's code that is at work, for the beginning of a sentence."""
        frame = sys._getframe().f_back
        while frame and frame.f_code.co_filename not in self.modules:
            frame = frame.f_back
        if not frame:
            return ""
        return f"{frame.f_code.co_filename[len(self.root) + 1 :]}:{frame.f_lineno}: "


def _own_places() -> Iterator[str]:
    """Folders of the user's tools that may lie in the repository: caches, temporary files."""
    home = os.environ.get("HOME", "/nowhere")
    yield from (os.path.join(home, name) for name in (".cache", ".config", ".local"))
    for variable in ("TMPDIR", "MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        if place := os.environ.get(variable):
            yield os.path.abspath(place)


def _within(place: str, folder: str) -> bool:
    return place == folder or place.startswith(f"{folder}/")


def _source(place: str) -> str:
    """The module whose cache a file is, or the file itself."""
    folder, name = os.path.split(place)
    if os.path.basename(folder) != "__pycache__":
        return place
    return os.path.join(os.path.dirname(folder), name.split(".")[0] + ".py")


def _writes(event: str, arguments: tuple[Any, ...]) -> bool:
    if event == "open":
        return bool((arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR))
    return event in WRITING


def _read(name: str) -> str:
    if name.endswith(".py"):
        return (
            f"{name} is opened, and is no part of the step's code as its imports tell it. Import "
            "it by name (`from scripts… import …`), so that a change of it counts."
        )
    return (
        f"{name} is opened and not declared. Name it under `input:` of the rule, and in `files=` "
        "of its contract if it is committed, so that a change of it counts."
    )


def _input(name: str) -> str:
    return f"{name} is an input of the step and opened for writing; write another file."


def _written(name: str) -> str:
    return (
        f"{name} is written, moved or removed, and is no output of the rule. Name it under "
        "`output:`, or write it to a temporary folder (`tempfile`)."
    )


def _listed(name: str) -> str:
    return (
        f"the folder {name} is listed, and other files may come into it. Name those that are "
        "needed under `input:` of the rule."
    )


if declaration := os.environ.get("ASSIGNMENT_DECLARED"):
    sys.addaudithook(Watch(declaration))
