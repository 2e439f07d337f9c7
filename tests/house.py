"""Throw-away copies of the project with tiny settings: build them, change them, see what ran.

`built` makes a finished copy once a test session, whichever worker comes first; `clone` copies it,
time stamps and Snakemake's notes included, so that each test starts from a finished build. Most
tests use a copy with the guide's exercise only, which builds in seconds.
"""

from __future__ import annotations

import ast
import fcntl
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import forks
import guide
import pytest
import yaml

from scripts.pipeline import products, why
from scripts.pipeline.config import CONFIG, SCHEMA, read_yaml, validate
from scripts.pipeline.contract import Contract

ROOT = Path(__file__).resolve().parent.parent
TINY = ROOT / "tests/tiny_config.yaml"
SOURCES = (
    "Snakefile", "workflow", "scripts", "envs", "report", "data/raw", "docs/dice",
    "tests/readers.yaml",
)  # fmt: skip
MADE = ("data/results", "data/figures", "report")
TOPICS = re.compile(r"^TOPICS = \[.*?\]", re.MULTILINE | re.DOTALL)
RENDERED = {"publish_assignment", "publish_companion", "join_report"}
"""What runs when both documents are made in another way, of the same text."""
PUBLISHED = RENDERED | {"ask_assignment", "ask_companion"}
"""What runs when both documents change and nothing else."""

SNAKEMAKE = ("-m", "snakemake", "--cores", "all")
"""Plain Snakemake, as words for Python."""

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("ASSIGNMENT_")},
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    "PYTHONDONTWRITEBYTECODE": "1",
}


def rows(names: Iterable[Any], representatives: Container[Any]) -> list[Any]:
    """Return the rows of a test, of which `make test` runs only the representatives."""
    return [
        name if name in representatives else pytest.param(name, marks=pytest.mark.whole)
        for name in names
    ]


def configured(topic: str) -> dict[str, Any]:
    """Return the settings of one exercise as workflow/config.yaml sets them."""
    return read_yaml(ROOT / CONFIG)[topic]


def far_settings(topic: str) -> list[dict[str, Any]]:
    """Return the five settings of one exercise that are far from the committed ones."""
    path = ROOT / "tests/far" / f"{topic}.yaml"
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text("utf-8"))
    return found


def contract_of(step: str, **given: Any) -> Contract:
    """Return the contract of a step, empty but for what is given."""
    empty = {kind: {} for kind in ("settings", "reads", "makes", "versions", "files")}
    texts = {"step": step, "code": "the same", "pins": ""}
    return Contract(**empty | texts | {"sidecars": False} | given)


@dataclass(frozen=True)
class Run:
    """A finished command: its exit code, what it printed, and what that says about the steps."""

    code: int
    text: str

    @property
    def rules(self) -> set[str]:
        """The rules that Snakemake ran (or, in a dry run, would run), but `all`."""
        return set(re.findall(r"^(?:local)?rule (\w+):$", self.text, re.MULTILINE)) - {"all"}

    def steps(self, how: str) -> set[str]:
        """The steps that were "computed" or "restored", as `topic.verb`."""
        return set(re.findall(rf"^scripts\.(\S+): {how}", self.text, re.MULTILINE))


