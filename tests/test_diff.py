"""`make diff`: exactly what differs from another commit or from other settings, and why."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from house import ENVIRONMENT, ROOT, House

from scripts.report.diff import other_tree, sentences
from scripts.report.diff.other_tree import DiffError
from scripts.report.diff.pictures import difference

TEXT = "report/exercises/dice.qmd"
GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull} | {
    f"GIT_{who}_{what}": "t" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


def git(folder: Path, *words: str) -> str:
    run = subprocess.run(
        ["git", *words], cwd=folder, env=os.environ | GIT, check=True, capture_output=True
    )
    return run.stdout.decode().strip()


def commit_all(folder: Path) -> None:
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "All.")


# Whole comparisons, on the guide's exercise


@pytest.fixture(scope="module")
def committed(finished: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The guide's exercise, built and committed: the tests here compare with this commit."""
    house = finished.clone(tmp_path_factory.mktemp("diff") / "house")
    for name in ("Makefile", ".gitignore"):
        shutil.copy2(ROOT / name, house.root)
    commit_all(house.root)
    return house


@pytest.fixture
def edited(committed: House) -> Iterator[House]:
    """The same, for edits: they are taken back, and what was built for them is restored."""
    kept = committed.sources()
    yield committed
    committed.put_back(kept)


def diff(house: House, *words: str) -> str:
    """Return what `make diff` tells, the names of both sides in the first line."""
    command = [sys.executable, "-m", "scripts.report.diff", *words]
    run = subprocess.run(
        command, cwd=house.root, env=ENVIRONMENT | GIT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def throw_another(house: House) -> None:
    house.configure({"dice.red": 7})


def raise_the_mean(house: House) -> None:
    house.edit(
        "scripts/dice/compute.py", lambda text: text.replace("@ probability)", "@ probability + 1)")
    )


def say_it_otherwise(house: House) -> None:
    house.edit(TEXT, lambda text: text.replace("are thrown;", "are rolled;"))


def refactor(house: House) -> None:
    def change(text: str) -> str:
        return (
            text.replace("    return np.convolve(", "    sums = np.convolve(") + "    return sums\n"
        )

    house.edit("scripts/dice/model.py", change)


SETTING = r"""
What was changed (1)
  setting red: 6 -> 7: other results: dice.check, dice.compute

Numbers (2)
  dice.mean: 8.000 -> 8.500  (+6.25 %)
      in report/exercises/dice.qmd (prp-dice-sum)
      because setting red: 6 -> 7
  dice.red: 6 -> 7  (+16.7 %)
      in report/exercises/dice.qmd (sec-dice)
      because setting red: 6 -> 7

Checks (2)
  dice.distribution: FLOAT <= FLOAT, holds -> FLOAT <= FLOAT, holds
      in prp-dice-sum
      because setting red: 6 -> 7
  dice.plateau: 3 >= 2, holds -> 2 >= 2, holds
      in fig-dice-distribution
      because setting red: 6 -> 7

Figures (2)
  data/figures/dice/at_most.svg
      in report/companion/dice.qmd (fig-dice-at-most)
      because setting red: 6 -> 7
  data/figures/dice/distribution.svg
      in report/exercises/dice.qmd (fig-dice-distribution)
      because setting red: 6 -> 7
"""
FUNCTION = """
What was changed (1)
  main in scripts/dice/compute.py changed: other results: dice.compute

Numbers (1)
  dice.mean: 8.000 -> 9.000  (+12.5 %)
      in report/exercises/dice.qmd (prp-dice-sum)
      because main in scripts/dice/compute.py changed
"""
BEFORE, AFTER = (
    f"A red die with {{{{< var dice.red >}}}} faces and a blue one with {{{{< var dice.blue >}}}} "
    f"are {word}; they show $X$ and $Y$."
    for word in ("thrown", "rolled")
)
SENTENCE = f"""
What was changed (1)
  report/exercises/dice.qmd was edited: other results: report.publish; \
the same results: report.numbers

Sentences (1)
  report/exercises/dice.qmd:3
    - {BEFORE}
    + {AFTER}
"""
REFACTORING = """
What was changed (1)
  sum_distribution in scripts/dice/model.py changed: the same results: dice.compute
"""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (throw_another, SETTING), (raise_the_mean, FUNCTION), (say_it_otherwise, SENTENCE),
        (refactor, REFACTORING),
    ],
)  # fmt: skip
def test_each_change_gives_exactly_its_rows(change, expected, edited):
    change(edited)
    head, _, rows = diff(edited, "--revision", "HEAD").partition("\n")
    assert re.fullmatch(r"HEAD \(\w+\) -> this tree", head)
    assert re.fullmatch(re.escape(expected).replace("FLOAT", r"[\d.e-]+"), rows), rows


