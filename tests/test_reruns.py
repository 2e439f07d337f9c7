"""The rerun matrix: after each kind of change, exactly the right rules run, and no others.

Each row is a change of a throw-away copy. A control without our contract, start-up comparison and
`ancient` text shows that the rows can fail: Snakemake's own triggers miss most of them.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import guide
import pytest
import yaml
from house import (
    ENVIRONMENT,
    PUBLISHED,
    RENDERED,
    ROOT,
    SNAKEMAKE,
    Graph,
    House,
    copy_source,
    imports,
    leaves,
    module_file,
    rows,
    topics,
    with_leaf,
)

from scripts.pipeline import sidecar
from scripts.pipeline.config import CONFIG, ConfigError, read_schema, read_yaml, validate

OLD = 946_684_800
"""A time stamp long before any build (2000-01-01)."""

PACKAGES = [topic for topic in topics() if (ROOT / "scripts" / topic / "model.py").is_file()]
COMMON = sorted(path.stem for path in (ROOT / "scripts/common").glob("[a-z]*.py"))
TOPIC = guide.EXERCISE


# Changes


def alter_function(text: str) -> str:
    """Put a statement without effect into the first function that has room for one."""
    lines = text.splitlines(keepends=True)
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            first = next((line for line in node.body if not _is_docstring(line)), None)
            if first is not None and first.lineno > node.lineno:
                lines.insert(first.lineno - 1, " " * first.col_offset + "pass\n")
                return "".join(lines)
    raise AssertionError("no function to change")


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def reformat(text: str) -> str:
    """Lose comments and layout, change docstrings, add a comment: the same meaning."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            body[0].value.value = "Other words."
    return "# A comment.\n" + ast.unparse(tree) + "\n\n# Another.\n"


def edit(name: str, change: Callable[[str], str]) -> Callable[[House], None]:
    """Return the change of one text file."""
    return lambda house: house.edit(name, change)


def edit_function(house: House, module: str) -> None:
    house.edit(module_file(Path(), module).as_posix(), alter_function)


def at(time: float, name: str, change: Callable[[House], None]) -> Callable[[House], None]:
    """Return a change after which the file has a time stamp of another time."""
    return lambda house: (change(house), os.utime(house.root / name, (time, time)))


def touch_everything(house: House) -> None:
    for path in house.tracked():
        os.utime(path, (4e9, 4e9))


def check_out_again(house: House) -> None:
    """Commit, delete every committed file, and check the commit out over the built tree."""
    options = ("user.name=t", "user.email=t@example.org", "core.autocrlf=false")
    git = ["git", *(word for option in options for word in ("-c", option))]
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    names = [path.relative_to(house.root).as_posix() for path in house.tracked()]

    def run(*words: str) -> None:
        subprocess.run(
            [*git, *words], cwd=house.root, env=environment, check=True, capture_output=True
        )

    run("init")
    run("add", "--force", "--", *names)
    run("commit", "--message", "All.")
    for name in names:
        (house.root / name).unlink()
    run("checkout", "--", ".")
    shutil.rmtree(house.root / ".git")


def reformat_all(house: House) -> None:
    for path in sorted((house.root / "scripts").rglob("*.py")):
        path.write_text(reformat(path.read_text(encoding="utf-8")), encoding="utf-8")


comment_config = edit(CONFIG, lambda text: "# A comment.\n" + text)


def swap_settings(house: House) -> None:
    red, blue = house.config[TOPIC].values()
    house.configure({f"{TOPIC}.red": blue, f"{TOPIC}.blue": red})


restyle = edit(
    "scripts/common/style.py", lambda text: re.sub('"lines.linewidth": [0-9.]+', r"\g<0>7", text)
)
QMD, FURTHER = (f"report/{folder}/{TOPIC}.qmd" for folder in ("exercises", "companion"))


def add_to_text(words: str, name: str = QMD) -> Callable[[House], None]:
    """A change that adds a paragraph below the heading of an answer, or of what goes further."""
    return edit(name, lambda text: text.replace("\n", f"\n\n{words}\n", 1))


