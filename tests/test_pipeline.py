"""scripts.pipeline: fingerprints, contracts, job wrapper, cache, start-up comparison."""

from __future__ import annotations

import ast
import dataclasses
import fcntl
import hashlib
import importlib.metadata
import json
import logging
import os
import platform
import pwd
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from house import contract_of
from snakemake.io import AnnotatedString
from snakemake.iocontainers import Namedlist
from snakemake_interface_logger_plugins.common import LogEvent

from scripts.pipeline import (
    cache,
    code,
    config,
    contract,
    fitness,
    job,
    lock,
    partial,
    process,
    products,
    rules,
    sidecar,
    startup,
    versions,
    why,
    writable,
)
from scripts.pipeline.contract import Contract
from scripts.pipeline.step import Step

STEP = """
import os, sys
options = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
target = sys.argv[sys.argv.index("--result") + 1]
print("working")
if options["--mode"] == "fail":
    sys.exit("the mathematics is wrong")
if options["--mode"] != "forget":
    open(target, "w").write(options["--text"])
open(os.environ["HOME"] + "/ran", "a").write("x")
"""


@pytest.fixture
def house(one_step):
    (one_step / "scripts/topic/step.py").write_text(STEP)
    return one_step


def wanted(
    mode: str = "write", text: str = "hello", reads=(), output="out/result.txt", **more: object
) -> Contract:
    settings = {"mode": mode, "text": text}
    given = {"settings": settings, "reads": {"": [*reads]}, "makes": {"result": output}}
    return contract_of("topic.step", **given | more)


def run(contract: Contract, *inputs: str) -> int:
    asked = dataclasses.replace(contract, reads={"": [*inputs]}) if inputs else contract
    return job.main(["--contract", str(asked), "--log", "logs/step.log"])


def times_run() -> int:
    ran = Path("../ran")
    return len(ran.read_text()) if ran.exists() else 0


def test_a_step_leaves_its_result_and_where_it_comes_from(house):
    Path("input.txt").write_text("data")
    assert run(wanted(), "input.txt") == 0
    assert Path("out/result.txt").read_text() == "hello"
    found = sidecar.read(Path("out/result.txt"))
    assert found["sha256"] == contract.sha256(Path("out/result.txt"))
    assert found["inputs"] == {"input.txt": contract.sha256(Path("input.txt"))}
    assert found["contract"]["settings"] == {"mode": "write", "text": "hello"}
    assert found["versions"]["numpy"]
    assert "working" in Path("logs/step.log").read_text()
    assert {path.name for path in Path("out").iterdir()} == {"result.txt", "result.txt.prov.json"}


def test_a_known_run_is_restored_not_computed(house, capsys):
    run(wanted())
    before = Path("out/result.txt.prov.json").read_bytes()
    Path("out/result.txt").unlink()
    assert run(wanted()) == 0
    assert times_run() == 1
    assert "restored" in capsys.readouterr().err
    assert "restored" in Path("logs/step.log").read_text()
    assert Path("out/result.txt").read_text() == "hello"
    assert Path("out/result.txt.prov.json").read_bytes() == before


@pytest.mark.parametrize("change", ["text", "input"])
def test_another_setting_or_input_is_another_run(house, change):
    Path("input.txt").write_text("data")
    run(wanted(), "input.txt")
    if change == "input":
        Path("input.txt").write_text("other")
    run(wanted(text="other" if change == "text" else "hello"), "input.txt")
    assert times_run() == 2


def test_a_damaged_cache_entry_is_never_used(house):
    run(wanted())
    entry = next(path for path in Path(cache.CACHE).iterdir())
    (entry / "0").write_text("hellp")
    assert run(wanted()) == 0
    assert times_run() == 2
    assert Path("out/result.txt").read_text() == "hello"


def test_the_cache_forgets_the_least_recently_used(house):
    for index, text in enumerate(["a" * 1000, "b" * 1000, "c" * 1000]):
        run(wanted(text=text))
        for entry in Path(cache.CACHE).iterdir():
            if (entry / "0").read_text() == text:
                os.utime(entry, (index, index))
    cache.prune(house, 2500)
    kept = {(entry / "0").read_text()[0] for entry in Path(cache.CACHE).iterdir()}
    assert kept == {"b", "c"}


@pytest.mark.parametrize("tree", [".", cache.OTHER_TREE])
def test_the_cache_forgets_what_is_in_place_last_here_and_in_the_other_tree(house, tree):
    for index, text in enumerate(["a" * 1000, "b" * 1000, "c" * 1000]):
        run(wanted(text=text, output=f"data/results/{index}.txt"))
        for entry in Path(cache.CACHE).iterdir():
            if (entry / "0").read_text() == text:
                os.utime(entry, (index, index))
    for index in (1, 2):
        sidecar.path_of(Path(f"data/results/{index}.txt")).unlink()
    Path(tree, "data").mkdir(parents=True, exist_ok=True)
    Path("data/results").rename(Path(tree, "data/results"))
    cache.prune(house, 2500)
    kept = {(entry / "0").read_text()[0] for entry in Path(cache.CACHE).iterdir()}
    assert kept == {"a", "c"}