def test_nothing_differs_where_nothing_was_changed(committed):
    told = diff(committed, "--revision", "HEAD")
    assert re.fullmatch(r"HEAD \(\w+\) and this tree give the same: every number.*\n", told)
    page = (committed.root / "report/build/diff.html").read_text("utf-8")
    assert "give the same" in page
    assert "<section" not in page


def test_other_settings_are_compared_with_this_tree_as_it_stands_on_the_disk(edited, tmp_path):
    other = tmp_path / "other.yaml"
    edited.configure({"dice.red": 8})
    shutil.copy2(edited.root / "workflow/config.yaml", other)
    edited.configure({"dice.red": 6})
    say_it_otherwise(edited)
    told = diff(edited, "--config", str(other))
    assert told.startswith(f"this tree -> {other}\n")
    assert "dice.plateau: 3 >= 2, holds -> 1 >= 2, fails  (holds -> fails)" in told
    assert "dice.mean: 8.000 -> 9.000" in told
    assert "Sentences" not in told
    page = (edited.root / "report/build/diff.html").read_text("utf-8")
    assert '<span class="fails">holds → fails</span>' in page
    assert len(re.findall(r'<img src="data:image/(?:svg\+xml|png);base64,', page)) == 2 * 3
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert edited.manifest["values"]["dice"]["mean"]["text"] == "8.000"
    assert git(edited.root, "status", "--short") == f"M {TEXT}"
    assert "\n" not in git(edited.root, "log", "--oneline", "--branches")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "make diff REV=main~3, or make diff CONFIG=other.yaml"),
        (["--revision=HEAD", "--config=x"], "Name one other side"),
        (["--revision=nowhere"], "REV=nowhere: there is no such commit here"),
        (["--revision=--all"], "REV=--all: there is no such commit here"),
        (["--config", "none.yaml"], "none.yaml: cannot be read"),
        (["--config", "tests/readers.yaml"], "tests/readers.yaml: dice.red is ["),
    ],
)
def test_another_side_that_cannot_be_is_refused(words, complaint, committed):
    run = committed.command("-m", "scripts.report.diff", *words, more=GIT)
    assert run.code != 0
    assert complaint in run.text
    assert "Done in" not in run.text


# The other tree


@pytest.fixture
def repository(tmp_path):
    """A repository whose `make report` is quick: it says whether it made an environment."""
    root = tmp_path / "repository"
    (root / "scripts/pipeline").mkdir(parents=True)
    (root / "envs").mkdir()
    (root / "data/cache/known").mkdir(parents=True)
    (root / "data/code").mkdir()
    (root / ".gitignore").write_text("/data/\n/out\n/own\n")
    shutil.copy2(ROOT / "scripts/pipeline/contract.py", root / "scripts/pipeline")
    shutil.copy2(ROOT / "envs/requirements.txt", root / "envs")
    shutil.copy2(ROOT / "envs/assignment.yaml", root / "envs")
    (root / "Makefile").write_text(
        "report: setup\n\tcp -R data/cache out\n\tmkdir data/cache/new\n\trm -r data/cache/known\n"
        "\tmkdir -p data/code\n\techo '{}' > data/code/old.json\n"
        "setup:\n\ttouch own\n"
    )
    commit_all(root)
    return root


def test_the_other_tree_borrows_the_run_cache_and_gives_back_what_it_computed(repository):
    tree, name = other_tree.of_revision(repository, "HEAD")
    assert git(repository, "rev-parse", "--short", "HEAD") == name
    other_tree.build(repository, tree, name)
    assert (tree / "out/known").is_dir()
    assert {path.name for path in (repository / "data/cache").iterdir()} == {"known", "new"}
    assert not (tree / "data/cache").exists()
    assert (repository / "data/code/old.json").is_file()


@pytest.mark.parametrize("pins", ["these", "others", "none"])
def test_other_pins_want_an_environment_of_their_own(repository, pins):
    lock = repository / "envs/requirements.txt"
    kept = lock.read_text()
    if pins == "none":
        git(repository, "rm", "--quiet", "envs/requirements.txt")
    elif pins == "others":
        lock.write_text(kept.replace("numpy==", "numpy==9"))
    git(repository, "commit", "--quiet", "--all", "--message", "Pins.", "--allow-empty")
    lock.write_text(kept)
    tree, name = other_tree.of_revision(repository, "HEAD")
    other_tree.build(repository, tree, name)
    assert (tree / "own").exists() is (pins != "these")


@pytest.mark.parametrize("form", ["today's", "another"])
def test_a_commit_from_before_todays_form_of_contract_gets_a_word(repository, form, capfd):
    if form == "another":
        path = repository / "scripts/pipeline/contract.py"
        kept = path.read_text()
        path.write_text(kept.replace("    pins: str\n", ""))
        git(repository, "commit", "--quiet", "--all", "--message", "Before.")
        path.write_text(kept)
    tree, name = other_tree.of_revision(repository, "HEAD")
    other_tree.build(repository, tree, name)
    assert ("from before today's form" in capfd.readouterr().err) is (form == "another")