add_sentence = add_to_text("One more sentence.")
add_label = add_to_text('$$ 1 $$ {#eq-added alt="one"}')


def add_reference(house: House) -> None:
    entry = "\n@book{added2020, author={Ada Added}, title={An Added Book}, year={2020}}\n"
    house.edit("report/references.bib", lambda text: text + entry)
    add_to_text("A source is @added2020.")(house)


def add_variable(house: House) -> None:
    variables = yaml.safe_load((house.root / "report/_variables.yml").read_text("utf-8"))
    key = next(key for key, text in variables[TOPIC].items() if re.fullmatch(r"[\d.]+", text))
    add_to_text(f"Again {{{{< var {TOPIC}.{key} >}}}}.")(house)


def delete(name: str) -> Callable[[House], None]:
    return lambda house: (house.root / name).unlink()


def truncate(name: str) -> Callable[[House], None]:
    def change(house: House) -> None:
        path = house.root / name
        path.write_bytes(path.read_bytes()[:-1])

    return change


def flip_bit(name: str) -> Callable[[House], None]:
    """Flip one bit in the middle of a file and keep its time stamp."""

    def change(house: House) -> None:
        path = house.root / name
        times, content = path.stat(), bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    return change


def forget(house: House) -> None:
    shutil.rmtree(house.root / ".snakemake")


def throw_another(house: House) -> None:
    house.configure({f"{TOPIC}.red": house.config[TOPIC]["red"] + 1})


def bump(text: str) -> str:
    return re.sub(r"(numpy==[\d.]+)", r"\g<1>0", text)


bump_pin = edit("envs/requirements.txt", bump)
bump_conda_pin = edit("envs/assignment.yaml", bump)
bump_ruff = edit("envs/development.txt", lambda text: text.replace("ruff==", "ruff==9"))


def comment_pins(house: House) -> None:
    for name in ("envs/requirements.txt", "envs/assignment.yaml"):
        house.edit(name, lambda text: "# a comment\n" + text.replace("sha256:0", "sha256:1"))


RULES = f"workflow/rules/{TOPIC}.smk"
SWAPPED = {"distribution": "at_most", "at_most": "distribution"}
swap_outputs = edit(  # the same files, in other places
    RULES, lambda text: re.sub(r'\b(\w+)(?==")', lambda key: SWAPPED.get(key[1], key[1]), text)
)
allow_more = edit(  # other bounds and words of every setting
    f"scripts/{TOPIC}/settings.py",
    lambda text: re.sub(r'setting\("(.*?)", (\d+)', r'setting("So: \1", 0', text),
)


def reformat_rules(house: House) -> None:
    """Comments and blank lines."""
    for path in (house.root / "workflow/rules").glob("*.smk"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"^(use rule .*)", r"# A comment.\n\n\1  # another", text, flags=re.M)
        path.write_text(text, encoding="utf-8")


STAND_IN = """#!/bin/sh
# A stand-in for Quarto: it "renders" what the embedded engine made of the same text before.
if [ "$1" = --version ]; then echo {version}; exit; fi
mkdir -p build
case "$4" in typst) made=pdf ;; *) made=html ;; esac
cp "{kept}/$(basename "$2" .qmd).$made" build/
"""


def install_quarto(house: House, version: str) -> dict[str, str]:
    """Put a stand-in `quarto` beside the copy; return the environment in which it is found."""
    kept = house.root.parent / "kept"
    if not kept.exists():
        shutil.copytree(house.root / "report/build", kept)
    program = house.root.parent / "bin/quarto"
    program.parent.mkdir(exist_ok=True)
    program.write_text(STAND_IN.format(version=version, kept=kept), encoding="utf-8")
    program.chmod(0o755)
    path = os.pathsep.join([str(program.parent), ENVIRONMENT["PATH"]])
    return {"PATH": path}


# Rows

Expected = Callable[[Graph, Path], set[str]]