def test_a_shared_cache_is_each_tree_s_own(house, tmp_path):
    run(wanted(text="both"))
    (entry,) = Path(cache.CACHE).iterdir()
    cache.share(house, tmp_path / "other")
    lent = tmp_path / "other" / cache.CACHE / entry.name
    assert (lent / "0").samefile(entry / "0")
    os.utime(lent, (4e9, 4e9))
    cache.share(tmp_path / "other", house)
    assert entry.stat().st_mtime == 4e9  # used last in either
    cache.prune(tmp_path / "other", 0)
    assert not lent.exists()
    run(wanted(text="both"))
    assert times_run() == 1


@pytest.mark.parametrize(
    ("mode", "message"),
    [("fail", "the mathematics is wrong"), ("forget", "without writing out/result.txt")],
)
def test_a_failing_step_says_why_and_leaves_the_old_result(house, capsys, mode, message):
    run(wanted())
    before = [path.read_bytes() for path in sorted(Path("out").iterdir())]
    assert run(wanted(mode)) == 1
    assert message in capsys.readouterr().err
    assert [path.read_bytes() for path in sorted(Path("out").iterdir())] == before


def test_a_job_of_an_ended_build_writes_nothing(house, monkeypatch, capsys):
    with lock.exclusive(house) as descriptor:
        pass
    os.close(descriptor)
    monkeypatch.setenv(lock.BUILD_ID, "an earlier build")
    assert run(wanted()) == 1
    assert "has ended" in capsys.readouterr().err
    assert not Path("out").exists()


def test_two_builds_do_not_share_a_folder(house):
    with lock.exclusive(house) as descriptor:
        pass  # a living build keeps the lock shared
    with pytest.raises(lock.BusyError, match="at work"), lock.exclusive(house):
        pass
    os.close(descriptor)
    with lock.exclusive(house) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def with_code(house: Path, expression: str) -> subprocess.CompletedProcess[str]:
    """Evaluate an expression of `code` and `house` in a process where `scripts` is the house's."""
    program = (
        "import importlib.util, sys; from pathlib import Path\n"
        "house = Path(sys.argv[1]); sys.path.insert(0, str(house))\n"
        "spec = importlib.util.spec_from_file_location('fingerprints', sys.argv[2])\n"
        "code = sys.modules[spec.name] = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(code)\n"
        f"print({expression})"
    )
    command = [sys.executable, "-c", program, str(house), code.__file__]
    return subprocess.run(command, cwd=house, capture_output=True, text=True, check=False)


def fingerprint_of(house: Path) -> str:
    run = with_code(house, "code.fingerprint(house, 'scripts.topic.step')")
    assert run.returncode == 0, run.stderr
    return run.stdout


HELPER = '''
"""Doc."""
LIMIT = 3
def f(x):
    """Doc."""
    return x + LIMIT
'''


@pytest.fixture
def importing_house(house):
    (house / "scripts/topic/helper.py").write_text(HELPER)
    (house / "scripts/topic/other.py").write_text("A = 1\n")
    (house / "scripts/topic/step.py").write_text(
        "def main():\n    from scripts.topic import helper\n"
    )
    return house


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (lambda text: text, False),
        (lambda text: "# a comment\n" + text.replace("Doc.", "Other words."), False),
        (lambda text: text.replace("x + LIMIT", "(x   +\n            LIMIT)"), False),
        (lambda text: text.replace("x + LIMIT", "x - LIMIT"), True),
        (lambda text: text.replace("LIMIT = 3", "LIMIT = 4"), True),
    ],
)
def test_the_fingerprint_sees_meaning_through_imports(importing_house, change, differs):
    before = fingerprint_of(importing_house)
    helper = importing_house / "scripts/topic/helper.py"
    helper.write_text(change(helper.read_text()))
    os.utime(helper, (1, 1))
    assert (fingerprint_of(importing_house) != before) is differs


def test_the_fingerprint_ignores_what_is_not_imported(importing_house):
    before = fingerprint_of(importing_house)
    (importing_house / "scripts/topic/other.py").write_text("A = 2\n")
    assert fingerprint_of(importing_house) == before
    (importing_house / "scripts/topic/__init__.py").write_text("A = 2\n")
    assert fingerprint_of(importing_house) != before