def test_a_side_that_cannot_be_built_is_named_and_the_cache_comes_back(repository):
    (repository / "Makefile").write_text("report:\n\tmkdir data/cache/new\n\tfalse\nsetup:\n")
    git(repository, "commit", "--quiet", "--all", "--message", "Broken.")
    tree, _ = other_tree.of_revision(repository, "HEAD")
    with pytest.raises(DiffError, match=r"^HEAD was not built; why stands above"):
        other_tree.build(repository, tree, "HEAD")
    assert (repository / "data/cache/new").is_dir()


def test_the_other_tree_holds_its_commit_and_nothing_that_was_left_there(repository):
    (repository / ".gitignore").write_text("/data/\n")
    git(repository, "commit", "--quiet", "--all", "--message", "Nothing else is ignored.")
    tree, _ = other_tree.of_revision(repository, "HEAD~1")
    (tree / "own").write_text("ignored in one commit, a stray in the next")
    (tree / "Makefile").write_text("edited")
    assert other_tree.of_revision(repository, "HEAD")[0] == tree
    assert not (tree / "own").exists()
    assert (tree / "Makefile").read_text() == (repository / "Makefile").read_text()


def test_a_copied_repository_leaves_the_original_s_other_tree_alone(repository):
    tree, _ = other_tree.of_revision(repository, "HEAD")
    copy = repository.with_name("copy")
    shutil.copytree(repository, copy)
    git(copy, "commit", "--quiet", "--allow-empty", "--message", "More.")
    before = git(tree, "rev-parse", "HEAD")
    copied, _ = other_tree.of_revision(copy, "HEAD")
    assert git(copied, "rev-parse", "HEAD") == git(copy, "rev-parse", "HEAD") != before
    assert git(tree, "rev-parse", "HEAD") == before
    shutil.rmtree(copied)  # as `make clean` does
    other_tree.of_revision(copy, "HEAD")


def test_without_a_repository_there_is_no_other_side(tmp_path):
    with pytest.raises(DiffError, match=f"^{tmp_path} is no git repository"):
        other_tree.of_revision(tmp_path, "HEAD")


def test_two_comparisons_do_not_share_the_other_tree(tmp_path):
    busy = pytest.raises(DiffError, match="Another `make diff`")
    with other_tree.alone(tmp_path), busy, other_tree.alone(tmp_path):
        pass
    with other_tree.alone(tmp_path):
        pass


# Sentences, pictures


def changed(old: str, new: str) -> list[tuple[str, str, int]]:
    return [
        (before.text if before else "", after.text if after else "", (after or before).line)
        for before, after in sentences.changes(old, new)
    ]


PROSE = "# Head {#sec-a}\n\nOne is one. Two, e.g. 2, is\ntwo.\n\n- An item.\n- Another: $x$.\n"


@pytest.mark.parametrize(
    ("old", "new", "rows"),
    [
        ("is\ntwo", "is two", []),
        ("One is one. ", "One is one.\n", []),
        ("two.\n", "two. <!-- A\ncomment. -->\n", []),
        ("One is", "One was", [("One is one.", "One was one.", 3)]),
        ("- Another: $x$", "- Another: $y$", [("- Another: $x$.", "- Another: $y$.", 7)]),
        ("Two, e.g. 2, is\ntwo.", "", [("Two, e.g. 2, is two.", "", 3)]),
        ("- An item", "<!--\n\n-->- New.\n- An item", [("", "- New.", 8)]),
    ],
)
def test_sentences_are_compared_by_their_words(old, new, rows):
    assert old in PROSE
    assert changed(PROSE, PROSE.replace(old, new)) == rows


def drawing(path: Path, width: int, x: int) -> Path:
    """White, with a black square at the left and another one at x."""
    squares = "".join(f'<rect x="{at}" width="9" height="9"/>' for at in (0, x))
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="9pt" '
        f'viewBox="0 0 {width} 9">{squares}</svg>'
    )
    return path


def test_the_difference_of_pictures_is_colored_by_side(tmp_path):
    old, new = drawing(tmp_path / "a.svg", 40, 20), drawing(tmp_path / "b.svg", 60, 50)
    png = difference(old, new)
    pixels = matplotlib.image.imread(io.BytesIO(png), format="png")[9, :, :3]
    at = [pixels[2 * x].tolist() for x in (4, 14, 24, 54)]  # two pixels a point
    assert at == [[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 0, 1]]
    assert pixels.shape[0] == 2 * 60
    same = matplotlib.image.imread(io.BytesIO(difference(old, old)), format="png")[..., :3]
    assert np.ptp(same, axis=2).max() == 0
