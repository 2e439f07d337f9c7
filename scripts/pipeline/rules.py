"""What the rule files use: the contract parameter, the one command, files by kind."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.pipeline import contract as contracts
from scripts.pipeline import resources
from scripts.pipeline.contract import Contract, Files

RUN = (
    "python -m scripts.pipeline.job --contract {params.contract:q} --log {log:q}"
    " --threads {threads}"
)
"""The command of every rule: the contract says which step, with which settings and files."""

ITEM = re.compile(r"{scatteritem[^}]*}")
"""What stands in a rule for the chunk that a job makes, "3-of-7"; Snakemake adds a constraint."""


def contract(
    workflow: Any, configuration: Mapping[str, Mapping[str, Any]], step: str, **more: Any
) -> Callable[..., str]:
    """Return a rule's one parameter, which gives its contract as text (see `contract.contract`).

    It is a function because the rule's files are part of it, and because Snakemake takes braces in
    a plain string for wildcards. Raises SystemExit with the message for the person at the terminal.
    """
    root = Path(workflow.basedir)
    try:
        found = contracts.contract(root, step, configuration, **more)
    except contracts.ContractError as error:
        raise SystemExit(str(error)) from None

    @functools.cache
    def known() -> set[str]:
        return {*made(workflow), *chunks(workflow)}

    def string(wildcards: Any, input: Any, output: Any) -> str:
        try:
            text = str(found.of(root, _named(input), _named(output), known()))
        except contracts.ContractError as error:
            raise SystemExit(str(error)) from None
        return ITEM.sub(wildcards.scatteritem, text) if wildcards else text

    return string


def contracts_of(workflow: Any, rule: Any) -> dict[str, Contract]:
    """Return the contract of a rule under "", or those of its chunks under "1-of-7" and so on.

    Raises SystemExit if the rule has none, or another command or other parameters beside it:
    those would not be compared.
    """
    if list(rule.params.keys()) != ["contract"] or len(rule.params) != 1 or rule.shellcmd != RUN:
        raise SystemExit(
            f"rule {rule.name}: it must begin `use rule step as {rule.name} with:`, and its "
            "`params:` must be `contract=contract(...)`, which names the step, and nothing else."
        )
    text = rule.params.contract(None, rule.input, rule.output)
    if not _is_scattered(rule):
        return {"": Contract.parsed(text)}
    return {item: Contract.parsed(ITEM.sub(item, text)) for item in _items(workflow)}


def place(rule: Any, contract: Contract) -> None:
    """Name the log and the benchmark of a rule after it, in the folder of the step that it runs.

    Those of a chunk are in a folder of the rule.
    """
    place = f"{contract.step.rpartition('.')[0].replace('.', '/')}/{rule.name}"
    place += "/{scatteritem}" if _is_scattered(rule) else ""
    del rule.log[:]
    rule.set_log(f"data/logs/{place}.log")
    rule.benchmark = f"data/benchmarks/{place}.tsv"


def ask(workflow: Any, rule: Any, contract: Contract) -> None:
    """Say what a rule asks of a cluster; what the command line says of it (--set-resources) wins.

    The rules of a topic are one job there, as most of them last for seconds; a chunk is its own.
    Snakemake knows of no groups where it runs the jobs itself.
    """
    from snakemake.resources import Resources

    if found := resources.measured(Path(workflow.basedir)).get(rule.name):
        rule.resources.update(Resources.from_mapping(resources.asked(*found)))
        told = workflow.resource_settings._parsed_overwrite_resources
        rule.resources.update(told.get(rule.name, {}))
    if not _is_scattered(rule):
        rule.group = contract.step.rpartition(".")[0].replace(".", "_")


def makers(workflow: Any) -> dict[str, str]:
    """Return the name of the rule that makes it for every file but chunks."""
    rules = (rule for rule in workflow.rules if not _is_scattered(rule))
    return {str(output): rule.name for rule in rules for output in rule.output}


def made(workflow: Any) -> list[str]:
    """Return every file that a rule makes, but chunks: those are made when they are gathered."""
    return list(makers(workflow))


def chunks(workflow: Any) -> list[str]:
    """Return every chunk of the division."""
    rules = [rule for rule in workflow.rules if _is_scattered(rule)]
    patterns = [str(output) for rule in rules for output in rule.output]
    return [ITEM.sub(item, path) for path in patterns for item in _items(workflow)]


def _is_scattered(rule: Any) -> bool:
    return any(ITEM.search(str(output)) for output in rule.output)


def _items(workflow: Any) -> list[str]:
    """The names of the chunks; none where the work is not divided."""
    items: list[str] = getattr(workflow.globals["gather"], contracts.CHUNKS)("{scatteritem}")
    return items if len(items) > 1 else []


def flag_files(workflow: Any) -> None:
    """Tell Snakemake what it should know of files.

    The bytes of a committed file count, not its time stamp: it is `ancient`. `snakemake --report`
    holds the documents and every figure and table, by topic.
    """
    from snakemake.io import ancient, report

    known = {*made(workflow), *chunks(workflow)}
    for rule in workflow.rules:
        for file in rule.input:
            if str(file) not in known:
                file._file = ancient(str(file))
        kind, _, topic = rule.name.partition("_")
        if kind in ("plot", "publish"):
            for file in rule.output:
                file._file = report(str(file), category=topic)


def _named(files: Any) -> Files:
    """Return a rule's files by name, and under "" those without one, in their order."""
    named = {
        name: str(found) if isinstance(found, str) else list(map(str, found))
        for name, found in files.items()
    }
    known = set(contracts.paths(named))
    unnamed = [str(path) for path in files if str(path) not in known]
    return named | ({"": unnamed} if unnamed else {})


