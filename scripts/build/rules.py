"""What the rule files use: the contract parameter, the wrapped command, results by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scripts.build import contract as contracts


def contract(
    root: Path, step: str, settings: Mapping[str, Any], *names: str, **more: Any
) -> Callable[[Any], str]:
    """Return a rule's one parameter: the contract string of its step (see `contract.contract`).

    It is a function because Snakemake takes braces in a plain string for wildcards.
    Raises SystemExit with the message for the person at the terminal.
    """
    try:
        text = contracts.contract(root, step, settings, *names, **more)
    except contracts.ContractError as error:
        raise SystemExit(str(error)) from None
    return lambda wildcards: text


def job(command: str, **environment: str) -> str:
    """Return a rule's shell command: `command` (MODULE OPTIONS) in the wrapper `scripts.build.job`.

    environment: variables that may change how fast a step is, but not what it makes.
    The braces are Snakemake's, which fills in the rule's own files, quoted for the shell.
    """
    assignments = "".join(f"{name}={value} " for name, value in environment.items())
    return (
        f"{assignments}python -m {contracts.JOB_MODULE} --contract {{params.contract:q}}"
        f" --log {{log:q}} --inputs {{input:q}} --outputs {{output:q}} -- {command}"
    )


def results_of(workflow: Any, kind: str) -> list[str]:
    """Return the outputs of every exercise's rules named `<kind>_…`, in the order of the rules."""
    return [
        str(output)
        for rule in workflow.rules
        if rule.name.startswith(f"{kind}_") and not rule.name.endswith("_report")
        for output in rule.output
    ]
