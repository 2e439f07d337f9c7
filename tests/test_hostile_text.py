"""Hostile text and data: no pickle is loaded, no value reaches a shell, no markup gets through."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import numpy as np
import pypdf
import pytest
import yaml
from documents import words_of_page, words_of_pdf
from house import ROOT, House
from kills import report

from scripts.common.artifacts import load_arrays
from scripts.report import edition_pdf, verify
from scripts.report.engines import embedded
from scripts.report.source import read_document
from scripts.report.variables import markdown_escape

SCRIPTS = sorted((ROOT / "scripts").rglob("*.py")) + sorted((ROOT / "workflow").rglob("*.py"))

LOADERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
"""Modules whose files run code when they are read."""

PICKLING_CALLS = {"torch.load", "torch.save", "torch.jit.load", "pandas.read_pickle"}
SAFE_LOADERS = {"_StrictLoader", "yaml.SafeLoader", "yaml.CSafeLoader"}
RUNNING_CALLS = {"eval", "exec", "os.system", "os.popen", "subprocess.getoutput"}


def faults(source: str) -> list[str]:
    """What in a module could run code that a file or a setting holds."""
    found = []
    names: dict[str, str] = {"np": "numpy"}
    tree = ast.parse(source)
    for node in ast.walk(tree):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module]
            names |= {
                alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names
            }
        found += [module for module in modules if module.split(".")[0] in LOADERS]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        first, dot, rest = ast.unparse(node.func).partition(".")
        called = names.get(first, first) + dot + rest
        options = {word.arg: ast.unparse(word.value) for word in node.keywords}
        if called in PICKLING_CALLS | RUNNING_CALLS or "shell" in options:
            found.append(called)
        if called == "numpy.load" and options.get("allow_pickle") != "False":
            found.append("numpy.load without allow_pickle=False")
        if options.get("allow_pickle", "False") != "False":
            found.append("allow_pickle")
        if called in ("yaml.load", "yaml.unsafe_load", "yaml.full_load") and (
            options.get("Loader") not in SAFE_LOADERS
        ):
            found.append(called)
    return found


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_script_loads_a_pickle_or_starts_a_shell(path):
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from cloudpickle import loads", "import torch\ntorch.load('x')",
        "from torch import load as read\nread('x')", "import numpy\nnumpy.load('x')",
        "import numpy as np\nnp.load('x', allow_pickle=True)", "import os\nos.system('x')",
        "import numpy as np\nnp.load('x', allow_pickle=flag)",
        "import subprocess\nsubprocess.run('x', shell=True)", "eval('x')",
        "import yaml\nyaml.load(text, Loader=yaml.Loader)",
    ],
)  # fmt: skip
def test_the_scan_finds_what_it_looks_for(source):
    assert faults(source)


class Payload:
    """Runs `touch` when it is unpickled."""

    def __init__(self, target: Path):
        self.target = target

    def __reduce__(self):
        return (os.system, (f"touch '{self.target}'",))


def test_a_crafted_array_file_is_refused_and_runs_nothing(tmp_path):
    target = tmp_path / "pwned"
    file = tmp_path / "crafted.npz"
    np.savez(file, harmless=np.zeros(2), x=np.array([Payload(target)], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        load_arrays(file)
    assert not target.exists()
    with np.load(file, allow_pickle=True) as archive:
        archive["x"]
    assert target.exists()  # the file is as dangerous as it should be


# Through the whole build

NAMES = [
    "$(touch pwned) `touch pwned` \"a\"; touch pwned; 'b' && touch pwned | x > pwned ~ {output} %s",
    "#x *b* _u_ $m$ <script>alert(1)</script> @me \\ {{< var x >}} [l](u) &amp; `c` ^s^ ~d~ --",
]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("name", NAMES, ids=["shell", "markup"])
def test_a_hostile_author_is_printed_and_nothing_else(house: House, tmp_path, name):
    assert len(name) <= 100
    house.configure({"author.name": name})
    before = set(house.root.iterdir())
    code, text = report(house)
    assert code == 0, text
    assert set(house.root.iterdir()) == before
    assert not list(tmp_path.rglob("pwned"))
    assert squeezed(name) in squeezed(words_of_pdf(house.root / "report/build/assignment.pdf"))
    page = (house.root / "report/build/assignment.html").read_text(encoding="utf-8")
    assert squeezed(name) in squeezed(words_of_page(page))
    assert "<script>alert" not in page


def test_what_is_unresolved_is_still_found(tmp_path):
    author = "Al {{< var x >}}"
    assert verify._placeholders(f"T by {author}. End", author) == []
    assert verify._placeholders(f"T by {author}. See {{{{< var y >}}}}", author) == ["{{<", ">}}"]
    assert verify._placeholders("T by ?var:author.name", "") == ["?var:author.name"]
    unresolved = "{{< var author.name >}}"
    assert verify._placeholders(f"T by {unresolved}", unresolved) == ["{{<", ">}}"]
    for given in (author, None):
        writer = pypdf.PdfWriter()
        writer.add_blank_page(10, 10)
        if given is not None:
            writer.add_metadata({"/Author": given})
        writer.write(tmp_path / "a.pdf")
        assert edition_pdf.read_structure((tmp_path / "a.pdf").read_bytes()).author == (given or "")


SIGNS = ["#", "*a*", "_a_", "$a$", "<script>x</script>", "@me", "\\", "{{< var x >}}"]


@pytest.mark.parametrize("hostile", [*SIGNS, *NAMES])
def test_titles_are_escaped_alike(tmp_path, hostile):
    """A hostile value in the title, the subtitle, the author, a heading and a sentence."""
    (tmp_path / "_variables.yml").write_text(yaml.safe_dump({"v": {"x": markdown_escape(hostile)}}))
    (tmp_path / "doc.qmd").write_text(
        '---\ntitle: "T {{< var v.x >}} T"\nsubtitle: "S {{< var v.x >}} S"\n'
        'author: "A {{< var v.x >}} A"\ndate: 2023-04-09\n---\n\n'
        "# H {{< var v.x >}} H\n\nP {{< var v.x >}} P\n"
    )
    document = read_document(tmp_path / "doc.qmd")
    page = embedded.render_html(document).decode()
    assert "<script>" not in page
    for found in (words_of_pdf(embedded.render_pdf(document)), words_of_page(page)):
        for mark in "TSAHP":
            assert squeezed(f"{mark}{hostile}{mark}") in squeezed(found)