def test_a_kept_survey_is_used_while_no_byte_has_changed(importing_house):
    """A survey with another module's content under the right digests shows whether it is read."""
    fresh = fingerprint_of(importing_house)
    with_code(importing_house, "code.keep(house)")
    survey = json.loads((importing_house / code.SURVEY).read_text())
    assert fingerprint_of(importing_house) == fresh

    def tell_a_lie(**more):
        modules = json.loads(survey["modules"])
        modules["scripts.topic.helper"]["definitions"]["f"] = "another"
        text = json.dumps(modules)
        lie = survey | {"modules": text, "sha256": hashlib.sha256(text.encode()).hexdigest()} | more
        (importing_house / code.SURVEY).write_text(json.dumps(lie))

    tell_a_lie()
    assert fingerprint_of(importing_house) != fresh  # it is read
    tell_a_lie(sha256=survey["sha256"])
    assert fingerprint_of(importing_house) == fresh  # not when it is damaged
    tell_a_lie()
    helper = importing_house / "scripts/topic/helper.py"
    helper.write_text(helper.read_text() + "# one byte more\n")
    assert fingerprint_of(importing_house) == fresh  # nor when a file is another
    (importing_house / code.SURVEY).write_text("{")
    assert fingerprint_of(importing_house) == fresh


def test_code_that_cannot_be_read_is_named(house):
    (house / "scripts/topic/step.py").write_text("def half(\n")
    run = with_code(house, "code.fingerprint(house, 'scripts.topic.step')")
    assert "ValueError: the code cannot be read: " in run.stderr
    assert "step.py" in run.stderr


def test_the_fingerprint_names_an_unknown_module(root):
    with pytest.raises(ValueError, match=r"no such module.*scripts.nothing"):
        code.fingerprint(root, "scripts.nothing")


def test_definitions_are_named(root):
    found = code.definitions(root, "scripts.common.seeds")
    assert {"generator", "module level"} <= found.keys()


READING = """
from scripts.topic.settings import Dice


class Settings({head}):
    own: int
"""


@pytest.mark.parametrize(
    ("head", "reads"),
    [
        ('Dice, reads=("a", "b")', ("Dice", ["a", "b"], False, ["own"])),
        ("Dice, leaves=()", ("Dice", [], True, ["own"])),
        ("Block, reads=()", ("", [], False, ["own"])),
        ("Dice, reads=NAMES", None),
        ("Dice", None),
        ("Dice, keeps=()", None),
    ],
)
def test_what_a_step_reads_is_told_without_running_it(head, reads):
    tree = ast.parse(READING.format(head=head))
    if reads is None:
        with pytest.raises(ValueError, match=r"^scripts.x: its settings are written `class Settin"):
            code._reads("scripts.x", tree)
    else:
        assert code._reads("scripts.x", tree) == code.Reads(*reads)


def test_a_step_that_reads_no_setting_has_no_such_class():
    assert code._reads("scripts.x", ast.parse("A = 1")) == code.Reads()


DECLARING = """
LIMIT = 3
class Dice(Block):
    sides: int = setting("faces of each die", 2, LIMIT)
"""


@pytest.mark.parametrize(
    ("old", "new", "differs"),
    [("faces", "sides", False), ("2,", "1,", False), ("LIMIT = 3", "LIMIT = 4", True)],
)
def test_what_is_allowed_for_a_setting_is_no_part_of_the_fingerprint(
    importing_house, old, new, differs
):
    helper = importing_house / "scripts/topic/helper.py"
    helper.write_text(DECLARING)
    before = fingerprint_of(importing_house)
    helper.write_text(DECLARING.replace(old, new))
    assert (fingerprint_of(importing_house) != before) is differs


@pytest.fixture
def reading(monkeypatch):
    """Let a step read what is given: arguments as those of `code.Reads`."""

    def let(*reads: object) -> None:
        monkeypatch.setattr(contract.code, "settings", lambda *_: code.Reads(*reads))

    return let


def test_a_contract_has_the_settings_that_its_step_reads(root, reading):
    dice = {"dice": {"a": 1, "b": 2, "c": 3}}
    for reads, settings in ((["a", "b"], {"a": 1, "b": 2}), ([], {})):
        reading("Dice", reads)
        assert contract.contract(root, "common.seeds", dice).settings == settings
    reading("Dice", ["b"], True)
    assert contract.contract(root, "common.seeds", dice).settings == {"a": 1, "c": 3}
    reading("Dice", ["d"])
    with pytest.raises(contract.ContractError, match="no setting named d in the block dice"):
        contract.contract(root, "common.seeds", dice)
    reading("", [], False, ["own"])
    assert contract.contract(root, "common.seeds", dice, own=7).settings == {"own": 7}
    with pytest.raises(contract.ContractError, match=r"its rule gives nothing, and .* wants own"):
        contract.contract(root, "common.seeds", dice)


