"""Set-up: the locks, what comes from them, and when `.venv` is made again."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pip
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PLATFORMS = [
    {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
]


def lock(root: Path, name: str) -> dict[str, tuple[Requirement, list[str]]]:
    """Return the entries of a lock by name, each with its hashes."""
    text = re.sub(r"^#.*\n", "", (root / "envs" / name).read_text("utf-8"), flags=re.MULTILINE)
    entries = [entry.split(" \\\n    --hash=sha256:") for entry in re.split(r"\n(?=\S)", text)]
    found = [(Requirement(entry), [digest.strip() for digest in rest]) for entry, *rest in entries]
    return {entry.name: (entry, hashes) for entry, hashes in found}


def applies(requirement: Requirement, environment: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(environment | {"extra": ""})


@pytest.mark.parametrize(
    "name", ["requirements", "development", "cuda", "cpu", "uv", "validator", "store", "moto"]
)
def test_a_lock_has_one_version_and_the_hashes_of_every_package(root: Path, name: str) -> None:
    for entry, hashes in lock(root, f"{name}.txt").values():
        assert re.fullmatch(r"==[\w.+]+", str(entry.specifier)), entry
        assert hashes, entry
        assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in hashes), entry


def test_the_locks_are_of_what_pyproject_lists(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"] | {"requirements": project["project"]["dependencies"]}
    for name, listed in groups.items():
        assert {canonicalize_name(Requirement(text).name) for text in listed} <= set(
            lock(root, f"{name}.txt")
        )


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform["platform_machine"])
def test_the_locks_lack_nothing_that_a_package_needs(
    root: Path, python: str, platform: dict[str, str]
) -> None:
    environment = platform | {"python_version": python, "python_full_version": f"{python}.0"}
    locked = lock(root, "requirements.txt") | lock(root, "development.txt")
    here = {name: entry for name, (entry, _) in locked.items() if applies(entry, environment)}
    for name, entry in here.items():
        if not applies(entry, {}):
            continue  # not installed on this machine
        assert importlib.metadata.version(name).split("+")[0] in entry.specifier, name
        for need in map(Requirement, importlib.metadata.requires(name) or ()):
            if applies(need, environment):
                found = here.get(canonicalize_name(need.name))
                assert found, f"{name} needs {need}"
                assert need.specifier.contains(str(found.specifier).strip("="), prereleases=True)


def test_conda_and_the_container_have_the_locks(root: Path) -> None:
    environment = yaml.safe_load((root / "envs/assignment.yaml").read_text("utf-8"))
    conda = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    entries = lock(root, "requirements.txt").values()
    assert set(map(str, map(Requirement, conda))) == {str(entry) for entry, _ in entries}
    container = json.loads((root / ".devcontainer/devcontainer.json").read_text("utf-8"))
    assert container["postCreateCommand"] == "make development"


def wheel(folder: Path, name: str, files: dict[str, str]) -> None:
    """Make a wheel of these files, and the lock of this name with its hash."""
    info = f"{name}-1.dist-info"
    files = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in files)
    path = folder / f"{name}-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            entry = zipfile.ZipInfo(file)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, text)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / f"envs/{name}.txt").write_text(f"{name}==1 \\\n    --hash=sha256:{digest}\n")


def set_up(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "envs/setup.sh", *arguments], cwd=folder, capture_output=True, text=True,
        env={"PATH": "/usr/bin:/bin"} | variables,
    )  # fmt: skip


@pytest.mark.parametrize("tool", [shutil.which("uv") or "false", "false"], ids=["uv", "pip"])
def test_a_file_with_another_hash_is_refused_by_name(root: Path, tmp_path: Path, tool: str) -> None:
    (tmp_path / "envs").mkdir()
    shutil.copy(root / "envs/setup.sh", tmp_path / "envs")
    wheel(tmp_path, "uv", {"uv-1.data/scripts/uv": f'#!/bin/sh\nexec {tool} "$@"\n'})
    wheel(tmp_path, "cpu", {"torch/__init__.py": ""})
    wheel(tmp_path, "requirements", {"requirements.py": ""})
    python = tmp_path / "python"  # as the real one, with the pip that is here: that is quicker
    python.write_text(
        f'#!/bin/sh\n"{sys.executable}" "$@" ${{3:+--without-pip}}\n'
        f'[ -z "$3" ] || ln -s "{Path(pip.__file__).parent}" .venv/lib/python3*/site-packages\n'
    )
    python.chmod(0o755)
    locked = tmp_path / "envs/requirements.txt"
    locked.write_text(re.sub(r"[0-9a-f]{64}", "0" * 64, locked.read_text()))
    done = set_up(
        tmp_path, "./python", PIP_FIND_LINKS=str(tmp_path), PIP_NO_INDEX="1", UV_NO_INDEX="1",
        UV_CACHE_DIR=str(tmp_path / "cache"), HOME=str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 1
    assert "requirements==1" in done.stderr
    assert ("Hash mismatch for `requirements==1`" in done.stderr) == (tool != "false")
    assert "A file has not the hash that envs has for it" in done.stderr


PYTHON = """#!/bin/sh
case "$*" in
    -c*) readlink -f "$0" ;;
    "-m venv .venv")
        mkdir -p .venv/bin .venv/lib/python3/site-packages/torch
        touch .venv/lib/python3/site-packages/torch/nn.py
        ln -s "$(readlink -f "$0")" .venv/bin/python ;;