@dataclass(frozen=True)
class Row:
    """A change and the rules that must run after it, dependents included."""

    change: Callable[[House], None]
    runs: Expected


def nothing(graph: Graph, root: Path) -> set[str]:
    return set()


def everything(graph: Graph, root: Path) -> set[str]:
    return graph.rules


def documents(graph: Graph, root: Path) -> set[str]:
    return PUBLISHED


def companion(graph: Graph, root: Path) -> set[str]:
    return PUBLISHED - {"ask_assignment", "publish_assignment"}


def readers_of_module(module: str) -> Expected:
    return lambda graph, root: graph.with_dependents(graph.reaching(root, module))


def maker_of(artifact: str) -> Expected:
    return lambda graph, root: graph.with_dependents({graph.maker(artifact)})


def rules(*names: str) -> Expected:
    return lambda graph, root: graph.with_dependents(names)


def plots_and_report(graph: Graph, root: Path) -> set[str]:
    plots = {rule for rule, step in graph.step.items() if step.split(".")[-1].startswith("plot")}
    return graph.with_dependents(plots)


MODEL, MODEL_FILE = f"scripts.{TOPIC}.model", f"scripts/{TOPIC}/model.py"
FIGURE = f"data/figures/{TOPIC}/distribution.svg"
ARRAYS = f"data/results/{TOPIC}/compute.npz"
PDF = "report/build/assignment.pdf"
VARIABLES = "report/_variables.yml"

ROWS = {
    "nothing": Row(lambda house: None, nothing),
    "every tracked file touched": Row(touch_everything, nothing),
    "an intermediate touched": Row(
        lambda house: os.utime(house.root / ARRAYS, (4e9, 4e9)), nothing
    ),
    "the same commit checked out over it": Row(check_out_again, nothing),
    "comments, docstrings, formatting of every module": Row(reformat_all, nothing),
    "a comment in the configuration": Row(comment_config, nothing),
    "a model with an old time stamp": Row(
        at(OLD, MODEL_FILE, edit(MODEL_FILE, alter_function)), readers_of_module(MODEL)
    ),
    "a sentence with an old time stamp": Row(at(OLD, QMD, add_sentence), documents),
    "a sentence with a time stamp of the future": Row(at(4e9, QMD, add_sentence), documents),
    "two settings swap values": Row(swap_settings, rules(f"compute_{TOPIC}", f"check_{TOPIC}")),
    "plot style": Row(restyle, plots_and_report),
    "one sentence": Row(add_sentence, documents),
    "one sentence that goes further": Row(add_to_text("One more.", FURTHER), companion),
    "one equation with a label": Row(add_label, rules("collect_report")),
    "one reference": Row(add_reference, documents),
    "one more var": Row(add_variable, documents),
    "a file dropped into the document's folder": Row(
        lambda house: shutil.copy(house.root / FIGURE, house.root / "report"), documents
    ),
    "a figure deleted": Row(delete(FIGURE), maker_of(FIGURE)),
    "an intermediate deleted": Row(delete(ARRAYS), maker_of(ARRAYS)),
    "a figure truncated": Row(truncate(FIGURE), maker_of(FIGURE)),
    "an intermediate truncated": Row(truncate(ARRAYS), maker_of(ARRAYS)),
    "a bit of an intermediate flipped": Row(flip_bit(ARRAYS), maker_of(ARRAYS)),
    "a bit of the variables flipped": Row(flip_bit(VARIABLES), maker_of(VARIABLES)),
    "a bit of the PDF flipped": Row(flip_bit(PDF), maker_of(PDF)),
    ".snakemake deleted": Row(forget, nothing),
    ".snakemake deleted, then a setting changed": Row(
        lambda house: (forget(house), throw_another(house)), rules(f"compute_{TOPIC}")
    ),
    ".snakemake deleted, then two outputs swap names": Row(
        lambda house: (forget(house), swap_outputs(house)), rules(f"plot_{TOPIC}")
    ),
    "comments and formatting of the rules": Row(reformat_rules, nothing),
    "what is allowed for a setting, and what it means": Row(allow_more, nothing),
    "a pinned version": Row(bump_pin, everything),
    "a comment and hashes among the pins": Row(comment_pins, nothing),
    "a newer tool of the developers": Row(bump_ruff, nothing),
}  # fmt: skip

