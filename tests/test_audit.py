"""`make audit`: it passes on a sound tree, and finds what `make verify` cannot see."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from house import House, contract_of
from test_pipeline import STEP

from scripts.pipeline import audit, cache, code, job, lock, products, sidecar, step, versions
from scripts.pipeline.contract import sha256
from scripts.pipeline.step import Step

RESULT = Path("out/result.txt")
MANIFEST = Path(products.MANIFEST)


def contract(text: str = "hello", **more: Any):
    """The contract of the one step, which writes a text."""
    given = {"settings": {"mode": "write", "text": text}, "makes": {"result": str(RESULT)}}
    return contract_of("topic.step", **given | more)


@pytest.fixture
def tree(one_step: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose one step was run; a manifest lies beside its result."""
    (one_step / "scripts/topic/step.py").write_text(STEP)
    assert job.main(["--contract", str(contract()), "--log", "logs/step.log"]) == 0
    MANIFEST.parent.mkdir(parents=True)
    MANIFEST.write_text("{}")
    lock_with(one_step, importlib.metadata.version("numpy"))
    monkeypatch.setattr(step, "of_tree", lambda *_: [Step("write_text", contract())])
    return one_step


def lock_with(root: Path, numpy: str) -> None:
    """Write a lock with one version of NumPy, and a package that no machine has or needs."""
    path = root / versions.LOCK
    path.parent.mkdir(exist_ok=True)
    pins = f"numpy=={numpy} \\\n    --hash=sha256:0\nno-such==1 ; sys_platform == 'none' \\\n"
    path.write_text(f"# Made by `make lock`.\n{pins}")


def audited() -> tuple[int, dict[str, Any]]:
    """Audit the current folder; return the exit code and what was found."""
    exit_code = audit.main(["all", "n"])
    return exit_code, json.loads(Path(audit.AUDIT).read_bytes())


def forge(result: Path, text: str) -> None:
    """Replace a result, and let its sidecar say that it is the right one."""
    result.write_text(text)
    said = sidecar.read(result)
    assert said is not None
    sidecar.stage(result, said | {"sha256": sha256(result)}).replace(sidecar.path_of(result))


def cache_entry() -> Path:
    (entry,) = Path(cache.CACHE).iterdir()
    return entry


def test_a_sound_tree_passes(tree, capsys):
    ran = tree.parent / "ran"
    ran.unlink()
    exit_code, found = audited()
    assert exit_code == 0
    assert ran.read_text() == "x"  # although the run cache has the result
    (one,) = found["steps"]
    digest = sha256(RESULT)
    assert one["outputs"] == {str(RESULT): {"found": digest, "recomputed": digest}}
    assert (found["passed"], found["manifest"]) == (True, sha256(MANIFEST))
    assert (found["nonce"], found["of"]) == ("n", 1)
    assert (found["commit"], found["changed"]) == (None, [])  # of a plain folder
    assert "all as recorded" in capsys.readouterr().out
    assert not any(Path("data/stage").rglob("*.txt"))


@pytest.mark.parametrize(
    ("harm", "finding"),
    [
        (lambda: RESULT.write_text("hullo"), "is damaged"),
        (lambda: forge(RESULT, "hullo"), "out/result.txt is not what the step makes"),
        (lambda: (cache_entry() / "0").write_text("hullo"), "the run cache holds other results"),
        (lambda: sidecar.path_of(RESULT).unlink(), "no readable record"),
        (RESULT.unlink, "is missing"),
    ],
    ids=["a flipped bit", "a forged sidecar", "a forged cache", "no sidecar", "no result"],
)
def test_what_is_wrong_is_found(tree, capsys, harm, finding):
    harm()
    exit_code, found = audited()
    assert exit_code == 1
    assert not found["passed"]
    assert any(finding in text for text in found["steps"][0]["findings"]), found["steps"]
    assert "1 not as recorded" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("now", "finding"),
    [
        (contract(text="other"), 'setting text: "hello" -> "other"'),
        (contract(versions={"numpy": "9"}), r'version of numpy: \(none\) -> "9"'),
        (contract(reads={"": "gone.txt"}), "could not be run again: .*gone.txt"),
    ],
    ids=["setting", "version", "input"],
)
def test_a_record_of_another_step_is_found(tree, monkeypatch, now, finding):
    monkeypatch.setattr(step, "of_tree", lambda *_: [Step("write_text", now)])
    exit_code, found = audited()
    assert exit_code == 1
    assert any(re.search(finding, text) for text in found["steps"][0]["findings"]), found["steps"]


def test_a_step_that_fails_is_a_finding(tree, monkeypatch):
    (tree / "scripts/topic/step.py").write_text("import sys\nsys.exit('no')\n")
    exit_code, found = audited()
    assert exit_code == 1
    assert re.search("could not be run again: exit code 1\nno", found["steps"][0]["findings"][0])


