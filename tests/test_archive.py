"""`make archive` and `make handin`: what they hold, that it stands alone, what they refuse."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from house import ROOT, House

from scripts.pipeline import archive, audit, crate, handin, products, sidecar, step, verify_tree
from scripts.pipeline.contract import sha256

BESIDE = (".gitignore", "CITATION.cff", "LICENSE", "Makefile", "pyproject.toml")


def git(root: Path, *words: str) -> None:
    """Run git in a copy of the project, as somebody, on a fixed day."""
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    day = {"GIT_COMMITTER_DATE": "2023-04-09T12:00:00Z"}
    subprocess.run(["git", *who, *words], cwd=root, env=os.environ | day, check=True)


@pytest.fixture(scope="module")
def audited(finished: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A built, committed and audited copy of the project, which no test may change."""
    house = finished.clone(tmp_path_factory.mktemp("audited") / "house")
    for name in BESIDE:
        shutil.copy(ROOT / name, house.root)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "All"]):
        git(house.root, *words)
    run = house.command("-m", "scripts.pipeline.audit", "1", "n")
    assert run.code == 0, run.text
    run = house.command("-m", "scripts.pipeline.archive")
    assert run.code == 0, run.text
    return house


def test_it_holds_documents_manifest_audit_sources_locks_bill_and_description(audited):
    with zipfile.ZipFile(audited.root / archive.ARCHIVE) as file:
        names = file.namelist()
        bill = json.loads(file.read(archive.BOM))
        described = json.loads(file.read(crate.METADATA))
    assert names == sorted(names)
    listed = subprocess.run(["git", "ls-files"], cwd=audited.root, capture_output=True, text=True)
    wanted = {*products.PRODUCTS, audit.AUDIT, "envs/requirements.txt", *listed.stdout.split()}
    assert wanted <= {*names}
    assert not [name for name in names if name.startswith(("data/cache", ".git/", ".snakemake"))]
    assert bill["bomFormat"] == "CycloneDX"
    packages = {each["name"]: each["version"] for each in bill["components"]}
    assert f"\nnumpy=={packages['numpy']} " in (ROOT / "envs/requirements.txt").read_text()
    entities = {each["@id"]: each for each in described["@graph"]}
    assert len(entities["./"]["version"]) == 40
    assert entities["./"]["mainEntity"] == {"@id": "Snakefile"}
    assert {"@id": products.PDF} in entities["#build"]["result"]
    assert {"@id": "data/raw/digits.csv"} in entities["#build"]["object"]
    assert entities["#audit"]["result"] == [{"@id": audit.AUDIT}]
    inside = {name.split("/")[0] + ("/" if "/" in name else "") for name in names}
    assert inside - {crate.METADATA} <= entities.keys()


def test_it_opens_in_a_fresh_folder_and_is_verified_there(audited, tmp_path):
    with zipfile.ZipFile(audited.root / archive.ARCHIVE) as file:
        file.extractall(tmp_path)
    run = House(tmp_path).command("-m", "scripts.pipeline.verify_tree")
    assert run.code == 0, run.text
    assert "every hash as recorded" in run.text
    assert House(tmp_path).why() == {}


def test_the_same_commit_gives_the_same_bytes(audited, tmp_path):
    again = audited.clone(tmp_path / "elsewhere")
    for path in again.root.rglob("*"):
        path.touch()
    run = again.command("-m", "scripts.pipeline.archive")
    assert run.code == 0, run.text
    assert sha256(again.root / archive.ARCHIVE) == sha256(audited.root / archive.ARCHIVE)


def edit_source(root: Path) -> None:
    (root / "LICENSE").write_text("Mine.")


def read_what_is_not_committed(root: Path) -> None:
    git(root, "rm", "-q", "--cached", "report/ieee.csl")
    git(root, "commit", "-qm", "Less")


def flip_bit(root: Path) -> None:
    (root / products.PDF).write_bytes(b"x")


def change_manifest(root: Path) -> None:
    path = root / products.MANIFEST
    path.write_text("{}")
    said = sidecar.read(path)
    assert said is not None
    sidecar.stage(path, said | {"sha256": sha256(path)}).replace(sidecar.path_of(path))


def fail_audit(root: Path) -> None:
    path = root / audit.AUDIT
    path.write_text(json.dumps(json.loads(path.read_text()) | {"passed": False}))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda root: shutil.rmtree(root / ".git"), "this folder is no git repository"),
        (edit_source, "not those of the commit: commit LICENSE"),
        (read_what_is_not_committed, "reads report/ieee.csl, which is not committed"),
        (lambda root: (root / products.MANIFEST).unlink(), "Nothing was built here"),
        (flip_bit, f"{products.PDF} is not what {products.PDF} records"),
        (lambda root: (root / audit.AUDIT).unlink(), "run `make audit` first"),
        (change_manifest, "is no audit of this commit and these results"),
        (fail_audit, "The audit found something wrong"),
    ],
)  # fmt: skip
def test_what_is_not_fit_to_be_handed_on_is_refused(audited, tmp_path, monkeypatch, harm, told):
    root = audited.clone(tmp_path / "house").root
    before = sha256(root / archive.ARCHIVE)
    steps = step.of_tree(root)
    harm(root)
    monkeypatch.setattr(archive.step, "of_tree", lambda _: steps)
    monkeypatch.setattr(archive.code, "files", lambda *_: [])
    monkeypatch.chdir(root)
    with pytest.raises(archive.ArchiveError, match=told):
        archive.archive(root)
    assert sha256(root / archive.ARCHIVE) == before


def test_nothing_is_handed_in_before_the_author_has_a_name(house):
    run = house.command("-m", "scripts.pipeline.handin")
    assert run.code == 1
    assert "author.name is still `A. Student`" in run.text
    assert not (house.root / handin.FOLDER).exists()


def test_what_is_handed_in_is_named_after_its_author(house, monkeypatch):
    house.configure({"author.name": "Zoë / O’Hara"})
    left = house.root / handin.FOLDER / "Old-assignment.pdf"
    left.parent.mkdir()
    left.touch()
    names = handin.hand_in(house.root)
    assert names == [
        f"{handin.FOLDER}/Zoë-O-Hara-{rest}" for rest in ("assignment.pdf", "exercise-4.6.py")
    ]
    assert not left.exists()
    for name, source in zip(names, (products.PDF, handin.PROGRAM), strict=True):
        assert (house.root / name).read_bytes() == (house.root / source).read_bytes()
    flip_bit(house.root)
    with pytest.raises(handin.HandInError, match="missing or damaged"):
        handin.hand_in(house.root)


def test_what_other_rules_left_is_not_looked_at(tmp_path):
    stray = tmp_path / "data/results/old/x.json"
    stray.parent.mkdir(parents=True)
    sidecar.path_of(stray).write_text("{")
    assert list(verify_tree.mismatches(tmp_path, [])) == []
    assert list(verify_tree.mismatches(tmp_path, verify_tree.artifacts(tmp_path)))