HARMED = [name for name in ROWS if re.search("deleted$|truncated|flipped", name)]
"""Rows after which the same bytes must stand again."""


BUILT = {
    "nothing", "every tracked file touched", "an intermediate touched",
    "a sentence with a time stamp of the future", "two settings swap values",
    "one sentence that goes further",
    "a bit of an intermediate flipped", "a bit of the PDF flipped",
    ".snakemake deleted, then a setting changed",
}  # fmt: skip
"""Rows that `make test` builds: one for each way in which a build can differ from a dry run."""


@pytest.mark.parametrize("name", ROWS)
def test_exactly_the_right_rules_are_announced(name, house, finished):
    ROWS[name].change(house)
    expected = ROWS[name].runs(finished.graph, finished.root)
    assert house.dry_run() == house.why().keys() == expected


@pytest.mark.parametrize("name", rows(ROWS, BUILT))
def test_exactly_the_right_rules_run(name, house, finished):
    ROWS[name].change(house)
    assert house.build().rules == ROWS[name].runs(finished.graph, finished.root)
    assert house.build().rules == set()
    if name in HARMED:
        assert house.artifacts() == finished.artifacts()


@pytest.mark.parametrize("topic", rows(PACKAGES, PACKAGES[:1]))
def test_a_function_of_a_model_runs_its_readers_and_the_report(topic, restoring, whole):
    graph, module = whole.graph, f"scripts.{topic}.model"
    readers = graph.reaching(whole.root, module)
    assert readers
    edit_function(restoring, module)
    ran = restoring.dry_run()
    assert ran == graph.with_dependents(readers)
    assert {graph.step[rule].split(".")[0] for rule in ran} == {topic, "report"}


def test_what_ends_in_the_same_bytes_is_not_computed_again_downstream(house, finished):
    graph, module = finished.graph, MODEL
    edit_function(house, module)
    run = house.build()
    changed = {graph.step[rule] for rule in graph.reaching(finished.root, module)}
    # collect reads the sidecars too, in which the code's fingerprint stands
    assert run.steps("computed") == changed | {"report.collect"}
    assert run.steps("restored") == {graph.step[rule] for rule in run.rules} - run.steps("computed")


SHARED = [*(f"common.{name}" for name in COMMON), "pipeline.process", "pipeline.stage"]


@pytest.mark.parametrize("module", rows(SHARED, ["common.style", "pipeline.process"]))
def test_shared_code_runs_the_rules_that_reach_it(module, restoring, whole):
    graph, name = whole.graph, f"scripts.{module}"
    edit = alter_function
    if not any(
        isinstance(node, ast.FunctionDef)
        for node in ast.parse(module_file(ROOT, name).read_bytes()).body
    ):
        edit = lambda text: text + "\nADDED = 1\n"  # noqa: E731
    restoring.edit(module_file(Path(), name).as_posix(), edit)
    reached = graph.reaching(whole.root, name)
    if name in imports(whole.root, "scripts.pipeline.process") | {"scripts.pipeline.process"}:
        reached = graph.rules  # what every step runs in
    assert restoring.dry_run() == graph.with_dependents(reached)


def test_another_version_of_what_is_installed_runs_everything(restoring, whole, tmp_path):
    """Whatever the pins say: a package that was upgraded by hand makes other results."""
    (tmp_path / "numpy-0.0.1.dist-info").mkdir()
    run = restoring.command(*SNAKEMAKE, "--dry-run", more={"PYTHONPATH": str(tmp_path)})
    assert run.rules == whole.graph.rules


def test_a_pinned_version_of_the_conda_environment_runs_everything(restoring, whole):
    bump_conda_pin(restoring)
    assert restoring.dry_run() == whole.graph.rules