def test_an_installed_version_that_the_lock_has_not_is_found(tree, capsys):
    lock_with(tree, "0.1")
    exit_code, found = audited()
    assert exit_code == 1
    told = f"numpy {importlib.metadata.version('numpy')} is installed, and {versions.LOCK} has 0.1"
    assert found["environment"] == [told]
    assert told in capsys.readouterr().out


def test_what_could_hide_an_edit_is_forgotten(tree):
    kept = [tree / code.SURVEY, tree / "scripts/topic/__pycache__/step.cpython-311.pyc"]
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("forged")
    audited()
    assert not any(path.exists() for path in kept)


def test_the_draw_follows_from_manifest_and_nonce():
    names = [f"step{n}" for n in range(20)]
    drawn = audit.draw(names, "5", "hash", "nonce")
    assert len(drawn) == 5
    assert audit.draw(names, "5", "hash", "nonce") == drawn
    assert audit.draw(names, "5", "other", "nonce") != drawn
    assert audit.draw(names, "5", "hash", "other") != drawn
    assert audit.draw(names, "6", "hash", "nonce") > drawn
    assert audit.draw(names, "all", "hash", "nonce") == set(names)
    assert audit.draw(names, "99", "hash", "nonce") == set(names)
    assert audit.draw(names, "step7", "hash", "nonce") == {"step7"}


@pytest.mark.parametrize("found", ["all as recorded", "1 not as recorded"])
def test_a_step_chosen_by_name_is_run_again_and_leaves_no_record(tree, capsys, found):
    is_sound = found.startswith("all")
    if not is_sound:
        forge(RESULT, "hullo")
    assert audit.main(["write_text"]) == (0 if is_sound else 1)
    assert f"1 of 1 steps, chosen by name: {found}.\n" in capsys.readouterr().out
    assert not Path(audit.AUDIT).exists()


@pytest.mark.parametrize("asked", ["0", "-1", "some", "2.5", "²"])
def test_a_number_that_is_none_is_refused(tree, capsys, asked):
    assert audit.main([asked]) == 1
    assert "STEPS is a number of steps" in capsys.readouterr().err


def test_where_nothing_was_built_nothing_is_audited(tree, capsys):
    MANIFEST.unlink()
    assert audit.main(["all"]) == 1
    assert "run `make report`" in capsys.readouterr().err


def test_an_audit_does_not_disturb_a_build(tree, capsys):
    with lock.shared(tree):
        assert audit.main(["all"]) == 1
    assert "Another build" in capsys.readouterr().err
    assert not Path(audit.AUDIT).exists()


def run(house: House, *words: str, more: dict[str, str] | None = None) -> dict[str, Any]:
    """Audit a copy of the project; return the findings by step."""
    run = house.command("-m", "scripts.pipeline.audit", *words, more=more)
    path = house.root / audit.AUDIT
    assert path.is_file(), run.text
    found = json.loads(path.read_bytes())
    assert run.code == (0 if found["passed"] else 1), run.text
    return found


def findings(found: dict[str, Any]) -> dict[str, list[str]]:
    return {each["step"]: each["findings"] for each in found["steps"] if each["findings"]}


def test_a_forged_number_that_verify_cannot_see_is_found(house):
    """The forger changes a number, its record and the run cache, and builds the documents."""
    summary = house.root / "data/results/dice/compute.json"
    genuine = summary.read_text()
    forged = genuine.replace('"text": "8.000"', '"text": "9.000"')
    assert forged != genuine
    forge(summary, forged)
    for entry in (house.root / cache.CACHE).iterdir():
        for file in entry.iterdir():
            if file.read_bytes() == genuine.encode():
                shutil.copyfile(summary, file)
                told = entry / "entry.json"
                digests = json.loads(told.read_text())
                digests[int(file.name)] = sha256(summary)
                told.write_text(json.dumps(digests))
    house.build()
    assert house.manifest["values"]["dice"]["mean"]["text"] == "9.000"
    assert house.dry_run() == set()
    assert house.command("-m", "scripts.pipeline.verify_tree").code == 0
    found = findings(run(house, "all"))
    assert found.keys() == {"compute_dice"}
    told = " ".join(found["compute_dice"])
    assert "data/results/dice/compute.json is not what the step makes" in told
    assert "the run cache holds other results" in told


@pytest.mark.whole
def test_a_built_tree_passes_and_another_version_does_not(house, tmp_path):
    assert run(house, "all")["passed"]
    assert len(run(house, "2", "n")["steps"]) == 2
    fake = tmp_path / "fake"
    for name in ("numpy-9.9.9", "lxml-9.9.9"):
        (fake / f"{name}.dist-info").mkdir(parents=True)
        metadata = fake / f"{name}.dist-info/METADATA"
        metadata.write_text(f"Name: {name.partition('-')[0]}\nVersion: 9.9.9\n")
    found = run(house, "1", more={"PYTHONPATH": str(fake)})
    assert any("9.9.9" in text for texts in findings(found).values() for text in texts)
    assert any(text.startswith("lxml 9.9.9 is installed") for text in found["environment"])
