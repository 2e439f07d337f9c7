"""What the rule files use, and what they may not: Snakemake knows more than can be compared."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from string import Formatter
from typing import Any

from scripts.build import contract as contracts


_HARMLESS = {"access_pattern", "ancient", "ensure", "local", "multiext", "report"}
"""The flags of a file that leave its bytes, and when they are there, as the rule says."""


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


def check(root: Path, rule: Any) -> None:
    """End the process with a message if a rule uses what this build cannot keep watch over.

    A result is compared by its bytes, by those of the inputs, and by the command: so inputs and
    outputs must be files that are known beforehand and stay, and a command can only name these.
    """
    for kind, files in (("input", rule.input), ("output", rule.output)):
        for file in files:
            if fault := _fault(root, kind, file):
                raise SystemExit(f"rule {rule.name}: its {kind} {fault}")
    if rule.shadow_depth:
        raise SystemExit(f"rule {rule.name}: take `shadow:` out; each step has a folder of its own.")
    if len(rule.log) != 1:
        raise SystemExit(f"rule {rule.name}: it needs one `log:`, data/logs/<topic>/<verb>.log.")
    _check_command(rule)


def _fault(root: Path, kind: str, file: Any) -> str | None:
    """What is wrong with a rule's input or output, and the remedy; None for a plain file."""
    if callable(file):
        return "is a function; name the files themselves."
    path, flags = PurePath(file), set(file.flags) - _HARMLESS
    if flags:
        return (
            f"{file} is {min(flags)}(…); name plain files, each of which is there, with the same "
            "bytes, from one build to the next."
        )
    if "{" in str(file):
        return f"{file} has braces, which are wildcards to Snakemake; name each file."
    if ".." in path.parts or (path.is_absolute() and kind == "output"):
        return f"{file} lies outside the repository; take a place in it."
    if (root / path).is_dir():
        return f"{file} is a folder; name the files in it."
    return None


def _check_command(rule: Any) -> None:
    files = {kind: getattr(rule, kind) for kind in ("input", "output", "params", "log")}
    try:
        fields = [name for _, name, _, _ in Formatter().parse(rule.shellcmd or "")]
    except ValueError as error:
        raise SystemExit(
            f"rule {rule.name}: the braces of its command do not pair ({error}); braces that name "
            "no file are written twice."
        ) from None
    for field in filter(None, fields):
        try:
            Formatter().get_field(field, (), {**files, "threads": 1})
        except (AttributeError, LookupError):
            kind = field.replace("[", ".").split(".")[0]
            known = [f"{kind}.{name}" for name in files[kind].keys()] if kind in files else files
            raise SystemExit(
                f"rule {rule.name}: its command names {{{field}}}, which is not among "
                f"{', '.join(known)}; correct the name. (Settings come with the contract.)"
            ) from None


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
    """Return a rule's shell command: `command` (MODULE OPTIONS) in the wrapper `scripts.build.job`.

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
    """Return every file of the author's in the document's folder: the document may show any of them.

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