def test_a_contract_is_a_command_line(root, tmp_path):
    (tmp_path / "c.txt").write_text("committed")
    bare = contract.contract(root, "common.seeds", {})
    reads = {"": ["c.txt"], "many": ["d", "e"], "one": "f"}
    with_files = bare.of(tmp_path, reads, {"made": "g"}, {"d", "e", "f"})
    full = dataclasses.replace(with_files, settings={"the_size": 2.0, "w": "-x"})
    assert full.words == [
        "--the-size=2.0",
        "--w=-x",
        "--many",
        "d",
        "e",
        "--one",
        "f",
        "--made",
        "g",
    ]
    assert full.inputs == ["c.txt", "d", "e", "f"]
    assert full.outputs == ["g"]
    assert full.files == {"c.txt": contract.sha256(tmp_path / "c.txt")}
    assert Contract.parsed(str(full)) == full
    with pytest.raises(contract.ContractError, match="nowhere is missing; restore it"):
        bare.of(tmp_path, {"": ["nowhere"]}, {}, set())


def named(**files: str) -> Namedlist:
    return Namedlist(fromdict=files)


@pytest.mark.parametrize(
    ("params", "command"),
    [
        (named(), rules.RUN),
        (named(contract="x", size="3"), rules.RUN),
        (named(contract="x"), None),
        (named(contract="x"), "python elsewhere.py"),
    ],
)
def test_a_rule_without_its_contract_or_command_is_named(params, command):
    rule = SimpleNamespace(name="make_it", params=params, shellcmd=command, output=named())
    with pytest.raises(SystemExit, match=r"rule make_it: it must begin `use rule step as make_it"):
        rules.contracts_of(SimpleNamespace(), rule)


def test_a_rule_has_a_log_and_a_benchmark_of_its_own(finished):
    """In the folder of its step, whatever the rule of all steps says."""
    steps = finished.graph.step.items()
    places = {f"{step.rpartition('.')[0].replace('.', '/')}/{rule}" for rule, step in steps}
    told = finished.build("--dry-run", "--forceall").text
    assert set(re.findall(r"    log: data/logs/(.*)\.log\n", told)) == places
    made = (finished.root / "data/benchmarks").rglob("*.tsv")
    names = (path.relative_to(finished.root / "data/benchmarks") for path in made)
    assert {name.with_suffix("").as_posix() for name in names} == places


def test_a_rule_gives_its_files_to_its_contract(root):
    rule = SimpleNamespace(name="make_it", input=named(arrays="a.npz"), shellcmd=rules.RUN)
    rule.output, rule.params = named(figure="b.svg"), Namedlist()
    before = SimpleNamespace(name="before", output=files("a.npz", "x.csv"))
    workflow = SimpleNamespace(basedir=root, rules=[before, rule])
    rule.params = Namedlist(fromdict={"contract": rules.contract(workflow, {}, "common.seeds")})
    found = rules.contracts_of(workflow, rule)[""]
    assert (found.reads, found.makes) == ({"arrays": "a.npz"}, {"figure": "b.svg"})
    rule.input = Namedlist(["x.csv", "a.npz"])
    assert rules.contracts_of(workflow, rule)[""].reads == {"": ["x.csv", "a.npz"]}


def rule_with(**more: object) -> SimpleNamespace:
    """A rule that can be compared, but for what is given."""
    files = {
        "input": {"arrays": flagged("data/results/t/a.npz")},
        "output": {"figure": flagged("data/figures/t/a.svg")},
        "params": {"contract": "x"},
    }
    named = {kind: Namedlist(fromdict=given) for kind, given in files.items()}
    rule = {"name": "make_it", "shadow_depth": None, **named}
    return SimpleNamespace(**rule | more)


def flagged(path: str, *flags: str) -> AnnotatedString:
    found = AnnotatedString(path)
    found.flags.update(dict.fromkeys(flags, True))
    return found


def files(*paths: object) -> Namedlist:
    return Namedlist(paths)


def test_a_plain_rule_can_be_compared(tmp_path):
    fitness.check(tmp_path, rule_with())
    fitness.check(tmp_path, rule_with(input=files(), shellcmd="x", output=files(flagged("a"))))
    harmless = files(flagged("a", "ancient"), flagged("/elsewhere/b", "local"))
    fitness.check(tmp_path, rule_with(input=harmless, shellcmd="x"))


