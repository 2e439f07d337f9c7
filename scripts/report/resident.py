"""A renderer that stays in the background, so that an edit costs what the edit changes.

The first render starts it, as Quarto keeps the kernels of notebooks for a while; after some minutes
without work it ends. It reads the very files that a render without it reads and sends back the
very bytes; what it keeps is only what Pandoc, Typst and the checks made of text that has not
changed. It writes no result, and it ends when it is asked after its code has changed.

python -m scripts.report.resident SECONDS: what `answered` starts.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import resource
import select
import socket
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.pipeline.stage import DECLARED

SECONDS = "ASSIGNMENT_RENDERER_SECONDS"
"""Environment variable: how long it waits for work; 0 is: render without it."""

USUAL_SECONDS = 300.0
_LONGEST_SECONDS = 86_400.0
_TO_START = 10.0  # seconds
_TO_RENDER = 600.0  # seconds
_MOST_MEMORY = 2_000_000_000  # bytes; it takes about half of that
_OF_THE_ENVIRONMENT = (
    "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONHASHSEED", "PYTHONPATH", "TZ",
    "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
)  # fmt: skip
"""What it inherits from the build that starts it, and another build may have otherwise."""


@dataclass(frozen=True)
class Request:
    """What is to be rendered: the qmd file, the engine, the generated files that rules make."""

    document: str
    engine: str
    made: list[str]


@dataclass(frozen=True)
class Answer:
    """Both editions, the records of their checks, and what is wrong; empty where all is well."""

    pdf: bytes
    html: bytes
    checks: list[dict[str, Any]]
    problems: list[str]


def answered(request: Request) -> Answer:
    """Have a document rendered and verified, by a renderer that stays if there may be one.

    Raises OSError, if files cannot be read or written, and ValueError for a strange `SECONDS`.
    """
    seconds = _patience()
    if seconds > 0 and request.engine == "embedded":
        try:
            return _asked(request, seconds)
        except (OSError, EOFError):
            pass  # no socket here, or it was ended: it is not needed, only faster
    return answer(request)


def _patience() -> float:
    text = os.environ.get(SECONDS, str(USUAL_SECONDS))
    try:
        return min(float(text), _LONGEST_SECONDS)
    except ValueError:
        raise ValueError(
            f"{SECONDS} is {text!r}; set it to a number of seconds, 0 for no renderer that stays."
        ) from None


def answer(request: Request) -> Answer:
    """Render and verify in this process."""
    from scripts.report import product, verify  # they take long to import
    from scripts.report.source import RenderError

    try:
        made = product.make(request.document, request.engine, request.made)
    except RenderError as error:
        return Answer(b"", b"", [], [str(error)])
    records = [check.record() for check in made.checks]
    return Answer(made.pdf, made.html, records, list(verify.complaints(made.checks)))


# ------------------------------------------------------------------------------- who asks


def _asked(request: Request, seconds: float) -> Answer:
    """What the renderer that stays says, which is started if need be. Raises OSError, EOFError."""
    place = _place()
    try:
        return _exchanged(place, request)
    except (OSError, EOFError):  # there is none, or one of other code, which has ended now
        _start(seconds)
        return _exchanged(place, request)


def _exchanged(place: Path, request: Request) -> Answer:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_TO_RENDER)
        connection.connect(str(place))
        with connection.makefile("rwb") as stream:
            asked = {
                "identity": identity(),
                "folder": str(Path.cwd()),
                **dataclasses.asdict(request),
            }
            stream.write(json.dumps(asked).encode() + b"\n")
            stream.flush()
            told = json.loads(stream.readline() or "null")
            if told is None:
                raise EOFError
            pdf, html = stream.read(told["pdf"]), stream.read(told["html"])
    if len(html) != told["html"]:
        raise EOFError
    return Answer(pdf, html, told["checks"], told["problems"])


def _start(seconds: float) -> None:
    """Start a renderer and wait until it listens. Raises OSError."""
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.report.resident", str(seconds)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=_environment(), start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    with process.stdout as told:
        ready, _, _ = select.select([told], [], [], _TO_START)
        if not ready or not told.read(1):
            raise TimeoutError("the renderer did not start")


def _environment() -> dict[str, str]:
    """That of the step, but unwatched: of the repository it reads its code, and then the stage."""
    return {name: value for name, value in os.environ.items() if name != DECLARED}


def _place() -> Path:
    """The socket of this folder's renderer, which nobody else may open. Raises OSError."""
    folder = Path(tempfile.gettempdir()) / f"assignment-renderer-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not this user's alone")
    return folder / hashlib.sha256(str(Path.cwd()).encode()).hexdigest()[:16]


def identity() -> str:
    """SHA-256 (hex) of what a renderer inherits: Python, packages, environment."""
    inherited = [os.environ.get(name) for name in _OF_THE_ENVIRONMENT]
    digest = hashlib.sha256(f"{sys.executable} {sys.version} {inherited}".encode())
    for folder in filter(os.path.isdir, sys.path):
        if folder.endswith("-packages"):  # a change of what is installed changes its time
            digest.update(str(Path(folder).stat().st_mtime_ns).encode())
    return digest.hexdigest()


def code() -> str:
    """SHA-256 (hex) of this project's modules that this process has loaded, as they are now."""
    digest = hashlib.sha256()
    for name, module in sorted(sys.modules.items()):
        if name.split(".")[0] == "scripts" and module.__file__:
            digest.update(hashlib.sha256(Path(module.__file__).read_bytes()).digest())
    return digest.hexdigest()


# ------------------------------------------------------------------------------- who answers


def main() -> None:
    """Answer requests until none has come for some seconds, or one comes from other code."""
    seconds, place = float(sys.argv[1]), _place()
    with socket.socket(socket.AF_UNIX) as listener:
        inode = _listen(listener, place)
        listener.settimeout(seconds)
        os.write(1, b"!")  # who started it waits for this
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 1)
        try:
            from scripts.report import product, verify  # noqa: F401 (all its code, while one waits)

            own = code()
            while _answer_one(listener, own) and not _too_large():
                pass
        finally:
            if place.exists() and place.stat().st_ino == inode:  # not that of a successor
                place.unlink()


def _listen(listener: socket.socket, place: Path) -> int:
    """Listen at `place`, which an earlier renderer may still hold; return the socket's inode."""
    new = place.with_name(f"{place.name}.{os.getpid()}")
    listener.bind(str(new))
    listener.listen()
    inode = new.stat().st_ino
    new.replace(place)
    return inode


def _answer_one(listener: socket.socket, own: str) -> bool:
    """Answer one request; tell whether to wait for another."""
    try:
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as stream:
            asked = json.loads(stream.readline())
            if asked.pop("identity") != identity() or code() != own:
                return False
            os.chdir(asked.pop("folder"))  # which may have been made anew since the last time
            found = answer(Request(**asked))
            told = {
                "pdf": len(found.pdf), "html": len(found.html),
                "checks": found.checks, "problems": found.problems,
            }  # fmt: skip
            stream.write(json.dumps(told).encode() + b"\n" + found.pdf + found.html)
    except (OSError, ValueError):  # nobody came, who came was killed, or it was nobody of ours
        return False
    return True


def _too_large() -> bool:
    """Whether this process has ever taken more memory than it may."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit > _MOST_MEMORY


if __name__ == "__main__":
    main()