@dataclass(frozen=True)
class House:
    """One copy of the project."""

    root: Path

    def command(
        self, *words: str, more: Mapping[str, str] | None = None, timeout: float = 600
    ) -> Run:
        """Run Python with `words` at the copy's root."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.root,
            env=ENVIRONMENT | dict(more or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=timeout,
        )
        return Run(done.returncode, done.stdout)

    def snakemake(self, *words: str, more: Mapping[str, str] | None = None) -> Run:
        """Do what plain `snakemake --cores all` does with `words`."""
        options = ["--cores", "all", *words]
        return Run(*forks.snakemake(self.root, options, ENVIRONMENT | dict(more or {})))

    def build(self, *words: str, more: Mapping[str, str] | None = None) -> Run:
        """Do what `snakemake` does; it must succeed."""
        run = self.snakemake(*words, more=more)
        assert run.code == 0, run.text[-6000:]
        return run

    def dry_run(self, more: Mapping[str, str] | None = None) -> set[str]:
        """Return the rules that a dry run announces."""
        return self.build("--dry-run", more=more).rules

    def why(self) -> dict[str, list[str]]:
        """Return the reasons that `make why` gives, by rule."""
        text = self.build("--dry-run", more={why.ASKED: "1"}).text
        blocks = re.findall(r"^(\w+)\n((?:    .*\n)+)", text, re.MULTILINE)
        return {name: [line.strip() for line in lines.splitlines()] for name, lines in blocks}

    def clone(self, target: Path) -> House:
        """Copy everything, time stamps included."""
        shutil.copytree(self.root, target, symlinks=True)
        return House(target)

    def edit(self, name: str, change: Callable[[str], str]) -> None:
        """Change a text file; the change must be one."""
        path = self.root / name
        before = path.read_text(encoding="utf-8")
        after = change(before)
        assert after != before, f"{name} was not changed"
        path.write_text(after, encoding="utf-8")

    @property
    def config(self) -> dict[str, Any]:
        """The configuration."""
        return read_yaml(self.root / CONFIG)

    def configure(self, values: Mapping[str, Any]) -> None:
        """Set leaves of the configuration, given by dotted name; the result must be valid."""
        config = self.config
        for name, value in values.items():
            with_leaf(config, name, value)
        schema = json.loads((self.root / SCHEMA).read_text(encoding="utf-8"))
        validate(config, schema, CONFIG)
        text = yaml.safe_dump(config, sort_keys=False)
        (self.root / CONFIG).write_text(text, encoding="utf-8")

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest of its documents."""
        found: dict[str, Any] = json.loads((self.root / products.MANIFEST).read_bytes())
        return found

    def tracked(self) -> list[Path]:
        """Every file that is committed, not made."""
        found = [self.root / name for name in SOURCES if (self.root / name).is_file()]
        for name in SOURCES:
            found += [path for path in sorted((self.root / name).rglob("*")) if path.is_file()]
        return [path for path in found if not is_made(path.relative_to(self.root).as_posix())]

    def sources(self) -> dict[Path, bytes]:
        """Return the bytes of every committed file."""
        return {path: path.read_bytes() for path in self.tracked()}

    def put_back(self, kept: Mapping[Path, bytes]) -> None:
        """Write back every committed file whose bytes differ."""
        for path, content in kept.items():
            if not path.is_file() or path.read_bytes() != content:
                path.write_bytes(content)

    @functools.cached_property
    def graph(self) -> Graph:
        """The rules, as Snakemake describes them."""
        return Graph.read(self.build("--dry-run", "--forceall", "--printshellcmds").text)

    def artifacts(self) -> dict[str, str]:
        """Return the SHA-256 of everything made, sidecars included, by path."""
        return {
            path.relative_to(self.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in MADE
            for path in sorted((self.root / folder).rglob("*"))
            if path.is_file() and is_made(path.relative_to(self.root).as_posix())
        }


def is_made(name: str) -> bool:
    """Tell whether a path below `MADE` was made by the build."""
    made = (
        "data/results/",
        "data/figures/",
        "report/generated/",
        "report/build/",
        "report/_variables.yml",
    )
    return name.startswith(made)


@dataclass(frozen=True)
class Graph:
    """Which rule makes what from what, and which step (`topic.verb`) it runs."""

    inputs: dict[str, set[str]]
    outputs: dict[str, set[str]]
    step: dict[str, str]

    @classmethod
    def read(cls, text: str) -> Graph:
        """Read what `snakemake --dry-run --forceall --printshellcmds` printed."""
        inputs, outputs, step = {}, {}, {}
        for block in re.split(r"^(?:local)?rule ", text, flags=re.MULTILINE)[1:]:
            name = block.partition(":")[0]
            if name == "all":
                continue
            files = {
                kind: set(found[1].split(", ")) if found else set()
                for kind in ("input", "output")
                for found in [re.search(rf"^    {kind}: (.*)$", block, re.MULTILINE)]
            }
            inputs[name], outputs[name] = files["input"], files["output"]
            found = re.search(r'"step": "([\w.]+)"', block)
            assert found, block
            step[name] = found[1]
        return cls(inputs, outputs, step)

    @property
    def rules(self) -> set[str]:
        """All of them, but `all`."""
        return set(self.outputs)

    def maker(self, artifact: str) -> str:
        """The rule that makes an artifact."""
        return next(rule for rule, made in self.outputs.items() if artifact in made)

    def with_dependents(self, rules: Iterable[str]) -> set[str]:
        """Rules, and all that read their results, directly or not."""
        found = set(rules)
        while True:
            made = {name for rule in found for name in self.outputs[rule]}
            more = {rule for rule, names in self.inputs.items() if names & made} - found
            if not more:
                return found
            found |= more

    def reaching(self, root: Path, module: str) -> set[str]:
        """The rules whose script is `module` or imports it, directly or not."""
        return {
            rule
            for rule, step in self.step.items()
            if module in imports(root, f"scripts.{step}") | {f"scripts.{step}"}
        }


@functools.cache
def imports(root: Path, module: str) -> frozenset[str]:
    """The project's modules that `module` imports, directly or not: an oracle of its own."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        tree = ast.parse(module_file(root, waiting.pop()).read_bytes())
        for node in ast.walk(tree):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for name in names:
                is_ours = name.startswith("scripts.") and module_file(root, name).is_file()
                if is_ours and name not in found:
                    found.add(name)
                    waiting.append(name)
    return frozenset(found)


def module_file(root: Path, module: str) -> Path:
    """The file of a module."""
    path = root.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def topics(root: Path = ROOT) -> list[str]:
    """The exercises that the Snakefile includes."""
    found = TOPICS.search((root / "Snakefile").read_text(encoding="utf-8"))
    assert found, "the Snakefile lists no TOPICS"
    return list(ast.literal_eval(found[0].partition("=")[2].strip()))


def leaves(block: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return every leaf of a configuration by dotted name; a list is one leaf."""
    found: dict[str, Any] = {}
    for key, value in block.items():
        if isinstance(value, Mapping):
            found |= leaves(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def with_leaf(config: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Set a leaf of a configuration, given by dotted name, and return the configuration."""
    *sections, last = name.split(".")
    block = functools.reduce(lambda inner, key: inner[key], sections, config)
    assert last in block, name
    block[last] = value
    return config


def copy_all(target: Path) -> Path:
    """Copy every committed file; return the copy's root."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in names.splitlines():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


def copy_source(target: Path, small: bool = False) -> House:
    """Copy the committed files that a build needs, with the tests' settings.

    small: whether the guide's exercise stands there for all others.
    """
    ignored = shutil.ignore_patterns(
        "__pycache__", "generated", "_variables.yml*", ".quarto", ".partial-*"
    )
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=ignored)
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target / name)
    shutil.rmtree(target / "report/build", ignore_errors=True)
    house = House(target)
    if small and guide.EXERCISE in topics():
        keep(target, guide.EXERCISE)
    elif small:
        keep(target)
        guide.follow(target)
    tiny, known = leaves(read_yaml(TINY)), leaves(house.config)
    house.configure({name: value for name, value in tiny.items() if name in known})
    return house


def keep(root: Path, *kept: str) -> None:
    """Leave only some exercises in the four lists; delete the texts of the others."""
    known = "|".join(sorted(topics(root), key=len, reverse=True))
    listed = re.compile(rf'^.*["/]({known})\w*(?:",|\.qmd.*)\n+', re.MULTILINE)

    def kept_only(found: re.Match[str]) -> str:
        if found[1] in kept:
            return found[0]
        text = root / found[0].strip(" -\n")  # as _quarto.yml lists each
        if text.is_file():
            text.unlink()
        return ""

    lists = ("exercises.qmd", "companion.qmd", "_quarto.yml")
    for path in (root / "Snakefile", *(root / "report" / name for name in lists)):
        path.write_text(listed.sub(kept_only, path.read_text(encoding="utf-8")), encoding="utf-8")


def built(folder: Path, small: bool = False) -> House:
    """Return the finished copy in `folder`, which other workers share: build it if it is new."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        house, outcome = House(folder / "house"), folder / "outcome"
        if not outcome.exists():
            copy_source(house.root, small)
            run = house.command(*SNAKEMAKE, "--keep-going")
            outcome.write_text("built" if run.code == 0 else run.text[-6000:], encoding="utf-8")
    assert outcome.read_text(encoding="utf-8") == "built"
    return house