@pytest.mark.parametrize(
    "flag", ["directory", "temp", "pipe", "service", "protected", "touch", "update", "nodelocal"]
)
def test_an_output_that_is_no_plain_file_is_named(tmp_path, flag):
    rule = rule_with(output=files(flagged("data/figures/t", flag)))
    with pytest.raises(SystemExit, match=rf"rule make_it: .*data/figures/t is {flag}\(…\); name "):
        fitness.check(tmp_path, rule)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"input": files(lambda wildcards: "a")}, "its input is a function; name the files"),
        ({"input": files(flagged("data"))}, "its input data is a folder; name the files in it"),
        ({"input": files(flagged("../a"))}, r"its input \.\./a lies outside the repository"),
        ({"output": files(flagged("/a"))}, "its output /a lies outside the repository"),
        ({"output": files(flagged("{n}.svg"))}, r"its output \{n\}\.svg has braces"),
        ({"shadow_depth": "minimal"}, "take `shadow:` out"),
    ],
)
def test_a_rule_that_cannot_be_compared_is_named(tmp_path, more, complaint):
    (tmp_path / "data").mkdir()
    with pytest.raises(SystemExit, match=f"rule make_it: .*{complaint}"):
        fitness.check(tmp_path, rule_with(**more))


def test_make_report_says_what_is_wrong_with_a_rule(finished, tmp_path):
    house = finished.clone(tmp_path / "copy")
    rule_file, arrays = "workflow/rules/dice.smk", "rules.compute_dice.output.arrays"
    house.edit(rule_file, lambda text: text.replace(arrays, f"{arrays},\n        other=1"))
    run = house.command("-m", "scripts.pipeline.report")
    assert run.code != 0
    assert "files have to be specified as strings" in run.text
    house.edit(rule_file, lambda text: text.replace(",\n        other=1", ""))
    house.edit(rule_file, lambda text: text.replace(arrays, '"report/build/assignment.pdf"'))
    run = house.command("-m", "scripts.pipeline.report")
    assert re.search(r"^The rules .*check_dice.* need each other's results; break", run.text)


def test_a_file_that_the_step_does_not_know_is_named(finished, tmp_path):
    house = finished.clone(tmp_path / "copy")
    rule_file = "workflow/rules/dice.smk"
    house.edit(rule_file, lambda text: text.replace("arrays=rules", "arays=rules"))
    run = house.command("-m", "scripts.pipeline.report")
    assert run.code != 0
    assert "the following arguments are required: --arrays" in run.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("RuleException:\nAttributeError: no such name, when formatting the following", True),
        ("RuleException:\nCalledProcessError in file rules.smk\nCommand 'x' returned 1", False),
    ],
)
def test_make_report_hides_no_reason_that_no_step_gave(root, monkeypatch, capsys, text, said):
    monkeypatch.syspath_prepend(str(root / "workflow/logger"))
    from snakemake_logger_plugin_steps import LogHandler

    handler = LogHandler.__new__(LogHandler)
    handler.__post_init__()
    record = logging.LogRecord("x", logging.ERROR, "x", 1, text, None, None)
    record.__dict__ |= {"event": LogEvent.ERROR, "exception": "RuleException"}
    handler.emit(record)
    assert (text in capsys.readouterr().err) is said


@pytest.fixture
def somebody(monkeypatch):
    """Whoever runs the tests owns nothing; `somebody(path)` lets this one file be read only."""
    monkeypatch.setattr(writable.os, "geteuid", lambda: 4242)

    def may_not_write(path: Path) -> None:
        allowed = lambda given, mode: Path(given) != path  # noqa: E731
        monkeypatch.setattr(writable.os, "access", allowed)

    return may_not_write


@pytest.mark.parametrize(
    "name", ["data/results/t/a.npz", "data/cache", "report", ".snakemake/log", "data/logs/t/a.log"]
)
def test_a_file_of_another_owner_is_named(house, somebody, name):
    for each in ("data/results/t/a.npz", "data/cache/x", "report/a", ".snakemake/log/a"):
        Path(each).parent.mkdir(parents=True, exist_ok=True)
        Path(each).touch()
    Path("data/logs/t").mkdir(parents=True)
    Path("data/logs/t/a.log").touch()
    somebody(house / name)
    owner = pwd.getpwuid((house / name).stat().st_uid).pw_name
    with pytest.raises(
        writable.UnwritableError,
        match=f"{name} cannot be written: Permission denied. It belongs to {owner}, as after a "
        r"build with `sudo`. Take everything here back: sudo chown -R 4242 \.$",
    ):
        writable.check(house)


def test_one_s_own_file_may_be_read_only_and_may_vanish(house, monkeypatch):
    Path("report").mkdir()
    Path("data/results").mkdir(parents=True)
    Path("data/results/a").touch()
    Path("data/results/gone").symlink_to("nowhere")
    monkeypatch.setattr(writable.os, "access", lambda path, mode: Path(path).is_dir())
    writable.check(house)


RECONCILE = """
import json, os, sys
from pathlib import Path
from scripts.pipeline import contract, lock, startup, writable
{first}
steps = [startup.Step(name, contract.Contract.parsed(text), benchmark)
         for name, text, benchmark in json.loads(sys.argv[2])]
try: print(json.dumps(startup.reconcile(Path(sys.argv[1]), steps, 10**9)))
except (lock.BusyError, writable.UnwritableError) as error: print(error)
"""


