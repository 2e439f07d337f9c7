"""The shared cache in a folder: what one machine computed, another takes; no fault costs a byte."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from house import House, copy_source, rows
from test_kills import fill, mounted
from test_pipeline import STEP, run, times_run, wanted

from scripts.pipeline import cache, config, settings, shared, store
from scripts.pipeline.config import ConfigError

PATIENCE = 600
"""Seconds that nothing takes which does not fail."""

HELLO = hashlib.sha256(b"hello").hexdigest()


@pytest.fixture
def folder(one_step: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty shared cache, and this process in a tree whose build uses it."""
    (one_step / "scripts/topic/step.py").write_text(STEP)
    monkeypatch.delenv(shared.ANNOUNCED, raising=False)
    (tmp_path / "store").mkdir()
    use(tmp_path / "store", monkeypatch)
    return tmp_path / "store"


def use(
    url: Path | str,
    monkeypatch: pytest.MonkeyPatch,
    access: str = "read-write",
    seconds: int = PATIENCE,
) -> None:
    """What a build with these settings tells its jobs."""
    monkeypatch.setenv(shared.ANNOUNCED, "")  # and undo what `announce` does
    told = {"shared": str(url), "shared_access": access, "shared_seconds": seconds}
    shared.announce(told)


def another_machine() -> None:
    """From now on this is a fresh clone."""
    for name in ("data", "out"):
        shutil.rmtree(name, ignore_errors=True)


