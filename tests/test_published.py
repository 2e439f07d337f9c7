"""What is published from main, and what a container has in which the repository is opened."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import yaml
from house import ROOT

from scripts.pipeline import products

README = (ROOT / "README.md").read_text("utf-8")
WORKFLOW = yaml.load((ROOT / ".github/workflows/pages.yml").read_text("utf-8"), yaml.BaseLoader)
CONTAINER = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))


def commands(job: str) -> list[list[str]]:
    """The commands of a job, each as words."""
    texts = [step["run"] for step in WORKFLOW["jobs"][job]["steps"] if "run" in step]
    return [shlex.split(line) for text in texts for line in text.splitlines()]


def used(job: str) -> dict[str, dict[str, Any]]:
    """What each action of a job is given, by its name."""
    steps = [step for step in WORKFLOW["jobs"][job]["steps"] if "uses" in step]
    return {step["uses"].partition("@")[0]: step.get("with", {}) for step in steps}


def test_only_main_is_published():
    assert WORKFLOW["on"] == {"push": {"branches": ["main"]}, "workflow_dispatch": ""}
    assert WORKFLOW["jobs"]["build"]["if"] == "github.ref == 'refs/heads/main'"
    assert WORKFLOW["jobs"]["deploy"]["needs"] == "build"


def test_what_may_write_runs_no_code_of_the_repository():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    deploy = WORKFLOW["jobs"]["deploy"]
    assert "permissions" not in WORKFLOW["jobs"]["build"]
    assert deploy["permissions"] == {"pages": "write", "id-token": "write"}
    assert used("deploy").keys() == {"actions/deploy-pages"}
    assert commands("deploy") == []


def test_the_documents_are_published_under_the_names_that_the_index_links():
    build, make, *copies = commands("build")
    assert build == ["make", "report"]
    assert make == ["mkdir", "site"]
    index, *rest = copies
    assert index == ["cp", "docs/site.html", "site/index.html"]
    assert {words[-1] for words in rest} == {"site"}
    copied = {name for words in rest for name in words[1:-1]}
    assert copied == {*products.PRODUCTS, products.MANIFEST}
    page = (ROOT / "docs/site.html").read_text("utf-8")
    assert {f"report/build/{name}" for name in re.findall(r'href="([^"]+)"', page)} == copied
    assert used("build")["actions/upload-pages-artifact"] == {"path": "site"}
    assert "actions/configure-pages" in used("build")


def test_a_container_is_set_up_as_the_readme_says():
    assert CONTAINER["postCreateCommand"] == "make development"
    assert "`.devcontainer` runs `make development`" in " ".join(README.split())
    assert re.search(r"^development: ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    version = re.fullmatch(r"python:(3\.\d+)-bookworm", CONTAINER["image"])
    assert version
    assert re.search(rf"Python [\d., ]*\b{re.escape(version[1])}\b", README)


def test_a_container_has_the_browser_of_the_tests_and_shows_the_preview():
    assert CONTAINER["onCreateCommand"].split()[-1] == "chromium"
    (port,) = CONTAINER["forwardPorts"]
    assert f"127.0.0.1:{port}" in README
    assert CONTAINER["portsAttributes"].keys() == {str(port)}