def reconciling(
    house: Path, *steps: Step, first: str = "", **environment: str
) -> subprocess.Popen[str]:
    """The comparison of `steps`, or of the one, in a process, which holds the lock to its end."""
    given = steps or (Step("make_it", wanted()),)
    listed = json.dumps([(step.name, str(step.contract), step.benchmark) for step in given])
    return subprocess.Popen(
        [sys.executable, "-c", RECONCILE.format(first=first), str(house), listed],
        cwd=Path(startup.__file__).parents[2], env=os.environ | environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_a_time_stamp_that_cannot_be_given_is_named(house):
    run(wanted())
    os.utime("out/result.txt", (4e9, 4e9))
    no_stamps = "def utime(*_, **__): raise PermissionError(1, 'Operation not permitted')"
    said, _ = reconciling(house, first=f"{no_stamps}\nos.utime = utime").communicate()
    assert f"{house}/out/result.txt cannot be written: Operation not permitted." in said


@pytest.mark.parametrize("patience", ["0", "60"])
def test_a_build_waits_for_another_as_long_as_it_is_told_to(house, patience):
    run(wanted())
    held = lock._opened(house)
    fcntl.flock(held, fcntl.LOCK_SH)
    process = reconciling(house, **{lock.PATIENCE: patience})
    if patience == "0":
        assert "Wait until it has ended, or run `make report`" in process.stdout.read()
        os.close(held)
    else:
        assert "waiting for it" in process.stderr.readline()
        os.close(held)
        assert process.stdout.read() == "{}\n"
    process.communicate()


def test_versions_are_those_that_python_itself_names():
    found = versions.installed()
    assert found.pop("python") == platform.python_version()
    assert found == {name: importlib.metadata.version(name) for name in versions.PACKAGES}


def test_a_folder_that_cannot_be_used_is_named():
    with pytest.raises(SystemExit, match=r"holds \{ and \}"):
        config.check_folder(Path("/home/{me}/thesis"))
    with pytest.raises(SystemExit, match="holds ;"):
        config.check_folder(Path("/home/me;you/thesis"))
    with pytest.raises(SystemExit, match="run Snakemake in /home/me/thesis"):
        config.check_folder(Path("/home/me/thesis"))
    config.check_folder(Path.cwd())


def test_pins_count_and_their_comments_and_hashes_do_not(tmp_path):
    hashes = []
    for index, text in enumerate(
        ["a==1\nb==2\n", "# c\nb==2 \\\n    --hash=sha256:d\na==1\n", "a==1\nb==3\n"]
    ):
        folder = tmp_path / str(index)
        (folder / "envs").mkdir(parents=True)
        for name in contract.PINS:
            (folder / name).write_text(text)
        hashes.append(contract.pins_hash(folder))
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_raw_file_must_be_there_recorded_and_unchanged(house):
    def ask():
        contract.recorded.cache_clear()
        contract._committed.cache_clear()
        return contract._committed(house, "data/raw/x.csv")

    Path("data/raw").mkdir(parents=True)
    with pytest.raises(contract.ContractError, match=r"data/raw/x.csv is missing"):
        ask()
    Path("data/raw/x.csv").write_text("1")
    with pytest.raises(contract.ContractError, match="SHA256SUMS is missing"):
        ask()
    Path("data/raw/SHA256SUMS").write_text("")
    with pytest.raises(contract.ContractError, match="has no line"):
        ask()
    digest = contract.sha256(Path("data/raw/x.csv"))
    Path("data/raw/SHA256SUMS").write_text(f"{digest}  x.csv\n")
    assert ask() == digest
    Path("data/raw/x.csv").write_text("2")
    with pytest.raises(contract.ContractError, match="was changed"):
        ask()


def compare(house: Path, *steps: Step) -> dict[str, list[str]]:
    return json.loads(reconciling(house, *steps).communicate()[0])


def test_what_matches_is_kept(house):
    run(wanted())
    os.utime("out/result.txt", (1, 1))
    assert compare(house) == {}
    assert Path("out/result.txt").exists()


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda path: path.write_bytes(b"hellp"), "damaged"),
        (lambda path: path.write_bytes(b"hell"), "damaged"),
        (lambda path: path.unlink(), "missing"),
        (lambda path: sidecar.path_of(path).unlink(), "no readable record"),
        (lambda path: sidecar.path_of(path).write_text("{"), "no readable record"),
    ],
)
def test_what_is_damaged_is_removed(house, harm, reason):
    run(wanted())
    times = Path("out/result.txt").stat()
    harm(Path("out/result.txt"))
    if Path("out/result.txt").exists():
        os.utime("out/result.txt", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert reason in " ".join(compare(house)["out/result.txt"])
    assert not list(Path("out").iterdir())


def test_another_contract_or_input_removes(house):
    Path("input.txt").write_text("1")
    run(wanted(), "input.txt")
    step = Step("make_it", wanted(reads=["input.txt"]))
    assert compare(house, step) == {}
    Path("input.txt").write_text("2")
    told = ["input.txt is not the one that it was made from"]
    assert compare(house, step) == {"out/result.txt": told}
    run(wanted(), "input.txt")
    changed = Step("make_it", wanted(text="new", reads=["input.txt"]))
    assert compare(house, changed) == {"out/result.txt": ['setting text: "hello" -> "new"']}


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Contract)])
def test_whatever_changes_in_a_contract_is_told(house, field):
    old = wanted(versions={"numpy": "1"}, files={"a": "1"})
    new = {
        "step": "x", "settings": {"mode": 2.0}, "reads": {"a": "b"}, "makes": {"r": "out/r.txt"},
        "code": "x", "pins": "x", "versions": {"numpy": "2"}, "files": {"a": "2"}, "sidecars": True,
    }  # fmt: skip
    found = list(why._told(house, old, dataclasses.replace(old, **{field: new[field]})))
    assert found
    assert not list(why._told(house, old, old))


