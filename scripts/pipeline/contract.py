"""The rule contract: everything that a step's result depends on but the bytes of its inputs.

It holds the step's settings, the names of the files that it reads and makes, the fingerprint of its
code, the hash of the pinned versions, the installed ones, and the SHA-256 of each committed file
that it reads. As one string it is the parameter of the rule. Snakemake does not compare it, because
it depends on the rule's files; the start-up comparison does, with the one in the artifact's
sidecar. A step can be run from it alone.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.common.command_line import option, text_of
from scripts.common.settings import key
from scripts.pipeline import code, versions

PROCESS = "scripts.pipeline.process"
"""What runs a step's process; its code is part of every contract, as it can change a result."""

PINS = ("envs/requirements.txt", "envs/assignment.yaml")

_PIN = re.compile(r"^(?: *- )?(\w[\w.-]*[=<>]=?[\w.]+)", re.MULTILINE)

CHUNKS = "chunks"
"""The name of the input of a rule that gathers what other jobs have done of its step's work.

It is no part of the contract: in how many chunks work is done does not change what comes out.
"""

Files = Mapping[str, str | list[str]]
"""Paths from the root by the names of the options that carry them; under "" those without one."""


class ContractError(Exception):
    """A rule that asks for something that is not there, or a committed file that was changed."""


@dataclass(frozen=True)
class Contract:
    """What a step is; see the module. `sidecars`: whether it also reads those of its inputs."""

    step: str
    settings: Mapping[str, Any]
    reads: Files
    makes: Files
    code: str
    pins: str
    versions: Mapping[str, str]
    files: Mapping[str, str]
    sidecars: bool

    @classmethod
    def parsed(cls, text: str) -> Contract:
        """Return the contract that `str` wrote. Raises ValueError or TypeError for another text."""
        return cls(**json.loads(text))

    @functools.cached_property
    def content(self) -> dict[str, Any]:
        """The contract as JSON data."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def of(self, root: Path, reads: Files, makes: Files, made: Set[str]) -> Contract:
        """Return this contract with the files of its rule.

        made: the files that rules make; the others are committed: their bytes count, not their
        time stamps, and those under data/raw must match data/raw/SHA256SUMS. Raises ContractError
        for one that is missing or changed.
        """
        files = {path: _committed(root, path) for path in paths(reads) if path not in made}
        return dataclasses.replace(self, reads=reads, makes=makes, files=files)

    @property
    def chunks(self) -> list[str]:
        """The paths of the chunks that the step gathers."""
        return list(self.reads.get(CHUNKS, ()))

    @property
    def undivided(self) -> Contract:
        """The contract of the step that does all of its work itself, with the same results."""
        return dataclasses.replace(self, reads={**self.reads, CHUNKS: []}) if self.chunks else self

    def is_part_of(self, whole: Contract) -> bool:
        """Whether this is the contract of a chunk that `whole` gathers.

        It has settings of the whole step, and others that say which chunk it is.
        """
        settings = {**self.settings, **whole.settings}
        same = {name: settings[name] for name in self.settings} == self.settings
        alike = (self.pins, self.versions) == (whole.pins, whole.versions)
        return same and alike and set(self.outputs) <= set(whole.chunks)

    @functools.cached_property
    def text(self) -> str:
        """The contract as JSON on one line, keys sorted."""
        return json.dumps(self.content, sort_keys=True, ensure_ascii=True, allow_nan=False)

    def __str__(self) -> str:
        return self.text

    @property
    def module(self) -> str:
        """The module that the step runs."""
        return f"scripts.{self.step}"

    @property
    def inputs(self) -> list[str]:
        """The paths of all inputs, from the root."""
        return paths(self.reads)

    @property
    def outputs(self) -> list[str]:
        """The paths of all outputs, from the root."""
        return paths(self.makes)

    @property
    def words(self) -> list[str]:
        """The step's command line: its settings and the files that have a name."""
        words = [f"{option(name)}={text_of(value)}" for name, value in self.settings.items()]
        for name, files in [*self.reads.items(), *self.makes.items()]:
            if name:
                words += [option(name), *_listed(files)]
        return words


def paths(files: Files) -> list[str]:
    """Return the paths of all files, in their order."""
    return [path for found in files.values() for path in _listed(found)]


def _listed(files: str | list[str]) -> list[str]:
    return [files] if isinstance(files, str) else files


def contract(
    root: Path,
    step: str,
    configuration: Mapping[str, Mapping[str, Any]],
    sidecars: bool = False,
    **given: Any,
) -> Contract:
    """Return the contract of a step, without the files of its rule.

    root: the repository's root. step: the module below `scripts` that the rule runs.
    configuration: the settings by block, of which the step takes those that its `Settings` names.
    sidecars: whether the step also reads the sidecars of its inputs.
    given: the settings that its `Settings` declares itself, which the rule gives.
    Raises ContractError, naming the rule's mistake or the code that cannot be read.
    """
    try:
        fingerprint = code.fingerprint(root, f"scripts.{step}", PROCESS)
        reads = code.settings(root, f"scripts.{step}")
    except ValueError as error:
        raise ContractError(f"{step}: {error}") from None
    if sorted(given) != sorted(reads.given):
        raise ContractError(
            f"{step}: its rule gives {', '.join(given) or 'nothing'}, and its `Settings` wants "
            f"{', '.join(reads.given) or 'nothing'} from it."
        )
    return Contract(
        step=step,
        settings=_settings(step, reads, configuration) | given,
        reads={},
        makes={},
        code=fingerprint,
        pins=pins_hash(root),
        versions=versions.installed(),
        files={},
        sidecars=sidecars,
    )


def _settings(
    step: str, reads: code.Reads, configuration: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    if not reads.block:
        return {}
    block = configuration.get(key(reads.block), {})
    names = [name for name in block if name not in reads.names] if reads.leaves else reads.names
    if unknown := [name for name in reads.names if name not in block]:
        raise ContractError(
            f"{step}: no setting named {', '.join(unknown)} in the block {key(reads.block)} of its "
            "configuration"
        )
    return {name: block[name] for name in names}


@functools.cache
def pins_hash(root: Path) -> str:
    """Return the SHA-256 (hex) of the pinned names and versions; nothing else there counts."""
    pins = _PIN.findall("\n".join((root / name).read_text("utf-8").lower() for name in PINS))
    return hashlib.sha256("\n".join(sorted(pins)).encode()).hexdigest()


def sha256(path: Path) -> str:
    """Return the SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.cache
def _committed(root: Path, path: str) -> str:
    if not (root / path).is_file():
        raise ContractError(f"{path} is missing; restore it: git checkout -- {path}")
    found = sha256(root / path)
    wanted = recorded(root).get(path) if path.startswith("data/raw/") else found
    if wanted is None:
        raise ContractError(f"{path} has no line in data/raw/SHA256SUMS; add its SHA-256 {found}")
    if found != wanted:
        raise ContractError(
            f"{path} was changed: its SHA-256 is {found}, and data/raw/SHA256SUMS says {wanted}. "
            f"Restore it (git checkout -- {path}), or record the new hash if the change is meant."
        )
    return found


@functools.cache
def recorded(root: Path) -> dict[str, str]:
    """Return the SHA-256 that data/raw/SHA256SUMS has for each file, by path from the root."""
    sums = root / "data/raw/SHA256SUMS"
    if not sums.is_file():
        raise ContractError("data/raw/SHA256SUMS is missing; restore it with git checkout")
    pairs = (line.split() for line in sums.read_text(encoding="utf-8").splitlines() if line.strip())
    return {f"data/raw/{name.lstrip('*')}": digest for digest, name in pairs}