def results_of(workflow: Any, kind: str) -> list[str]:
    """Return the outputs of every exercise's rules named `<kind>_…`, in the order of the rules."""
    return [
        str(output)
        for rule in workflow.rules
        if rule.name.startswith(f"{kind}_") and not rule.name.endswith("_report")
        for output in rule.output
    ]


def prose(root: Path, files: Iterable[str]) -> str:
    """Return what stands in the texts among some files, one after the other."""
    return "".join((root / name).read_text("utf-8") for name in files if name.endswith(".qmd"))


def shown(text: str, made: Iterable[str]) -> list[str]:
    """Return those of the files `made` below `report` that a text names."""
    return [path for path in made if path.removeprefix("report/") in text]


def in_order(root: Path, displays: Iterable[str]) -> list[str]:
    """Return figures and tables in the order of the companion; last what it does not show."""
    text = _whole(root / "report", "companion.qmd")
    places = {path: text.find(path.replace("data/figures/", "generated/")) for path in displays}
    return sorted(places, key=lambda path: places[path] if places[path] >= 0 else len(text))


def _whole(folder: Path, name: str) -> str:
    """Return a text with what it includes; nothing for a file that is not there."""
    if not (folder / name).is_file():
        return ""
    text = (folder / name).read_text("utf-8")
    return re.sub(r"\{\{< include (\S+\.qmd) >\}\}", lambda found: _whole(folder, found[1]), text)


def answers(files: Iterable[str]) -> list[str]:
    """Return those of the author's files that the assignment shows: all but what goes further."""
    return [path for path in files if not path.startswith("report/companion")]


def asked(root: Path, files: Sequence[str], copies: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what collecting has to know of the texts: the settings that its rule gives it.

    files: the author's. copies: the displays as they lie in the documents' folder.
    """
    answered = prose(root, answers(files))
    return {
        "assignment": {
            "labels": labels(answered),
            "observed": observations(answered),
            "shown": shown(answered, copies),
        },
        "captions": captions(prose(root, files), copies),
    }


def labels(text: str) -> list[str]:
    """Return the labels of what a text numbers: statements, figures, tables, equations, parts."""
    return re.findall(r"\{#([a-z]+-[\w-]+)", text)


def captions(text: str, made: Iterable[str]) -> dict[str, str]:
    """Return the label of each of the files `made` below `report` that a text shows with one."""
    pattern = r"(generated/[\w./-]+)(?:\)| >\}\}\s+:[^\n]*) *\{#((?:fig|tbl)-[\w-]+)"
    found = {f"report/{name}": label for name, label in re.findall(pattern, text)}
    return {path: found[path] for path in made if path in found}


def observations(text: str) -> list[str]:
    """Return the checks that a text names behind what it observes of a run."""
    named = re.findall(r'(?:\.observed\s+check|\sobserved)="([^"]*)"', text)
    return [name for names in named for name in names.split()]


def text_files(root: Path) -> list[str]:
    """Return every file of the author's in the document's folder; the document may show any.

    Not the author's are what the rules make there, and files that editors keep beside their own.
    Raises SystemExit for a folder in which a change would go unnoticed, and for too many files.
    """
    found = []
    for path in sorted((root / "report").rglob("*")):
        parts = path.relative_to(root / "report").parts
        if parts[0] in MADE or any(is_editors(part) for part in parts):
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


MADE = ("build", "generated", "_variables.yml", "_variables.yml.prov.json")
_MOST_TEXT_FILES = 400


def is_editors(name: str) -> bool:
    """Tell whether a file or folder of this name is an editor's or a system's, not the author's."""
    return name.startswith((".", "#")) or name.endswith("~")