esac
"""


def move(folder: Path) -> Path:
    return folder.rename(folder.with_name("moved"))


def lose_a_file(folder: Path) -> None:
    (folder / ".venv/lib/python3/site-packages/torch/nn.py").unlink()


def upgrade_python(folder: Path) -> None:
    (folder.parent / "bin/python3.11").unlink()
    (folder.parent / "bin/python3").unlink()
    (folder.parent / "bin/python3").symlink_to("python3.12")


def break_off(folder: Path) -> None:
    (folder / ".venv/.requirements.txt").unlink()


def change_a_lock(folder: Path) -> None:
    (folder / "envs/requirements.txt").write_text("b==1\n")


def start_another_python(folder: Path) -> None:
    (folder / ".venv/bin/python").unlink()
    (folder / ".venv/bin/python").symlink_to(folder.parent / "bin/python3.12")


def nothing(folder: Path) -> None:
    """Leave all as it is."""


@pytest.mark.parametrize(
    ("change", "named", "again"),
    [
        (nothing, "", False),
        (nothing, "python3", False),
        (nothing, "python3.12", True),
        (move, "", True),
        (lose_a_file, "", True),
        (upgrade_python, "", True),
        (break_off, "", True),
        (change_a_lock, "", True),
        (start_another_python, "", True),
    ],
)
def test_an_environment_is_made_again_when_it_must_be(
    root: Path, tmp_path: Path, change: Callable[[Path], Path | None], named: str, again: bool
) -> None:
    folder = tmp_path / "here"
    (folder / "envs").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    for name in ("python3.11", "python3.12"):
        (tmp_path / "bin" / name).write_text(PYTHON)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "bin/python3").symlink_to("python3.11")
    shutil.copy(root / "envs/setup.sh", folder / "envs")
    for name in ("uv", "cpu", "requirements", "development"):
        (folder / f"envs/{name}.txt").write_text("a==1\n")

    def said(*arguments: str) -> str:
        done = set_up(folder, *arguments, PATH=f"{tmp_path}/bin:{os.defpath}")
        assert done.returncode == 0, done.stderr
        return done.stderr

    assert "Setting up .venv" in said()
    assert not (folder / ".venv/.development.txt").exists()
    assert "Setting up .venv" not in said("", "development")
    assert (folder / ".venv/.development.txt").exists()
    folder = change(folder) or folder
    assert ("Setting up .venv" in said(named)) == again
    assert said(named) == ""
