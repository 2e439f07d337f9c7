"""`make verify` on a built tree, on a damaged one, and where nothing was built."""

from __future__ import annotations

from pathlib import Path

import pytest
from house import contract_of

from scripts.pipeline import sidecar, verify_tree
from scripts.pipeline.contract import sha256


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data/results/t").mkdir(parents=True)
    Path("data/raw").mkdir()
    Path("data/raw/x.csv").write_text("1")
    Path("data/results/t/a.npz").write_text("a")
    step = contract_of("t.compute", files={"data/raw/x.csv": sha256(Path("data/raw/x.csv"))})
    artifact = Path("data/results/t/a.npz")
    found = sidecar.content(sha256(artifact), step, {}, {})
    sidecar.stage(artifact, found).replace(sidecar.path_of(artifact))
    return tmp_path


def test_a_sound_tree_passes(tree, capsys):
    assert verify_tree.main() == 0
    assert "1 artifacts" in capsys.readouterr().out


@pytest.mark.parametrize("file", ["data/results/t/a.npz", "data/raw/x.csv"])
def test_each_mismatch_is_named(tree, capsys, file):
    Path(file).write_text("b")
    assert verify_tree.main() == 1
    assert f"{file} is not what" in capsys.readouterr().out
    Path(file).unlink()
    assert verify_tree.main() == 1
    assert f"{file} is missing" in capsys.readouterr().out


def test_a_broken_sidecar_is_named(tree, capsys):
    Path("data/results/t/a.npz.prov.json").write_text("{")
    assert verify_tree.main() == 1
    assert "sidecar cannot be read" in capsys.readouterr().out


def test_an_empty_tree_does_not_pass(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert verify_tree.main() == 1
