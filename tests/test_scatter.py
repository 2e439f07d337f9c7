"""Work in chunks: what is made does not depend on their number, and no chunk is trusted."""

from __future__ import annotations

import dataclasses
import re
import shutil
from pathlib import Path

import pytest
from house import House
from test_pipeline import STEP, run, times_run, wanted

from scripts.pipeline import cache, job, resources, sidecar, startup, why
from scripts.pipeline.contract import CHUNKS, Contract
from scripts.pipeline.step import Step

CHUNK = "data/results/parts/{}.txt"
ITEMS = [f"{k}-of-3" for k in (1, 2, 3)]
FILES = [CHUNK.format(item) for item in ITEMS]


@pytest.fixture
def house(one_step: Path) -> Path:
    (one_step / "scripts/topic/step.py").write_text(STEP)
    return one_step


def part(item: str, text: str = "hello") -> Contract:
    settings = {"mode": "write", "text": text, "chunk": item}
    return dataclasses.replace(wanted(output=CHUNK.format(item)), settings=settings)


def whole(*chunks: str, text: str = "hello") -> Contract:
    return dataclasses.replace(wanted(text=text), reads={CHUNKS: [*chunks]})


def test_a_gathered_result_has_the_record_and_the_key_of_an_undivided_one(house: Path) -> None:
    assert run(whole()) == 0
    before = sidecar.path_of(Path("out/result.txt")).read_bytes()
    cached = {path.name for path in Path(cache.CACHE).iterdir()}
    for item in ITEMS:
        assert run(part(item)) == 0
    ran = times_run()
    assert run(whole(*FILES)) == 0
    assert times_run() == ran  # restored: it was known, however it is divided
    for entry in cached:
        (Path(cache.CACHE) / entry / "0").unlink()
    assert run(whole(*FILES)) == 0
    assert times_run() == ran + 1
    assert sidecar.path_of(Path("out/result.txt")).read_bytes() == before
    assert " --chunks " + " ".join(FILES) in Path("logs/step.log").read_text()


def flip(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: flip(Path(FILES[1])),
        lambda: sidecar.path_of(Path(FILES[1])).unlink(),
        lambda: run(part(ITEMS[1], text="of other settings")),
        lambda: run(dataclasses.replace(part(ITEMS[1]), pins="other")),
        lambda: run(dataclasses.replace(part(ITEMS[1]), code="of old")),
    ],
)
def test_a_chunk_of_other_work_is_refused_by_name(wrong, house, capsys, monkeypatch) -> None:
    """By its bytes, its record, its settings, the pins and its code."""
    monkeypatch.setattr(job, "_refuse_changes", lambda *_: None)  # which would refuse it earlier
    for item in ITEMS:
        run(part(item))
    wrong()
    assert run(whole(*FILES)) == 1
    assert f"{FILES[1]} is no chunk of this step's work" in capsys.readouterr().err
    assert not Path("out/result.txt").exists()


def steps(*items: str) -> list[Step]:
    files = [CHUNK.format(item) for item in items]
    parts = [Step(f"train/{item}", part(item), is_chunk=True) for item in items]
    return [*parts, Step("make_it", whole(), chunks=files)]


def test_chunks_are_made_only_where_they_are_gathered(house: Path) -> None:
    run(whole())
    assert why.explain(house, steps(*ITEMS)) == {}
    Path("out/result.txt").unlink()
    run(part(ITEMS[0]))
    assert list(why.explain(house, steps(*ITEMS))) == ["train/2-of-3", "train/3-of-3", "make_it"]


