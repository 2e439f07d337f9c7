"""One errand to the shared cache, by a process of its own that knows nothing of the project:

    python store.py fetch|offer URL SECONDS RUN FOLDER NAME...

FOLDER is an entry of the run cache, to be filled or read; NAMEs are the rule's outputs. What came
of it is printed: `done`, `unknown`, or `damaged: …` or `failed: …` with the reason. The store holds

    <key of the run>.json    {"files": [{"name": …, "sha256": …, "bytes": …}, …], "seal": …}
    objects/<SHA-256>        the bytes

and beside these nothing but `.partial-…` of who was interrupted. Objects come before the entry that
names them, and each appears whole; of two that write the same the last one stays. The seal is the
HMAC-SHA-256 of key and files, by a secret that whoever shares the store may agree on.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fsspec

LARGEST_ENTRY = 1_000_000
"""Bytes; an entry names some files, and a larger one is none."""

SECRET = "ASSIGNMENT_SHARED_SECRET"
"""Environment variable, empty if it is not set."""

OBJECT_STORES = {"s3", "gs", "gcs", "az", "abfs"}
"""Where a file shows when it is whole, and a folder is but a part of its name."""


_DIGEST = re.compile("[0-9a-f]{64}")


class DamagedError(Exception):
    """What the store holds of a run is not what was offered."""


def main(arguments: Sequence[str]) -> str:
    """Do an errand; return what came of it."""
    errand, url, seconds, run, folder, *names = arguments
    signal.alarm(int(seconds))  # ends this process, whatever it waits for
    try:
        store = Store(url)
        if errand == "offer":
            return store.offer(run, Path(folder), names)
        return store.fetch(run, Path(folder), names)
    except DamagedError as error:
        return f"damaged: {error}"
    except ImportError as error:
        return f"failed: {_told(error)}: `make store` does for s3, see docs/scaling.md"
    except Exception as error:  # libraries for stores raise what they like
        return f"failed: {_told(error)}"


def _seal(run: str, files: Sequence[Any]) -> str:
    text = json.dumps([run, files], sort_keys=True)
    return hmac.digest(os.environ.get(SECRET, "").encode(), text.encode(), "sha256").hex()


def _told(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


class Store:
    """A folder, or what an URL of fsspec's names. Methods raise whatever its library raises."""

    def __init__(self, url: str) -> None:
        self.files, self.place = fsspec.url_to_fs(url)
        kinds = self.files.protocol
        self.of_objects = bool(OBJECT_STORES & {*([kinds] if isinstance(kinds, str) else kinds)})

    def fetch(self, run: str, folder: Path, names: Sequence[str]) -> str:
        """Fill `folder` with a run's files, verified. Raises DamagedError."""
        try:
            recorded = self._entry(run, names)
        except FileNotFoundError:
            home = self.place.partition("/")[0] if self.of_objects else self.place
            if not self.files.exists(home):
                raise FileNotFoundError(f"there is no {home}") from None
            return "unknown"
        for index, (digest, size) in enumerate(recorded):
            self._object(digest, size, folder / str(index))
        digests = json.dumps([digest for digest, _ in recorded])
        (folder / "entry.json").write_text(digests, encoding="utf-8")
        return "done"

    def offer(self, run: str, folder: Path, names: Sequence[str]) -> str:
        """Store what an entry of the run cache holds."""
        digests = json.loads((folder / "entry.json").read_text(encoding="utf-8"))
        with contextlib.suppress(FileExistsError):
            self.files.mkdir(f"{self.place}/objects", create_parents=False)
        recorded = []
        for index, (name, digest) in enumerate(zip(names, digests, strict=True)):
            file = folder / str(index)
            self._put(file, f"objects/{digest}")
            recorded.append({"name": name, "sha256": digest, "bytes": file.stat().st_size})
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as entry:
            json.dump({"files": recorded, "seal": _seal(run, recorded)}, entry)
            entry.flush()
            self._put(Path(entry.name), f"{run}.json")
        return "done"

    def _entry(self, run: str, names: Sequence[str]) -> list[tuple[str, int]]:
        """SHA-256 and size in bytes of each file of a run. Raises DamagedError."""
        path = f"{self.place}/{run}.json"
        if self.files.info(path)["size"] > LARGEST_ENTRY:
            raise DamagedError(f"{path} is larger than any entry")
        content = self.files.cat_file(path)
        try:
            found: dict[str, Any] = json.loads(content)
            recorded = [(file["sha256"], file["bytes"]) for file in found["files"]]
            sealed = hmac.compare_digest(found["seal"], _seal(run, found["files"]))
            known = [file["name"] for file in found["files"]] == names
            if sealed and known and all(map(_DIGEST.fullmatch, dict(recorded))):
                return recorded
        except (ValueError, LookupError, TypeError, RecursionError):
            pass
        raise DamagedError(f"{path} is not what was written for this run")

    def _object(self, digest: str, size: int, target: Path) -> None:
        """Copy an object. Raises DamagedError unless its bytes are those that its name says."""
        path = f"{self.place}/objects/{digest}"
        try:
            found = self.files.info(path)["size"]
        except FileNotFoundError:
            raise DamagedError(f"{path} is missing") from None
        if found != size:
            raise DamagedError(f"{path} has {found} bytes instead of {size}")
        self.files.get_file(path, str(target))
        with target.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise DamagedError(f"{path} has other bytes than its name says")

    def _put(self, source: Path, name: str) -> None:
        """Store a file: whole, or not at all."""
        target = f"{self.place}/{name}"
        if self.of_objects:
            self.files.put_file(str(source), target)
            return
        partial = f"{self.place}/.partial-{secrets.token_hex(16)}"
        try:
            self.files.put_file(str(source), partial)
            self.files.mv(partial, target)
        except BaseException:
            with contextlib.suppress(Exception):
                self.files.rm_file(partial)
            raise


if __name__ == "__main__":
    print(main(sys.argv[1:]))
