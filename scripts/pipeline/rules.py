"""What the rule files use: the contract parameter, the wrapped command, files by kind."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scripts.pipeline import contract as contracts


def contract(
    workflow: Any, step: str, settings: Mapping[str, Any], *names: str, **more: Any
) -> Callable[[Any], str]:
    """Return a rule's one parameter: the contract string of its step (see `contract.contract`).

    It is a function because the rule's command is part of it, which is not known until the rule
    is complete, and because Snakemake takes braces in a plain string for wildcards.
    Raises SystemExit with the message for the person at the terminal.
    """
    try:
        text = contracts.contract(Path(workflow.basedir), step, settings, *names, **more)
    except contracts.ContractError as error:
        raise SystemExit(str(error)) from None

    @functools.cache
    def complete() -> str:
        rule = next(rule for rule in workflow.rules if contract_of(rule) is string)
        return _with_command(rule, text)

    def string(wildcards: Any) -> str:
        return complete()

    return string


def contract_of(rule: Any) -> Callable[[Any], str]:
    """Return the parameter that `contract` gave a rule.

    Raises SystemExit if the rule has none, or others beside it: those would not be compared.
    """
    if list(rule.params.keys()) != ["contract"] or len(rule.params) != 1:
        raise SystemExit(
            f"rule {rule.name}: its `params:` must be `contract=contract(...)`, which names the "
            "settings, and nothing else."
        )
    found: Callable[[Any], str] = rule.params.contract
    return found


def _with_command(rule: Any, text: str) -> str:
    if rule.shellcmd is None:
        raise SystemExit(f"rule {rule.name}: it needs `shell: job(...)`, which makes its results.")
    try:
        return contracts.with_command(
            text, rule.shellcmd, [_named(rule.input), _named(rule.output)]
        )
    except contracts.ContractError as error:
        raise SystemExit(f"rule {rule.name}: {error}") from None


def _named(files: Any) -> dict[str, list[str]]:
    """Return a rule's files by name, and all of them in their order under no name."""
    named = {name: [found] if isinstance(found, str) else found for name, found in files.items()}
    return {name: list(map(str, found)) for name, found in {"": files, **named}.items()}


def job(command: str, **environment: str) -> str:
    """Return a rule's shell command: `command` (MODULE OPTIONS) in `scripts.pipeline.job`.

    environment: variables that may change how fast a step is, but not what it makes.
    The braces are Snakemake's, which fills in the rule's own files, quoted for the shell.
    """
    given = "".join(f" {name}={value}" for name, value in environment.items())
    return (
        f"python -m {contracts.JOB_MODULE} --contract {{params.contract:q}} --log {{log:q}}"
        + (f" --environment{given}" if given else "")
        + f" --inputs {{input:q}} --outputs {{output:q}} -- {command}"
    )


def results_of(workflow: Any, kind: str) -> list[str]:
    """Return the outputs of every exercise's rules named `<kind>_…`, in the order of the rules."""
    return [
        str(output)
        for rule in workflow.rules
        if rule.name.startswith(f"{kind}_") and not rule.name.endswith("_report")
        for output in rule.output
    ]


def text_files(root: Path) -> list[str]:
    """Return every file of the author's in the document's folder; the document may show any.

    Not the author's are what the rules make there, and files that editors keep beside their own.
    Raises SystemExit for a folder in which a change would go unnoticed, and for too many files.
    """
    found = []
    for path in sorted((root / "report").rglob("*")):
        parts = path.relative_to(root / "report").parts
        if parts[0] in _MADE or any(_is_editors(part) for part in parts):
            continue
        name = path.relative_to(root).as_posix()
        if path.is_symlink() and path.is_dir():
            raise SystemExit(f"{name} is a link to a folder; put the folder itself there.")
        if path.is_file():
            found.append(name)
    if len(found) > _MOST_TEXT_FILES:
        raise SystemExit(
            f"report/ holds {len(found)} files of yours, and a command can name "
            f"{_MOST_TEXT_FILES}; move those that the document does not show elsewhere."
        )
    return found


_MADE = ("build", "generated", "_variables.yml", "_variables.yml.prov.json")
_MOST_TEXT_FILES = 400


def _is_editors(name: str) -> bool:
    return name.startswith((".", "#")) or name.endswith("~")