def test_a_whole_number_is_not_the_same_as_one_with_a_point(house):
    settings = {"mode": "write", "text": "x", "size": 2}
    run(wanted(settings=settings))
    found = compare(house, Step("make_it", wanted(settings=settings | {"size": 2.0})))
    assert found == {"out/result.txt": ["setting size: 2 -> 2.0"]}


def test_each_product_comes_back_alone(tmp_path):
    assignment, html, companion, _, manifest = (tmp_path / name for name in products.PRODUCTS)
    assignment.parent.mkdir(parents=True)
    (tmp_path / "data").mkdir()
    for path in (assignment, html, manifest):  # and no companion yet
        path.write_text("old")
        record = json.dumps({"sha256": contract.sha256(path)})
        sidecar.path_of(path).write_text(record)
    html.write_text("damaged")
    products.keep(tmp_path, contract.sha256)
    for path in (assignment, html):
        path.unlink()
        sidecar.path_of(path).unlink()
    for path in (companion, manifest):
        path.unlink(missing_ok=True)
        path.write_text("new")
    assert products.put_back(tmp_path) == [products.PDF]
    assert assignment.read_text() == "old"
    assert sidecar.path_of(assignment).is_file()
    assert not html.exists()
    assert companion.read_text() == manifest.read_text() == "new"
    assert not (tmp_path / products.PREVIOUS).exists()


def test_leftovers_of_killed_jobs_are_cleared(house):
    run(wanted())
    files = ("data/stage/0f/files/out/result.txt", "data/code/.partial-0f-contracts.json")
    for half in map(Path, files):
        half.parent.mkdir(parents=True, exist_ok=True)
        half.write_text("half")
    assert compare(house) == {}
    assert not any(map(os.path.exists, files))


def test_temporary_names_are_no_other_process_s_whatever_its_id(house, monkeypatch):
    """On another machine of a cluster a process may have the same id; here all have it."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    path = Path("out/result.txt")
    names = [partial.path_for(path) for _ in range(2)]
    assert names[0] != names[1]
    assert all(name.parent == path.parent and name.match(partial.PATTERN) for name in names)


def test_a_job_that_runs_twice_at_once_ends_in_the_same_bytes(house):
    """As after a cluster has given up a machine that goes on: each has a folder of its own."""
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, [wanted()] * 4)) == [0, 0, 0, 0]
    assert Path("out/result.txt").read_text() == "hello"
    assert sidecar.read(Path("out/result.txt"))["sha256"] == contract.sha256(Path("out/result.txt"))
    left = [path for folder in ("out", "data") for path in Path(folder).rglob(partial.PATTERN)]
    assert not left
    assert not any(Path("data/stage").iterdir())


@pytest.mark.parametrize("stamp", [4e9, None])
def test_a_touched_intermediate_does_not_make_its_reader_look_stale(house, stamp):
    """None: an hour after its reader, but not in the future."""
    run(wanted())
    Path("out/other.txt").write_text("read")
    reader = wanted(text="read", reads=["out/result.txt"], output="out/other.txt")
    run(reader)
    first, second = Step("make_it", wanted()), Step("read_it", reader, "out/read.tsv")
    Path("out/read.tsv").write_text("seconds")
    now = Path("out/read.tsv").stat().st_mtime
    for name in ("out/other.txt", "out/read.tsv"):
        os.utime(name, (now - 7200, now - 7200))
    os.utime("out/result.txt", (stamp or now - 3600,) * 2)
    assert compare(house, first, second) == {}
    touched = Path("out/result.txt").stat().st_mtime
    assert touched <= Path("out/read.tsv").stat().st_mtime + 60  # no longer in the future
    assert Path("out/other.txt").stat().st_mtime >= touched
    assert Path("out/read.tsv").stat().st_mtime >= touched


@pytest.mark.parametrize(
    ("words", "builds"),
    [
        ("--cores 2", True), ("--cores all a_rule", True), ("-n", False), ("-np -c 1", False),
        ("--dry-run", False), ("--lint", False), ("--unlock", False), ("--summary", False),
        ("--cores 1 --touch", False), ("--dag", False), ("--containerize", False),
        ("--delete-all-output -c1", False),
    ],
)  # fmt: skip
def test_only_a_real_build_compares(words, builds):
    assert startup.starts_a_build(words.split()) is builds


@pytest.mark.parametrize(("limit", "timers"), [("100/1s", 0), ("100/2s", 1)])
def test_snakemake_ends_with_its_last_job_unless_its_pace_was_asked_for(house, root, limit, timers):
    (house / "Snakefile").write_text(
        f"""
