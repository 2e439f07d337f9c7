"""A step as the start-up comparison sees it: one rule that makes artifacts, and its contract."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from scripts.pipeline import fitness, rules
from scripts.pipeline.contract import Contract
from scripts.pipeline.partial import path_for

CONTRACTS = "data/code/contracts.json"
"""The contracts of the last build's rules, by name, whether they ran or not."""


@dataclass(frozen=True, eq=False)
class Step:
    """One rule, or one of its chunks. Its contract names inputs and outputs, from the root.

    chunks: the files that it gathers, if its work is divided. is_chunk: whether it makes one.
    """

    name: str
    contract: Contract
    benchmark: str | None = None
    chunks: Sequence[str] = ()
    is_chunk: bool = False

    @property
    def inputs(self) -> list[str]:
        """The paths of its inputs."""
        return self.contract.inputs

    @property
    def outputs(self) -> list[str]:
        """The paths of what it makes."""
        return self.contract.outputs


LISTED = "ASSIGNMENT_STEPS"
"""Environment variable: the file into which a dry run writes the steps, and then ends."""


def save(path: Path, steps: Sequence[Step]) -> None:
    """Write the contracts of steps, but chunks, to a file, by name, in their order."""
    partial = path_for(path)
    found = {step.name: step.contract.content for step in steps if not step.is_chunk}
    partial.write_text(json.dumps(found), "utf-8")
    partial.replace(path)


def _saved(path: Path) -> dict[str, Contract]:
    """Return what `save` wrote."""
    found = json.loads(path.read_text("utf-8"))
    return {name: Contract(**content) for name, content in found.items()}


def of_tree(root: Path, *options: str) -> list[Step]:
    """Return the steps of the tree at `root`, in the order of `steps_of`, as its Snakefile is read.

    No step is divided: what does not matter for the results is not told.

    options: more words for Snakemake. Nothing is run, compared or changed. Raises SystemExit, with
    what Snakemake says, if the Snakefile cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "steps.json")
        command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all", *options]
        done = subprocess.run(
            command, cwd=root, env=os.environ | {LISTED: str(path)}, check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        if not path.is_file():
            raise SystemExit(done.stdout)
        return [Step(*found) for found in _saved(path).items()]


def steps_of(workflow: Any) -> list[Step]:
    """Return the rules of a Snakemake workflow that make artifacts, each after those it reads.

    Raises SystemExit, with a message, for rules that cannot be compared.
    """
    steps = []
    for rule in (rule for rule in workflow.rules if rule.output):
        fitness.check(Path(workflow.basedir), rule)
        for item, contract in rules.contracts_of(workflow, rule).items():
            rules.place(rule, contract)
            rules.ask(workflow, rule, contract)
            name, benchmark = rule.name, str(rule.benchmark)
            if item:
                name, benchmark = f"{name}/{item}", rules.ITEM.sub(item, benchmark)
            chunks = contract.chunks
            steps.append(Step(name, contract.undivided, benchmark, chunks, is_chunk=bool(item)))
    maker = {output: step for step in steps for output in step.outputs}
    order = TopologicalSorter(
        {
            step: [maker[name] for name in (*step.inputs, *step.chunks) if name in maker]
            for step in steps
        }
    )
    try:
        return list(order.static_order())
    except CycleError as error:
        names = ", ".join(step.name for step in error.args[1])
        raise SystemExit(
            f"The rules {names} need each other's results; break the circle."
        ) from None


def keep_contracts(root: Path, steps: Sequence[Step]) -> None:
    """Write `CONTRACTS`, for what has to know the rules without reading the Snakefile."""
    path = root / CONTRACTS
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, steps)


def kept_contracts(root: Path) -> dict[str, Contract]:
    """Return what `keep_contracts` wrote; nothing where that cannot be read."""
    try:
        return _saved(root / CONTRACTS)
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
