"""The fingerprint of the code behind a step: what it means, not how it is written.

A fingerprint covers the module that the step runs, everything it imports from this project,
directly or not, and the packages around them. Comments, docstrings and formatting are left out.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.machinery
from pathlib import Path

import grimp


def fingerprint(root: Path, *modules: str) -> str:
    """Return the SHA-256 (hex) of the code of `modules` and of all that they import from `scripts`.

    root: the repository's root. Raises ValueError if a module does not exist there.
    """
    definitions = {name: _definitions(root, name) for name in reached(root, *modules)}
    return hashlib.sha256(repr(sorted(definitions.items())).encode()).hexdigest()


def reached(root: Path, *modules: str) -> list[str]:
    """Return, sorted, the project's modules that `modules` run: themselves, imports, packages."""
    graph = _import_graph(root)
    unknown = [module for module in modules if module not in graph.modules]
    if unknown:
        raise ValueError(f"no such module in this project: {', '.join(unknown)}")
    found = set(modules).union(*(graph.find_upstream_modules(module) for module in modules))
    packages = {
        name.rsplit(".", count)[0] for name in found for count in range(1, name.count(".") + 1)
    }
    return sorted(found | packages)


def definitions(root: Path, module: str) -> dict[str, str]:
    """Return a short hash of each top-level definition of a module, by name.

    What stands outside functions and classes is "module level". The names tell a person which
    function changed.
    """
    return dict(_definitions(root, module))


@functools.cache
def _definitions(root: Path, module: str) -> tuple[tuple[str, str], ...]:
    tree = ast.parse(_file(root, module).read_bytes())
    _drop_docstrings(tree)
    parts: dict[str, list[str]] = {}
    for node in tree.body:
        name = getattr(node, "name", "module level")
        parts.setdefault(name, []).append(ast.dump(node))
    return tuple(
        (name, hashlib.sha256("\n".join(dumps).encode()).hexdigest()[:16])
        for name, dumps in parts.items()
    )


def _drop_docstrings(tree: ast.Module) -> None:
    """Remove every bare string: docstrings, and the strings that document constants."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [line for line in body if not _is_bare_string(line)]  # type: ignore[attr-defined]


def _is_bare_string(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _file(root: Path, module: str) -> Path:
    path = root.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@functools.cache
def _import_graph(root: Path) -> grimp.ImportGraph:
    # `root` is importable: Snakemake and `python -m` both put it on the path. Check that this is
    # the package that will be found, or another project's `scripts` would be fingerprinted.
    spec = importlib.machinery.PathFinder.find_spec("scripts")
    if (
        spec is None
        or spec.origin is None
        or Path(spec.origin).parent.parent.resolve() != root.resolve()
    ):
        raise ValueError(f"the package `scripts` of {root} is hidden by another: run from {root}")
    return grimp.build_graph("scripts", cache_dir=None)