@pytest.mark.parametrize("module", rows(["startup", "job", "cache", "shared"], ["job"]))
def test_what_surrounds_a_step_is_no_part_of_any_result(module, restoring):
    edit_function(restoring, f"scripts.pipeline.{module}")
    assert restoring.dry_run() == set()


# Settings

READERS: dict[str, list[str]] = leaves(read_yaml(ROOT / "tests/readers.yaml"))
LEAVES = leaves(read_yaml(ROOT / CONFIG))


def variants(value: Any) -> Iterator[Any]:
    """Values unlike the given one but near it, the likeliest to be allowed first."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, value * 2, value // 2)
    elif isinstance(value, float):
        yield from (value * 1.01, value * 0.99, value + 1, value + 0.1, value - 0.1, value / 2)
    elif isinstance(value, str):
        yield from ("embedded", "quarto", "read", value[:-1] + "1", value + "x")
    elif isinstance(value, list):
        yield value[:-1]
        for index, item in enumerate(value):
            yield from ([*value[:index], new, *value[index + 1 :]] for new in variants(item))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from ({**value, key: new} for new in variants(item))


def another_value(house: House, leaf: str) -> Any:
    """Return the first variant of a leaf's value that the schema allows."""
    given, schema = leaves(house.config)[leaf], read_schema(ROOT)
    for value in variants(given):
        try:
            validate(with_leaf(house.config, leaf, value), schema, CONFIG)
        except ConfigError:
            continue
        if value != given:
            return value
    raise AssertionError(f"no other allowed value of {leaf} was found; extend `variants`")


def test_the_table_of_readers_is_complete():
    missing, gone = LEAVES.keys() - READERS.keys(), READERS.keys() - LEAVES.keys()
    assert not missing, f"say in tests/readers.yaml which rules read: {', '.join(sorted(missing))}"
    assert not gone, f"remove from tests/readers.yaml: {', '.join(sorted(gone))}"


def one_leaf(block: str) -> str:
    """The seed of a block of the configuration, or its first setting."""
    own = [leaf for leaf in LEAVES if leaf.startswith(f"{block}.")]
    return next((leaf for leaf in own if leaf.endswith(".seed")), own[0])


FOUND = {"rules", "assignment", "captions", "document", "engine_version"}
"""What rules find out themselves and give to their steps."""


def test_each_step_is_given_the_settings_that_the_table_says(whole):
    given = leaves(whole.config)
    for rule, outputs in whole.graph.outputs.items():
        recorded = sidecar.read(whole.root / min(outputs))["contract"]["settings"]
        named = (leaf for leaf, readers in READERS.items() if rule in readers)
        told = {name: value for name, value in recorded.items() if name not in FOUND}
        assert told == {leaf.split(".")[-1]: given[leaf] for leaf in named}


@pytest.mark.parametrize("leaf", rows(LEAVES, {one_leaf(leaf.split(".")[0]) for leaf in LEAVES}))
def test_a_setting_runs_its_readers(leaf, restoring, whole):
    if leaf not in READERS:
        pytest.fail(f"say in tests/readers.yaml which rules read {leaf}")
    more = {}
    if leaf == "report.engine":
        more = install_quarto(restoring, "1.10.1")
    restoring.configure({leaf: another_value(restoring, leaf)})
    assert restoring.dry_run(more=more) == whole.graph.with_dependents(READERS[leaf])


@pytest.mark.parametrize("small", rows([True, False], [True]))
def test_changed_settings_end_in_the_bytes_of_a_clean_build(small, request, tmp_path):
    house = request.getfixturevalue("finished" if small else "whole").clone(tmp_path / "house")
    clean = copy_source(tmp_path / "clean", small)
    changed = map(one_leaf, [] if small else topics())
    values = {leaf: another_value(house, leaf) for leaf in changed} or {f"{TOPIC}.red": 7}
    for each in (house, clean):
        each.configure(values)
        each.build()
    assert house.artifacts() == clean.artifacts()


