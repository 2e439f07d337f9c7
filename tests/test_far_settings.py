"""The report at settings far from the committed ones: every theorem holds, and the text stays true.

Five documents, each from one mapping of each exercise's list in `tests/far`. What the text says of
its runs there was read (`test_language`); what no longer holds must be marked in both documents.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from documents import words_of_page, words_of_pdf
from house import SNAKEMAKE, House, copy_source, leaves, read_yaml

from scripts.pipeline import rules
from scripts.pipeline.config import CONFIG

ROOT = Path(__file__).parents[1]
FAR = {
    path.stem: yaml.safe_load(path.read_text("utf-8"))
    for path in sorted((ROOT / "tests" / "far").glob("*.yaml"))
}
MARK = "Does not hold at these settings:"


def far(house: House, number: int) -> None:
    """Give a copy the settings of the report, and over them those of one far document."""
    chosen = leaves({topic: settings[number] for topic, settings in FAR.items()})
    house.configure(leaves(read_yaml(ROOT / CONFIG)) | {"report.engine": "embedded"} | chosen)


def test_every_exercise_has_five_far_settings():
    assert {topic: len(settings) for topic, settings in FAR.items()} == dict.fromkeys(FAR, 5)
    blocks = read_yaml(ROOT / CONFIG).keys() - {"author", "report", "cache"}
    assert FAR.keys() == blocks


@pytest.mark.whole
@pytest.mark.parametrize("number", range(5))
def test_the_report_is_true_far_from_its_settings(number, tmp_path):
    house = copy_source(tmp_path / "house")
    far(house, number)
    run = house.command(*SNAKEMAKE, "--keep-going", timeout=1500)
    assert run.code == 0, run.text[-6000:]
    failed = {check["id"] for check in house.manifest["checks"] if not check["passed"]}
    for name, folders in [("assignment", ["exercises"]), ("companion", ["exercises", "companion"])]:
        paths = [path for folder in folders for path in (house.root / "report" / folder).iterdir()]
        text = "".join(path.read_text("utf-8") for path in sorted(paths))
        built = house.root / "report" / "build" / name
        words = " ".join(words_of_pdf(built.with_suffix(".pdf")).split())
        page = " ".join(words_of_page(built.with_suffix(".html").read_text("utf-8")).split())
        marked = failed & set(rules.observations(text))
        assert (MARK in page) == (MARK in words) == bool(marked)
        assert [one for one in marked if one not in page] == []
