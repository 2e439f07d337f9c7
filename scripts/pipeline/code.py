"""The fingerprint of the code behind a step: what it means, not how it is written.

A fingerprint covers the module that the step runs, everything it imports from this project,
directly or not, and the packages around them. Comments, docstrings and formatting are left out.

Reading all modules takes a second, and every build and every step asks. So a build keeps what it
read (`data/code/survey.json`) under the digest of the bytes that it was read from.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.machinery
import importlib.metadata
import json
import secrets
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SURVEY = "data/code/survey.json"


@dataclass(frozen=True)
class Reads:
    """Which settings a step reads, as the head of its class `Settings` says.

    block: the class of its block, empty where it has none. names: those that it reads of the block,
    or, if `leaves`, all the others. given: those that it declares itself, for its rule to give.
    """

    block: str = ""
    names: list[str] = field(default_factory=list)
    leaves: bool = False
    given: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Module:
    """What counts of a module: those it imports from this project, and what it defines.

    definitions: a short hash of each top-level definition by name; what stands outside functions
    and classes is "module level". settings: the fields of `Reads`.
    """

    imports: list[str]
    definitions: dict[str, str]
    settings: dict[str, Any]


def fingerprint(root: Path, *modules: str) -> str:
    """Return the SHA-256 (hex) of the code of `modules` and of all that they import from `scripts`.

    root: the repository's root. Raises ValueError if a module does not exist there, or if one of
    the project's cannot be read as Python.
    """
    parts = [[name, definitions(root, name)] for name in reached(root, *modules)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def reached(root: Path, *modules: str) -> list[str]:
    """Return, sorted, the project's modules that `modules` run: themselves, imports, packages."""
    _, survey = _survey(root)
    unknown = [module for module in modules if module not in survey]
    if unknown:
        raise ValueError(f"no such module in this project: {', '.join(unknown)}")
    found: set[str] = set()
    waiting = [*modules]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += survey[name].imports
    packages = {
        name.rsplit(".", count)[0] for name in found for count in range(1, name.count(".") + 1)
    }
    return sorted(found | packages)


def files(root: Path, *modules: str) -> list[str]:
    """Return the files of the modules that `modules` run, as paths from the root."""
    found = (_file(root, module) for module in reached(root, *modules))
    return [path.relative_to(root).as_posix() for path in found]


def definitions(root: Path, module: str) -> dict[str, str]:
    """Return a short hash of each top-level definition of a module, by name.

    The names tell a person which function changed.
    """
    return _survey(root)[1][module].definitions


def settings(root: Path, module: str) -> Reads:
    """Return which settings a step reads. Raises ValueError if that is not written plainly."""
    return Reads(**_survey(root)[1][module].settings)


def keep(root: Path) -> None:
    """Write what is known of the code where later steps and builds find it. Raises OSError."""
    digest, survey = _survey(root)
    if _kept(root, digest) is not None or digest != _digest(root):
        return  # an edit in between: the survey may be of neither the old nor the new code
    text = json.dumps({name: asdict(module) for name, module in survey.items()})
    content = json.dumps({"of": digest, "sha256": _sha256(text), "modules": text})
    path = root / SURVEY
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial-{secrets.token_hex(8)}-{path.name}")  # as `partial` does
    partial.write_text(content, encoding="utf-8")
    partial.replace(path)


def forget() -> None:
    """Read the code anew when it is next asked for: it may have been edited since."""
    _survey.cache_clear()


@functools.cache
def _survey(root: Path) -> tuple[str, Mapping[str, Module]]:
    """Every module of the project by name, with the digest of what was read."""
    # `root` is importable: Snakemake and `python -m` both put it on the path. Check that this is
    # the package that will be found, or another project's `scripts` would be fingerprinted.
    spec = importlib.machinery.PathFinder.find_spec("scripts")
    if (
        spec is None
        or spec.origin is None
        or Path(spec.origin).parent.parent.resolve() != root.resolve()
    ):
        raise ValueError(f"the package `scripts` of {root} is hidden by another: run from {root}")
    digest = _digest(root)
    kept = _kept(root, digest)
    return digest, _made(root) if kept is None else kept


def _kept(root: Path, digest: str) -> Mapping[str, Module] | None:
    """What an earlier build read, if it is undamaged and no byte of the code has changed since."""
    try:
        content = json.loads((root / SURVEY).read_text(encoding="utf-8"))
        text = content["modules"]
        if content["of"] != digest or content["sha256"] != _sha256(text):
            return None
        return {name: Module(**module) for name, module in json.loads(text).items()}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _digest(root: Path) -> str:
    """The digest of everything that a survey depends on: all code, and what reads it."""
    parts = [sys.version, importlib.metadata.version("grimp")]
    for path in sorted((root / "scripts").rglob("*.py")):
        parts += [path.relative_to(root).as_posix(), _sha256(path.read_bytes())]
    return _sha256(json.dumps(parts))


def _sha256(content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()


def _made(root: Path) -> Mapping[str, Module]:
    import grimp  # here, because it takes longer to load than a kept survey to read

    try:
        graph = grimp.build_graph("scripts", cache_dir=None)
        return {
            name: Module(
                sorted(graph.find_modules_directly_imported_by(name)),
                _definitions(tree),
                asdict(_reads(name, tree)),
            )
            for name in graph.modules
            for tree in [_parsed(root, name)]
        }
    except (grimp.exceptions.GrimpException, SyntaxError) as error:
        raise ValueError(f"the code cannot be read: {error}") from None


def _parsed(root: Path, module: str) -> ast.Module:
    tree = ast.parse(_file(root, module).read_bytes())
    _drop_what_runs_nothing(tree)
    return tree


def _reads(module: str, tree: ast.Module) -> Reads:
    """What the class `Settings` of a module names, without running it."""
    heads = (node for node in tree.body if isinstance(node, ast.ClassDef))
    found = next((node for node in heads if node.name == "Settings"), None)
    if found is None:
        return Reads()
    try:
        (base,), (how,) = found.bases, found.keywords
        names = list(ast.literal_eval(how.value))
        block = base.id if base.id != "Block" else ""  # type: ignore[attr-defined]
        if how.arg not in ("reads", "leaves"):
            raise ValueError(how.arg)
    except (AttributeError, ValueError):
        raise ValueError(
            f'{module}: its settings are written `class Settings(<Block>, reads=("…",)):`, or '
            "with `leaves=`, names in quotes."
        ) from None
    fields = [line for line in found.body if isinstance(line, ast.AnnAssign)]
    return Reads(block, names, how.arg == "leaves", [line.target.id for line in fields])  # type: ignore[union-attr]


def _definitions(tree: ast.Module) -> dict[str, str]:
    parts: dict[str, list[str]] = {}
    for node in tree.body:
        name = getattr(node, "name", "module level")
        parts.setdefault(name, []).append(ast.dump(node))
    return {name: _sha256("\n".join(dumps))[:16] for name, dumps in parts.items()}


def _drop_what_runs_nothing(tree: ast.Module) -> None:
    """Remove every bare string (docstrings are), and the declarations of settings.

    What a declaration says is a matter of the configuration, whose values a contract holds.
    """
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [line for line in body if not _is_bare_string(line) and not _declares(line)]
            node.body = kept  # type: ignore[attr-defined]


def _is_bare_string(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _declares(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.AnnAssign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "setting"
    )


def _file(root: Path, module: str) -> Path:
    path = root.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