def test_a_setting_changed_back_restores_and_computes_nothing(house, finished):
    rerun = finished.graph.with_dependents([f"compute_{TOPIC}"])
    throw_another(house)
    assert house.build().rules == rerun
    assert house.artifacts() != finished.artifacts()
    house.configure({f"{TOPIC}.red": finished.config[TOPIC]["red"]})
    back = house.build()
    assert back.rules == rerun
    assert back.steps("computed") == set()
    assert back.steps("restored") == {finished.graph.step[rule] for rule in rerun}
    assert "restored" in (house.root / f"data/logs/{TOPIC}/compute_{TOPIC}.log").read_text("utf-8")
    assert house.artifacts() == finished.artifacts()


def test_another_persons_folder_and_environment_end_in_the_same_bytes(finished, tmp_path):
    """In particular: no setting of Python, NumPy, Numba or Matplotlib gets through to a step."""
    house = copy_source(tmp_path / "my thesis ü 'a' \"b\" $x (1) #&% *" / "house", small=True)
    (tmp_path / ".config/matplotlib").mkdir(parents=True)
    for place in (house.root, tmp_path / ".config/matplotlib"):
        (place / "matplotlibrc").write_text("axes.grid: True\nlines.linewidth: 5\n")
    strange = {
        "HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONOPTIMIZE": "2", "TZ": "Asia/Kolkata",
        "NUMBA_DISABLE_JIT": "1", "OPENBLAS_CORETYPE": "Prescott", "LANG": "tr_TR.UTF-8",
        "LC_ALL": "C", "MPLBACKEND": "pdf", "SOURCE_DATE_EPOCH": "1", "PYTHONHASHSEED": "7",
    }  # fmt: skip
    mask = os.umask(0o077)
    try:
        run = house.command(*SNAKEMAKE, more=strange)
    finally:
        os.umask(mask)
    assert run.code == 0, run.text
    assert house.artifacts() == finished.artifacts()


# The engine


def test_the_engine_and_its_version_run_what_renders_and_verifies(house):
    house.configure({"report.engine": "quarto"})
    for version in ("1.10.1", "1.10.2"):
        more = install_quarto(house, version)
        assert house.build(more=more).rules == RENDERED
        assert house.build(more=more).rules == set()
    house.configure({"report.engine": "auto"})
    assert house.build(more=more).rules == set()  # the same engine by another name


# The control

MISSED = {
    "a model with an old time stamp",
    "a sentence with an old time stamp", "two settings swap values", "plot style",
    "a bit of an intermediate flipped", "a bit of the PDF flipped",
    ".snakemake deleted, then a setting changed",
    ".snakemake deleted, then two outputs swap names", "a pinned version",
}  # fmt: skip
"""Rows that Snakemake's own triggers get wrong."""

PLAIN = '''
def plain(step, **more):
    """The settings as Snakemake's users would write them; the job's own string is not compared."""
    found = building.contracts.contract(ROOT, step, contract.args[1], **more)
    return {"contract": contract(step, **more)} | found.settings


'''


def without_the_contract(house: House) -> None:
    """Leave only Snakemake's own triggers: parameter values, time stamps, rule code, inputs."""
    house.edit("Snakefile", lambda text: text.replace("\nfor name in", PLAIN + "\nfor name in", 1))
    for path in (house.root / "workflow/rules").glob("*.smk"):
        text = path.read_text(encoding="utf-8").replace("contract=contract(", "**plain(")
        path.write_text(text, encoding="utf-8")
    house.edit("Snakefile", lambda text: re.sub(r"\nstartup\.prepare\(.*", "\n", text))


@pytest.mark.whole
def test_snakemakes_own_triggers_fail_the_matrix(house, finished, tmp_path):
    without_the_contract(house)
    house.build()
    assert house.dry_run() == set()
    failed = set()
    for index, name in enumerate(sorted(MISSED)):
        copy = house.clone(tmp_path / str(index) / "house")
        ROWS[name].change(copy)
        if copy.dry_run() != ROWS[name].runs(finished.graph, finished.root):
            failed.add(name)
    assert failed == MISSED