def warnings(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The warnings since the last call."""
    return [line for line in capsys.readouterr().err.splitlines() if "Warning" in line]


def entry(folder: Path) -> Path:
    """The entry of the first run, which wrote "hello"."""
    return next(path for path in folder.glob("*.json") if HELLO in path.read_text())


def test_what_one_machine_computed_another_takes(folder, capsys):
    run(wanted())
    before = Path("out/result.txt.prov.json").read_bytes()
    kept = next(Path(cache.CACHE).iterdir())
    entries = {path.name: path.read_bytes() for path in kept.iterdir()}
    another_machine()
    assert run(wanted()) == 0
    assert times_run() == 1
    assert Path("out/result.txt").read_text() == "hello"
    assert Path("out/result.txt.prov.json").read_bytes() == before
    assert "restored from the shared cache" in Path("logs/step.log").read_text()
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == entries
    shutil.rmtree(folder)
    assert run(wanted()) == 0
    assert warnings(capsys) == []  # it is kept here now, and nobody asks the folder


def test_what_is_not_known_leaves_nothing_behind(folder):
    shared.fetch(Path.cwd(), "b" * 64, ["result"], pytest.fail)
    assert list(Path(cache.CACHE).iterdir()) == list(folder.iterdir()) == []


def test_the_folder_holds_what_its_documentation_says(folder):
    run(wanted())
    run(wanted(text="hello", output="out/other.txt"))  # the same bytes
    (digest,) = (path.name for path in (folder / "objects").iterdir())
    assert (digest, (folder / "objects" / digest).read_bytes()) == (HELLO, b"hello")
    assert {path.name for path in folder.iterdir()} == {
        "objects", *(f"{path.name}.json" for path in Path(cache.CACHE).iterdir())
    }  # fmt: skip
    found = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    assert {known["files"][0].pop("name") for known in found} == {"out/result.txt", "out/other.txt"}
    assert [known["files"] for known in found] == [[{"sha256": HELLO, "bytes": 5}]] * 2


def test_a_folder_that_is_only_read_is_not_changed(folder, capsys, monkeypatch):
    use(folder, monkeypatch, access="read")
    run(wanted())
    assert list(folder.iterdir()) == []
    use(folder, monkeypatch)
    another_machine()
    run(wanted())
    another_machine()
    use(folder, monkeypatch, access="read")
    run(wanted())
    assert times_run() == 2
    assert warnings(capsys) == []


def written(content: str | bytes) -> Callable[[Path], None]:
    """A fault: another entry."""
    data = content.encode() if isinstance(content, str) else content
    return lambda folder: entry(folder).write_bytes(data) and None


def changed(seal: str = "", **parts: object) -> Callable[[Path], None]:
    """A fault: an entry that says something else of its file, or has another seal."""

    def change(folder: Path) -> None:
        path = entry(folder)
        found = json.loads(path.read_text())
        found["files"][0] |= parts
        path.write_text(json.dumps(found | ({"seal": seal} if seal else {})))

    return change


def forged(**parts: object) -> Callable[[Path], None]:
    """A fault: the same by somebody who knows how entries are sealed, but no secret."""

    def change(folder: Path) -> None:
        files = [json.loads(entry(folder).read_text())["files"][0] | parts]
        changed(seal=store._seal(entry(folder).stem, files), **parts)(folder)

    return change


def of_another_run(folder: Path) -> None:
    """A fault: what another run of the step made."""
    mine = entry(folder)
    other = next(path for path in folder.glob("*.json") if path != mine)
    mine.write_bytes(other.read_bytes())


def padded(folder: Path) -> None:
    """A fault: an entry with much behind it."""
    with entry(folder).open("a") as file:
        file.write(" " * store.LARGEST_ENTRY)


def instead(make: Callable[[Path], object]) -> Callable[[Path], None]:
    """A fault: something else in the place of the object."""

    def replace(folder: Path) -> None:
        path = folder / "objects" / HELLO
        path.unlink()
        make(path)

    return replace


FAULTS: dict[str, Callable[[Path], None]] = {
    "a truncated object": instead(lambda path: path.write_bytes(b"hell")),
    "an object with more": instead(lambda path: path.write_bytes(b"hello!")),
    "an empty object": instead(lambda path: path.touch()),
    "a swapped object": instead(lambda path: path.write_bytes(b"world")),
    "no object": instead(lambda path: None),
    "a link to something else": instead(lambda path: path.symlink_to("/etc/hostname")),
    "a link to bytes of that size": instead(
        lambda path: path.symlink_to(hashlib.sha256(b"world").hexdigest())
    ),
    "a link to nothing": instead(lambda path: path.symlink_to("nothing")),
    "a link without an end": instead(lambda path: path.symlink_to("/dev/zero")),
    "a pipe": instead(os.mkfifo),
    "the entry of another run": of_another_run,
    "no entry": written(""),
    "no text": written(b"\xff\x00\xfe"),
    "other JSON": written("[]"),
    "no files": written("{}"),
    "JSON too deep": written("[" * 100_000),
    "an entry that is too large": padded,
    "another seal": changed(seal="ä" * 64),
    "another digest": changed(sha256=hashlib.sha256(b"world").hexdigest()),
    "a name outside": forged(name="../../out/result.txt"),
    "an object outside": forged(sha256="../../pipe", bytes=0),
    "an object's name that is no text": forged(sha256=5),
    "a size that is none": forged(bytes="5"),
}


@pytest.mark.parametrize(
    "fault", rows(FAULTS, ["a truncated object", "the entry of another run", "an object outside"])
)
def test_what_is_damaged_is_computed_and_replaced(folder, capsys, fault):
    os.mkfifo(folder.parent / "pipe")
    run(wanted(text="world"))
    run(wanted())
    FAULTS[fault](folder)
    another_machine()
    capsys.readouterr()
    assert run(wanted()) == 0
    assert times_run() == 3
    assert Path("out/result.txt").read_bytes() == b"hello"
    (told,) = warnings(capsys)
    assert str(folder) in told
    assert "holds something damaged" in told
    another_machine()
    assert run(wanted()) == 0
    assert times_run() == 3
    assert warnings(capsys) == []


def test_a_secret_makes_it_impossible_to_forge_an_entry(folder, capsys, monkeypatch):
    run(wanted(text="world"))
    run(wanted())
    forged(sha256=hashlib.sha256(b"world").hexdigest())(folder)
    monkeypatch.setenv(store.SECRET, "of those who share the store")
    another_machine()
    assert run(wanted()) == 0
    assert Path("out/result.txt").read_bytes() == b"hello"
    (told,) = warnings(capsys)
    assert "is not what was written for this run" in told
    another_machine()
    assert run(wanted()) == 0
    assert times_run() == 3


def test_what_is_damaged_spoils_nothing_else_and_is_told_once(folder, capsys):
    texts = ("hello", "!", "world")
    for text in texts:
        run(wanted(text=text))
    for text in texts[:2]:
        (folder / "objects" / hashlib.sha256(text.encode()).hexdigest()).write_text("")
    another_machine()
    for text in texts:
        run(wanted(text=text))
        assert Path("out/result.txt").read_text() == text
    assert times_run() == 5
    assert len(warnings(capsys)) == 1


STORES: dict[str, tuple[Callable[[Path], str], str]] = {
    "missing": (lambda folder: f"{folder}/nowhere", "there is no"),
    "a file": (lambda folder: __file__, "Not a directory"),
    "of an unknown kind": (lambda folder: "nosuch://bucket/prefix", "Protocol not known: nosuch"),
    "without its library": (lambda folder: "s3://bucket/prefix", "`make store`"),
}


@pytest.mark.parametrize("kind", STORES)
def test_a_store_that_cannot_be_used_costs_one_warning(folder, capsys, monkeypatch, kind):
    url, reason = STORES[kind]
    use(url(folder), monkeypatch)
    errands: list[tuple[object, ...]] = []
    monkeypatch.setattr(shared, "_errand", counted(shared._errand, errands))
    assert run(wanted()) == 0
    assert run(wanted(text="world")) == 0
    (told,) = warnings(capsys)
    assert url(folder) in told
    assert reason in told
    assert len(errands) == 1
    assert Path("out/result.txt").read_text() == "world"
    shutil.rmtree("data/stage")  # as the next build does
    run(wanted(text="!"))
    assert len(errands) == 2


def counted(
    errand: Callable[..., object], calls: list[tuple[object, ...]]
) -> Callable[..., object]:
    def call(*words: object) -> object:
        calls.append(words)
        return errand(*words)

    return call


def test_a_store_that_does_not_answer_is_waited_for_once(folder, capsys, monkeypatch):
    run(wanted())
    run(wanted(text="world"))
    for path in folder.glob("*.json"):
        path.unlink()
        os.mkfifo(path)  # whoever opens it to read waits for a writer
    another_machine()
    use(folder, monkeypatch, seconds=1)
    errands: list[tuple[object, ...]] = []
    monkeypatch.setattr(shared, "_errand", counted(shared._errand, errands))
    assert run(wanted()) == 0
    assert run(wanted(text="world")) == 0
    (told,) = warnings(capsys)
    assert "no answer within 1 s" in told
    assert len(errands) == 1
    assert list(Path(cache.CACHE).glob(".*")) == []


def test_a_process_that_breaks_is_a_failure(folder, capsys, monkeypatch, tmp_path):
    broken = tmp_path / "house" / shared.PYTHON
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\necho 'no such library' >&2\nexit 9\n")
    broken.chmod(0o755)
    assert run(wanted()) == 0
    (told,) = warnings(capsys)
    assert "no such library" in told


def test_what_cannot_be_started_is_a_failure(folder, capsys, monkeypatch, tmp_path):
    broken = tmp_path / "house" / shared.PYTHON
    broken.parent.mkdir(parents=True)
    broken.write_text("of another machine")
    assert run(wanted()) == 0
    (told,) = warnings(capsys)
    assert "Permission denied" in told


@pytest.mark.parametrize("how", ["read-only", "full"])
def test_a_folder_that_cannot_be_written_still_gives(folder, capsys, monkeypatch, how):
    errands: list[tuple[object, ...]] = []
    monkeypatch.setattr(shared, "_errand", counted(shared._errand, errands))
    options = {
        "read-only": ["--bind", str(folder)],
        "full": ["-t", "tmpfs", "-o", "size=1m", "none"],
    }
    with mounted(folder, *options[how]):
        run(wanted())
        if how == "full":
            fill(folder)
        else:
            subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        another_machine()
        errands.clear()
        run(wanted())
        assert times_run() == 1
        for text in ("x" * 5000, "y" * 5000):
            assert run(wanted(text=text)) == 0
        assert [errand for _, errand, *_ in errands] == ["fetch", "fetch", "offer", "fetch"]
        (told,) = warnings(capsys)
        assert str(folder) in told
        assert {"read-only": "Read-only", "full": "No space"}[how] in told
        assert Path("out/result.txt").read_text() == "y" * 5000
        assert len(list(folder.glob("*.json"))) == 1
        assert list(folder.glob(".*")) == []


def test_an_offer_that_breaks_off_is_not_seen(folder, tmp_path, monkeypatch):
    (tmp_path / "0").write_text("hello")
    (tmp_path / cache.ENTRY).write_text(json.dumps([HELLO]))
    put = store.Store._put

    def break_off(self: store.Store, source: Path, name: str) -> None:
        if name.endswith(".json"):
            raise KeyboardInterrupt
        put(self, source, name)

    monkeypatch.setattr(store.Store, "_put", break_off)
    with pytest.raises(KeyboardInterrupt):
        store.Store(str(folder)).offer("a" * 64, tmp_path, ["result"])
    assert {path.name for path in folder.rglob("*")} == {"objects", HELLO}


def test_a_file_appears_whole(folder, tmp_path, monkeypatch):
    (tmp_path / "0").write_text("hello")
    found = store.Store(str(folder))

    def half(source: str, target: str) -> None:
        Path(target).write_text("he")
        assert not (folder / "name").exists()
        raise OSError("the line is dead")

    monkeypatch.setattr(found.files, "put_file", half)
    with pytest.raises(OSError, match="the line is dead"):
        found._put(tmp_path / "0", "name")
    assert list(folder.iterdir()) == []


def test_machines_at_once_do_no_harm(folder, tmp_path):
    data = bytes(range(256)) * 4000
    digest = hashlib.sha256(data).hexdigest()
    (tmp_path / "0").write_bytes(data)
    (tmp_path / cache.ENTRY).write_text(json.dumps([digest]))
    words = [sys.executable, store.__file__]
    more = [str(folder), "60", "a" * 64]
    started = []
    for number in range(12):
        place = tmp_path / f"machine{number}"
        place.mkdir()
        errand = (
            ["fetch", *more, str(place)] if number % 3 == 2 else ["offer", *more, str(tmp_path)]
        )
        command = [*words, *errand, "result"]
        started.append((place, subprocess.Popen(command, stdout=subprocess.PIPE, text=True)))
    for place, process in started:
        told, _ = process.communicate(timeout=60)
        assert told in ("done\n", "unknown\n")
        found = place / "0"
        assert not found.exists() or found.read_bytes() == data
    assert {path.name for path in folder.rglob("*")} == {"objects", digest, f"{'a' * 64}.json"}


@pytest.mark.parametrize(
    "url", ["s3://key:secret@bucket/prefix", "sftp://me:secret@host/folder", "a\nb", "x" * 1001]
)
def test_no_password_stands_in_the_configuration(root, url):
    chosen = {"megabytes": 1, "shared": url, "shared_access": "read", "shared_seconds": 1}
    with pytest.raises(ConfigError, match=r"cache\.shared"):
        config.validate({"cache": chosen}, schema_of_the_cache(), "config.yaml")
    for good in ("", "/a/folder", "~/a: b@c", "s3://bucket/prefix", "sftp://me@host/folder"):
        config.validate({"cache": chosen | {"shared": good}}, schema_of_the_cache(), "config.yaml")


def schema_of_the_cache() -> dict[str, object]:
    return {"type": "object", "properties": {"cache": config.settings.schema(settings.Cache)}}


@pytest.mark.parametrize("small", [True, pytest.param(False, marks=pytest.mark.whole)])
def test_a_fresh_clone_computes_nothing(small, request, tmp_path):
    known: House = request.getfixturevalue("finished" if small else "whole")
    (tmp_path / "store").mkdir()
    asked = {"cache.shared": str(tmp_path / "store"), "cache.shared_seconds": PATIENCE}
    first, other = (copy_source(tmp_path / name, small) for name in ("first", "other"))
    first.configure(asked)
    assert first.build().steps("computed") == set(known.graph.step.values())
    other.configure(asked)
    run = other.build()
    assert run.steps("restored from the shared cache") == set(known.graph.step.values())
    assert run.steps("computed") == set()
    assert "Warning: the shared cache" not in run.text
    assert other.artifacts() == first.artifacts() == known.artifacts()
