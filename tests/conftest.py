"""Shared by the tests: where the repository is, and throw-away builds of it."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import ROOT, House, built
from kills import session_folder

from scripts.pipeline import code, lock

MODULES = ("__init__", "topic/__init__", "topic/step", "topic/named")

# A shell ignores interrupts for what it runs in the background, and so would every build here.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository under test."""
    return ROOT


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A finished build of the guide's exercise that all tests share; none may change it."""
    return built(session_folder(tmp_path_factory) / "small", small=True)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A finished build of all exercises that all tests share; none may change it."""
    return built(session_folder(tmp_path_factory) / "whole")


@pytest.fixture
def house(finished: House, tmp_path: Path) -> Iterator[House]:
    """A copy of the build of the guide's exercise, for one test."""
    yield finished.clone(tmp_path / "house")
    shutil.rmtree(tmp_path)


@pytest.fixture(scope="session")
def _scratch(whole: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    return whole.clone(tmp_path_factory.mktemp("scratch") / "house")


@pytest.fixture
def restoring(_scratch: House) -> Iterator[House]:
    """A copy of the build of all exercises for dry runs; its committed files are put back."""
    kept = _scratch.sources()
    yield _scratch
    _scratch.put_back(kept)


@pytest.fixture
def one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one step, `scripts.topic.step`, and this process inside it."""
    house = tmp_path / "house"
    modules = [f"scripts/{name}.py" for name in MODULES]
    for name in modules:
        (house / name).parent.mkdir(parents=True, exist_ok=True)
        (house / name).write_text("X = 1\n")
    monkeypatch.chdir(house)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(lock.BUILD_ID, raising=False)
    # Here `scripts` is this repository's: its own modules cannot be surveyed from this process.
    monkeypatch.setattr(code, "files", lambda *_: modules)
    monkeypatch.setattr(code, "fingerprint", lambda *_: "the same")
    return house