import sys, threading
sys.path.insert(0, {str(root)!r})
from scripts.pipeline import startup
startup.at_the_first_job(workflow)
rule hello:
    output: "hello.txt"
    shell: "touch {{output}}"
onsuccess:
    print("timers:", sum(isinstance(thread, threading.Timer) for thread in threading.enumerate()))
"""
    )
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--max-jobs-per-timespan", limit]
    done = subprocess.run(command, cwd=house, capture_output=True, text=True, check=True)
    assert f"timers: {timers}\n" in done.stdout + done.stderr


def test_a_profile_can_make_it_a_dry_run(house, monkeypatch):
    Path("profiles/default").mkdir(parents=True)
    Path("profiles/default/config.yaml").write_text("dry-run: true\n")
    Path("Snakefile").touch()
    assert startup.starts_a_build(["--cores", "1"]) is False
    Path("profiles").rename("own")
    assert startup.starts_a_build(["--cores", "1"]) is True
    monkeypatch.setenv("SNAKEMAKE_PROFILE", str(Path("own/default")))
    assert startup.starts_a_build(["--cores", "1"]) is False


EDITS = """
import subprocess
subprocess.run(["sh", "-c", "echo edited by somebody > {edited}"])
"""


@pytest.mark.parametrize("edited", ["input.txt", "committed.txt"])
def test_what_is_edited_while_a_step_runs_spoils_nothing(house, capsys, edited):
    Path("input.txt").write_text("data")
    Path("committed.txt").write_text("text")
    files = {"committed.txt": contract.sha256(Path("committed.txt"))}
    step = house / "scripts/topic/step.py"
    step.write_text(EDITS.format(edited=house / edited) + STEP)
    assert run(wanted(files=files), "input.txt") == 1
    assert f"{edited} changed while the build ran" in capsys.readouterr().err
    assert not Path("out").exists()
    assert not Path(cache.CACHE).exists()


def test_code_that_is_edited_while_a_step_runs_spoils_nothing(house, capsys, monkeypatch):
    now = iter(["another", "the same"])
    monkeypatch.setattr(job.code, "fingerprint", lambda *_: next(now))
    for expected in (1, 0):
        assert run(wanted(code="the same")) == expected
    assert "its code changed while the build ran" in capsys.readouterr().err
    assert times_run() == 2


def test_a_step_holds_the_lock_although_its_job_was_killed(house, monkeypatch):
    """No build may begin while anything lives that could still write."""
    monkeypatch.setattr(process, "_die_with_parent", lambda parent: None)
    (house / "scripts/topic/step.py").write_text(
        "import os, signal, time\n"
        "os.kill(os.getppid(), signal.SIGKILL)\n"
        "print('alone', flush=True)\n"
        "time.sleep(2)\n"
    )
    child = os.fork()
    if child == 0:
        os._exit(run(wanted()))
    os.waitpid(child, 0)
    with pytest.raises(lock.BusyError), lock.exclusive(house):
        pass
    with lock.exclusive(house, patience=30) as descriptor:
        pass
    os.close(descriptor)


def test_a_stray_file_in_the_cache_is_left_alone(house):
    run(wanted())
    Path(cache.CACHE, "stray").write_text("x")
    cache.prune(house, 0)
    assert [path.name for path in Path(cache.CACHE).iterdir()] == ["stray"]


def test_results_are_staged_whole_before_any_is_in_place(house, monkeypatch):
    run(wanted())
    before = [path.read_bytes() for path in sorted(Path("out").iterdir())]

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(job.sidecar, "stage", fail)
    assert run(wanted(text="other")) == 1
    assert [path.read_bytes() for path in sorted(Path("out").iterdir())] == before