def test_chunks_of_another_division_are_removed_with_all_that_is_beside_them(house: Path) -> None:
    for folder, suffix in zip(startup.CHUNKS_IN, (".npz", ".log", ".tsv"), strict=True):
        for item in ("3-of-3", "3-of-7"):
            path = Path(folder, "topic", f"{item}{suffix}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("made")
            sidecar.path_of(path).write_text("record")
    Path("data/results/out-of-7.txt").write_text("no chunk")
    startup._remove_other_divisions(house, steps(*ITEMS))
    left = {path.name for path in Path("data").rglob("*") if path.is_file()}
    items = {f"3-of-3{suffix}" for suffix in (".npz", ".log", ".tsv")}
    assert left == items | {f"{item}.prov.json" for item in items} | {"out-of-7.txt"}
    startup._remove_other_divisions(house, steps()[-1:])
    assert [path.name for path in Path("data").rglob("*.*")] == ["out-of-7.txt"]


# A rule of the guide's exercise, divided

SCATTERED = """

scattergather:
    chunks=3,


use rule step as throw_dice with:
    output:
        part="data/results/dice/part/{scatteritem}.txt",
    log:
        "data/logs/{scatteritem}.log",
    benchmark:
        "data/benchmarks/{scatteritem}.tsv"
    params:
        contract=contract("dice.throw", chunk="{scatteritem}"),

"""

THROW = '''"""A chunk."""

from scripts.common.command_line import parse
from scripts.dice.settings import Dice


class Settings(Dice, reads=("red",)):
    """What it reads."""

    chunk: str


settings, files = parse(__doc__, Settings, outputs=("part",))
files.part.write_text(f"{settings.chunk} of {settings.red}")
'''


@pytest.fixture
def divided(finished: House, tmp_path: Path) -> House:
    """The guide's exercise, built undivided by a step that could gather, and then divided by 3."""
    house = finished.clone(tmp_path / "house")
    house.edit("scripts/dice/compute.py", lambda text: text.replace(
        'Settings, outputs=', 'Settings, inputs=("chunks",), several=("chunks",), outputs='
    ))  # fmt: skip
    rule = "use rule step as compute_dice with:\n"
    undivided = f"{rule}    input:\n        chunks=[],\n"
    house.edit("workflow/rules/dice.smk", lambda text: text.replace(rule, undivided))
    house.build()
    (house.root / "scripts/dice/throw.py").write_text(THROW)
    gathered = 'chunks=gather.chunks("data/results/dice/part/{scatteritem}.txt")'
    house.edit(
        "workflow/rules/dice.smk",
        lambda text: text.replace("\n\n\n", SCATTERED, 1).replace("chunks=[]", gathered),
    )
    return house


def test_a_divided_build_ends_in_the_same_bytes(divided: House) -> None:
    before = divided.artifacts()
    assert divided.dry_run() == divided.build().rules == set()
    assert divided.artifacts() == before

    (divided.root / "data/results/dice/compute.npz").unlink()
    shutil.rmtree(divided.root / "data/cache")
    assert "compute_dice" in divided.why()
    assert divided.dry_run() >= {"throw_dice", "compute_dice"}
    run = divided.build()
    assert {"throw_dice", "compute_dice"} <= run.rules
    assert run.steps("computed") >= {"dice.throw", "dice.compute"}
    after = divided.artifacts()
    chunks = {name for name in after if re.search(r"/part/[123]-of-3\.txt(\.prov\.json)?$", name)}
    assert len(chunks) == 6
    assert {name: after[name] for name in after.keys() - chunks} == before
    assert divided.build().rules == set()

    more = ["--set-scatter", "chunks=2"]
    assert divided.build(*more).rules == set()
    assert divided.artifacts() == before
    divided.configure({"dice.red": 7})
    assert divided.build(*more).text.count("rule throw_dice:") == 2


def test_a_build_that_was_killed_goes_on_with_its_chunks(divided: House) -> None:
    divided.configure({"dice.red": 7})
    first = "data/results/dice/part/1-of-3.txt"
    divided.build("--", first)
    assert divided.build().text.count("rule throw_dice:") == 2


# What rules ask for


def test_what_was_measured_is_asked_for_with_a_margin() -> None:
    assert resources.asked(0.1, 0) == {"mem_mb": 300, "runtime": resources.LEAST_MINUTES}
    assert resources.asked(600, 1000) == {"mem_mb": 1800, "runtime": 10 * resources.MORE_TIME}


def test_the_table_is_made_of_what_was_computed(tmp_path: Path) -> None:
    def recorded(place: str, seconds: float, megabytes: float, log: str) -> None:
        for folder, suffix, text in [
            (resources.BENCHMARKS, ".tsv", f"s\tmax_rss\n{seconds}\t{megabytes}\n"),
            (resources.LOGS, ".log", log),
        ]:
            path = tmp_path / folder / f"{place}{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    recorded("topic/compute_it", 7, 100, "$ python")
    recorded("topic/plot_it", 7, 100, "restored from the run cache (nothing was computed)")
    recorded("topic/train_it/1-of-2", 10, 100, "$ python")
    recorded("topic/train_it/2-of-2", 5, 200, "$ python")
    (tmp_path / "workflow").mkdir()
    resources.write(tmp_path, {"plot_it": (3.0, 4.0), "compute_it": (1.0, 1.0)})
    resources.update(tmp_path)
    resources.measured.cache_clear()
    found = {"compute_it": (7, 105), "plot_it": (3, 4), "train_it": (10, 210)}
    assert resources.measured(tmp_path) == found


def test_a_rule_asks_for_what_the_table_says_unless_the_command_line_says_more(
    finished: House, tmp_path: Path
) -> None:
    house = finished.clone(tmp_path / "house")
    table = house.root / resources.MEASURED
    table.write_text(table.read_text() + "check_dice\t60\t1000\nplot_dice\t60\t1000\n")
    words = ["--dry-run", "--forceall", "--set-resources", "plot_dice:mem_mb=77"]
    blocks = dict(re.findall(r"^rule (\w+):\n(?:    .*\n)*    resources: (.*)\n",
                             house.build(*words).text, re.MULTILINE))  # fmt: skip
    assert "mem_mb=1800," in blocks["check_dice"]
    assert f"runtime={resources.MORE_TIME}," in blocks["check_dice"]
    assert "mem_mb=77," in blocks["plot_dice"]
    assert "mem_mb=1500," in blocks["compute_dice"]  # never measured


@pytest.mark.whole
def test_every_rule_was_measured_and_asks_for_more_than_it_takes(whole: House) -> None:
    """The small settings take less than the measured ones, but not another order of magnitude."""
    known = resources.measured(whole.root)
    assert known.keys() == whole.graph.rules | {"train_gan_phase"}
    for rule, _, megabytes in resources.benchmarks(whole.root):
        asked = resources.asked(*known[rule])["mem_mb"]
        assert megabytes + resources.OWN_MB <= asked <= 10 * (megabytes + resources.OWN_MB), rule


@pytest.mark.whole
def test_seven_chunks_end_in_the_bytes_of_one(whole: House, tmp_path: Path) -> None:
    house = whole.clone(tmp_path / "house")
    house.configure({"gan_training_lab.chunks": 7})
    assert house.build().rules == set()
    for name in ("data/results/gan_training_lab/phase.npz", "data/cache"):
        (house.root / name).rename(tmp_path / Path(name).name)
    run = house.build()
    assert run.text.count("rule train_gan_phase:") == 7
    made, before = house.artifacts(), whole.artifacts()
    assert {name: made[name] for name in made if "/phase/" not in name} == before
    house.configure({"gan_training_lab.chunks": 1})
    assert house.build().rules == set()
    assert house.artifacts() == before
