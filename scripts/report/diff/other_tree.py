"""The other side of a comparison: a commit, or this tree with other settings, built apart.

It is a git worktree in `data/diff/tree`, which stays for the next comparison. It gets this tree's
run cache, so that only what differs is computed, and gives back what it computed. Where its pinned
versions are others it gets an environment of its own.
"""

from __future__ import annotations

import ast
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scripts.pipeline import audit, cache, config, why
from scripts.pipeline.contract import pins_hash

FOLDER = "data/diff"


class DiffError(Exception):
    """The other side cannot be named or built; the message says what to do."""


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Keep the other tree for this process. Raises DiffError if another comparison has it."""
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    with (root / FOLDER / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DiffError("Another `make diff` is at work in this folder; wait for it.") from None
        yield


def of_revision(root: Path, revision: str) -> tuple[Path, str]:
    """Check out a commit; return the tree and the commit's short name. Raises DiffError."""
    _require_repository(root)
    commit = f"{revision}^{{commit}}"
    try:
        named = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", commit)
    except DiffError:
        raise DiffError(
            f"REV={revision}: there is no such commit here; `git log --oneline` lists those that "
            "there are. In a shallow clone `git fetch --unshallow` brings the others."
        ) from None
    return _checked_out(root, named), _git(root, "rev-parse", "--short", named)


def of_settings(root: Path, file: Path) -> Path:
    """Check out this tree as it stands on the disk, with other settings; return the copy.

    file: a whole configuration. Raises DiffError if a setting in it is not as declared.
    """
    _require_repository(root)
    try:
        config.validate(config.read_yaml(file), config.read_schema(root), str(file))
    except config.ConfigError as error:
        raise DiffError(str(error)) from None
    content = file.read_bytes()  # now: it may be a file of the other tree
    tree = _checked_out(root, _snapshot(root))
    (tree / config.CONFIG).write_bytes(content)
    return tree


def build(root: Path, tree: Path, name: str) -> None:
    """Build the other tree as its own `make report` does. Raises DiffError."""
    if _form(tree) != _form(root):
        print(
            f"{name} is from before today's form of contract: all of it is built anew, and why a "
            "result differs is not known by setting or function.",
            file=sys.stderr,
        )
    command, own = ["make", "report"], tree / ".venv"
    if not own.exists() and _pins(tree) == _pins(root):
        command.append("--old-file=setup")  # its environment would be this one
    folder = Path(sys.executable).parent
    dropped = ("ASSIGNMENT_", "MAKE", "MFLAGS", "PYTHONPATH", "VIRTUAL_ENV")
    kept = {key: text for key, text in os.environ.items() if not key.startswith(dropped)}
    kept["PATH"] = os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])
    cache.share(root, tree)
    try:
        done = subprocess.run(
            command, cwd=tree, env=kept, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False
        )  # for what it prints is not what differs
    finally:
        cache.share(tree, root)
        shutil.rmtree(tree / cache.CACHE, ignore_errors=True)
    if done.returncode != 0:
        raise DiffError(f"{name} was not built; why stands above. It lies in {tree}.")
    for record in (tree / why.RECORDS).glob("*.json"):
        if not (root / why.RECORDS / record.name).exists():
            shutil.copy2(record, root / why.RECORDS)


def _pins(tree: Path) -> str | None:
    try:
        return pins_hash(tree)
    except OSError:  # from before these files
        return None


def _form(tree: Path) -> list[str]:
    """The parts of a contract, as a tree's code declares them."""
    path = tree / "scripts/pipeline/contract.py"
    heads = ast.parse(path.read_bytes()).body if path.is_file() else []
    found = [node for node in heads if isinstance(node, ast.ClassDef) and node.name == "Contract"]
    lines = found[0].body if found else []
    return [ast.unparse(line) for line in lines if isinstance(line, ast.AnnAssign)]


def _require_repository(root: Path) -> None:
    if not audit.git(root, "rev-parse", "HEAD"):
        raise DiffError(
            f"{root} is no git repository, and the other side is made by git: clone the project, "
            "or `git init` and commit here."
        )


def _snapshot(root: Path) -> str:
    """Return a commit of this tree as it stands on the disk; no branch and no index sees it."""
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": f"{folder}/index"}
        _git(root, "add", "--all", more=index)
        content = _git(root, "write-tree", more=index)
    who = {
        f"GIT_{role}_{part}": text
        for role in ("AUTHOR", "COMMITTER")
        for part, text in (("NAME", "diff"), ("EMAIL", "<>"), ("DATE", "2000-01-01T00:00:00Z"))
    }
    return _git(root, "commit-tree", content, "-m", "As it stands on the disk.", more=who)


def _checked_out(root: Path, commit: str) -> Path:
    """Return the other tree with a commit's files, and nothing else that is not ignored there."""
    tree = root / cache.OTHER_TREE
    if _is_ours(root, tree):
        _git(tree, "checkout", "--quiet", "--force", "--detach", commit)
        _git(tree, "clean", "-ffdq")
    else:
        shutil.rmtree(tree, ignore_errors=True)
        _git(root, "worktree", "add", "--quiet", "--force", "--detach", str(tree), commit)
    return tree


def _is_ours(root: Path, tree: Path) -> bool:
    """Whether the other tree is one of this repository: it may have been copied or moved."""
    if not (tree / ".git").is_file():
        return False
    shared = ("rev-parse", "--path-format=absolute", "--git-common-dir")
    try:
        return _git(tree, *shared) == _git(root, *shared)
    except DiffError:
        return False


def _git(folder: Path, *words: str, more: Mapping[str, str] | None = None) -> str:
    """Return what a git command prints. Raises DiffError, with git's own words."""
    done = subprocess.run(
        ["git", *words], cwd=folder, env=os.environ | dict(more or {}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise DiffError(f"git {words[0]}: {done.stderr.strip()}")
    return done.stdout.strip()
