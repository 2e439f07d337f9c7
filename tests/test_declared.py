"""What a step or the document opens is declared, and so an input, or it is refused by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from documents import SAMPLE, write_document
from house import PUBLISHED, House, contract_of

from scripts.pipeline import cache, code, contract, job, rules, sidecar
from scripts.report.render import RenderError, prepared

STEP = """
import sys
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
{body}
from pathlib import Path
Path(options["--result"]).write_text("made")
"""


@pytest.fixture
def house(one_step: Path) -> Path:
    """A repository with one step, and files that no rule knows."""
    for name in ("data/raw", "data/other", "data/results/topic"):
        (one_step / name).mkdir(parents=True)
    shutil.copy(one_step / "scripts/topic/named.py", one_step / "scripts/topic/hidden.py")
    for name in ("input.txt", "committed.txt", "secret.txt", "secret.npy", "secret.xml"):
        shutil.copy(SAMPLE / "line.svg", one_step / "data/raw" / name)
    return one_step


MADE = "data/results/topic/made.txt"


def run(house: Path, body: str) -> int:
    (house / "scripts/topic/step.py").write_text(STEP.format(body=body.format(house=house)))
    files = {"data/raw/committed.txt": contract.sha256(house / "data/raw/committed.txt")}
    reads, makes = {"": ["data/raw/input.txt"]}, {"result": MADE}
    asked = contract_of("topic.step", reads=reads, makes=makes, files=files)
    return job.main(["--contract", str(asked), "--log", "data/logs/topic/step.log"])


ALLOWED = {
    "an input": "open('data/raw/input.txt').read()",
    "a committed file": "open('data/raw/committed.txt').read()",
    "a committed file by its whole path": "open('{house}/data/raw/committed.txt').read()",
    "a module that is imported": "from scripts.topic import named",
    "a module by its name, if it is imported somewhere": (
        "import importlib; importlib.import_module('scripts.topic.named')"
    ),
    "a temporary file": "import tempfile; tempfile.TemporaryFile().write(b'x')",
    "a temporary folder": (
        "import tempfile\nwith tempfile.TemporaryDirectory() as f: open(f + '/a', 'w')"
    ),
    "scratch in the step's own folder": "open('a', 'w').close(); import os; os.remove('a')",
    "its folder": "import os; assert len(os.listdir('data/raw')) == 2",
    "a cache of compiled code": (
        "import numba\n@numba.njit(cache=True)\ndef f(x): return x\nassert f(1) == 1"
    ),
    "the interpreter": "import numpy, matplotlib.pyplot",
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_declared_is_opened(house, capsys, name):
    assert run(house, ALLOWED[name]) == 0, capsys.readouterr().err
    assert Path("data/results/topic/made.txt").read_text() == "made"
    assert [path for path in Path("data/stage").rglob("*") if path.is_file()] == []


READ = "is opened and not declared. Name it under `input:` of the rule"
WRITTEN = "is written, moved or removed, and is no output of the rule"
SECRET = "scripts/topic/step.py:4: data/raw/secret.txt " + READ
REFUSED = {
    "opened": ("open('data/raw/secret.txt')", SECRET),
    "opened by its whole path": ("open('{house}/data/raw/secret.txt')", SECRET),
    "opened by way of the code's place": (
        "from pathlib import Path; (Path(__file__).parents[2] / 'data/raw/secret.txt').read_text()",
        SECRET,
    ),
    "opened from the repository's root": (
        "import os; os.chdir('{house}'); open('data/raw/secret.txt')", SECRET,
    ),
    "read by pathlib": (
        "from pathlib import Path; Path('data/raw/secret.txt').read_bytes()", SECRET,
    ),
    "read by NumPy": (
        "import numpy; numpy.load('data/raw/secret.npy')", f"data/raw/secret.npy {READ}",
    ),
    "read through a link": (
        "import os; os.symlink('{house}/data/raw/secret.txt', 'link'); open('link')", SECRET,
    ),
    "an error that the step ignores": (
        "try: open('data/raw/secret.txt')\nexcept OSError: pass", SECRET,
    ),
    "opened by a child": (
        "import subprocess; name = '{house}/data/raw/secret.txt'\n"
        "subprocess.run([sys.executable, '-c', f'open({{name!r}})'])",
        f"data/raw/secret.txt {READ}",
    ),
    "imported by its name": (
        "import importlib; importlib.import_module('scripts.topic.hidden')",
        "scripts/topic/step.py:4: scripts/topic/hidden.py is opened, and is no part of the step's",
    ),
    "code that is run": (
        "import runpy; runpy.run_path('{house}/scripts/topic/hidden.py')",
        "scripts/topic/hidden.py is opened, and is no part of the step's code",
    ),
    "a folder listed": (
        "import os; os.listdir('{house}/data/results')",
        "scripts/topic/step.py:4: the folder data/results is listed, and other files may come",
    ),
    "a folder listed where it is not": (
        "import os; os.listdir('data/other')",
        "scripts/topic/step.py:4: the folder data/other is listed",
    ),
    "a folder moved": (
        "import os; os.rename('{house}/data/raw', 'x')", f"data/raw {WRITTEN}",
    ),
    "a folder removed": (
        "import shutil; shutil.rmtree('{house}/data/raw')", f"data/raw {WRITTEN}",
    ),
    "written": (
        "open('{house}/data/results/topic/other.txt', 'w')",
        f"scripts/topic/step.py:4: data/results/topic/other.txt {WRITTEN}",
    ),
    "its own result written in place": (
        "open('{house}/data/results/topic/made.txt', 'w')",
        f"data/results/topic/made.txt {WRITTEN}",
    ),
    "moved": (
        "import os; os.rename('{house}/data/raw/secret.txt', 'x')",
        f"data/raw/secret.txt {WRITTEN}",
    ),
    "an input changed": (
        "open('data/raw/input.txt', 'a')",
        "data/raw/input.txt is an input of the step and opened for writing",
    ),
    "another result": (
        "open('data/results/topic/other.txt', 'w').write('x')",
        "it also wrote data/results/topic/other.txt; name that under `output:`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_declared_is_refused_by_name(house, capsys, name):
    body, sentence = REFUSED[name]
    before = {path: path.read_bytes() for path in Path("data/raw").iterdir()}
    assert run(house, body) == 1
    assert sentence in capsys.readouterr().err
    assert not Path("data/results/topic/made.txt").exists()
    assert not Path(cache.CACHE).exists()
    assert {path: path.read_bytes() for path in Path("data/raw").iterdir()} == before


CHILDREN = """
import multiprocessing
def read(name):
    return open(name).read()
if __name__ == '__main__':
    with multiprocessing.get_context('{how}').Pool(1) as pool:
        try: pool.map(read, ['{{house}}/data/raw/secret.txt'])
        except OSError: pass
"""


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_processes_of_the_step_are_watched_as_it_is(house, capsys, how):
    assert run(house, CHILDREN.format(how=how)) == 1
    assert f"scripts/topic/step.py:7: data/raw/secret.txt {READ}" in capsys.readouterr().err


def test_what_python_does_not_open_is_not_there(house, capsys):
    parse = "from lxml import etree; etree.parse('data/raw/{}')"
    assert run(house, parse.format("committed.txt")) == 0
    shutil.rmtree(cache.CACHE)
    assert run(house, parse.format("secret.xml")) == 1
    assert "failed to load" in capsys.readouterr().err


def test_what_python_keeps_beside_code_may_be_listed(house):
    (house / "scripts/topic/__pycache__").mkdir()
    assert run(house, f"import os; os.listdir({str(house / 'scripts/topic/__pycache__')!r})") == 0


def test_a_log_of_the_step_is_kept_beside_its_own(house):
    make = "import os; os.makedirs('data/logs/topic')"
    assert run(house, f"{make}; open('data/logs/topic/more.txt', 'w').write('x')") == 0
    assert Path("data/logs/topic/more.txt").read_text() == "x"


def test_an_input_elsewhere_or_behind_a_link_is_read(house, tmp_path, capsys):
    (tmp_path / "large").write_text("large")
    Path("data/raw/input.txt").unlink()
    Path("data/raw/input.txt").symlink_to(tmp_path / "large")
    assert run(house, "assert open('data/raw/input.txt').read() == 'large'") == 0
    shutil.rmtree(cache.CACHE)
    assert run(house, "assert open('{house}/data/raw/input.txt').read() == 'large'") == 0


def test_code_that_is_edited_after_it_was_asked_for_is_read_anew(root, monkeypatch):
    monkeypatch.chdir(root)
    before = code.fingerprint(root, "scripts.common.seeds")
    monkeypatch.setattr(code, "_digest", lambda _: "newer")
    monkeypatch.setattr(code, "_made", lambda _: {"scripts.common.seeds": code.Module([], {}, {})})
    assert code.fingerprint(root, "scripts.common.seeds") == before
    code.forget()
    monkeypatch.setattr(code, "reached", lambda *_: ["scripts.common.seeds"])
    assert code.fingerprint(root, "scripts.common.seeds") != before
    code.forget()


# The document


def test_every_file_of_the_author_is_an_input_of_the_document(tmp_path):
    kept = ["report/a.qmd", "report/notes/deep/b.md", "report/photo.png"]
    left_out = [
        "report/build/a.pdf", "report/generated/t/f.svg", "report/_variables.yml",
        "report/_variables.yml.prov.json", "report/.quarto/x", "report/.a.qmd.swp",
        "report/a.qmd~", "report/#a.qmd#", "report/notes/.DS_Store",
    ]  # fmt: skip
    for name in (*kept, *left_out):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert rules.text_files(tmp_path) == kept
    (tmp_path / "report/linked").symlink_to(tmp_path / "report/notes")
    with pytest.raises(SystemExit, match="report/linked is a link to a folder"):
        rules.text_files(tmp_path)
    (tmp_path / "report/linked").unlink()
    for number in range(400):
        (tmp_path / f"report/{number}.png").touch()
    with pytest.raises(SystemExit, match=r"holds 403 files of yours.*move those"):
        rules.text_files(tmp_path)


STRAYS = {
    "a figure": (
        'Text.\n\n![A.](../own.svg){#fig-a fig-alt="A line, drawn."}', r"doc\.qmd:9: \.\./own\.svg",
    ),
    "a whole path": (
        '![A.](/tmp/own.svg){#fig-a fig-alt="A line, drawn."}', r"doc\.qmd:7: /tmp/own\.svg",
    ),
    "a hidden figure": (
        '![A.](.own.svg){#fig-a fig-alt="A line, drawn."}', r"doc\.qmd:7: \.own\.svg",
    ),
    "a way round": (
        '![A.](a/../../own.svg){#fig-a fig-alt="A line."}', r"doc\.qmd:7: a/\.\./\.\./own\.svg",
    ),
    "an include": ("{{< include ../data/notes.qmd >}}", r"doc\.qmd:7: \.\./data/notes\.qmd"),
    "an include of an include": ("{{< include a.qmd >}}", r"a\.qmd:3: \.\./data/notes\.qmd"),
}  # fmt: skip


@pytest.mark.parametrize("name", STRAYS)
def test_what_lies_outside_the_folder_is_refused_with_its_line(tmp_path, monkeypatch, name):
    body, place = STRAYS[name]
    folder = tmp_path / "report"
    qmd = write_document(folder, f"{body}\n")
    monkeypatch.chdir(folder)
    Path("a.qmd").write_text("One.\n\n{{< include ../data/notes.qmd >}}\n")
    (tmp_path / "data").mkdir()
    Path("../data/notes.qmd").write_text("Notes.\n")
    for copy in ("../own.svg", ".own.svg"):
        shutil.copy("line.svg", copy)
    with pytest.raises(RenderError, match=f"^{place} is hidden or outside the document's folder"):
        prepared(qmd.name)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ieee.csl", "../ieee.csl"),
        ("references.bib", "/home/a/references.bib"),
        ("filters/web.lua", "../x/web.lua"),
    ],
)
def test_a_setting_that_names_a_file_elsewhere_is_refused(tmp_path, monkeypatch, old, new):
    qmd = write_document(tmp_path, "Text.\n")
    monkeypatch.chdir(tmp_path)
    settings = Path("_quarto.yml").read_text().replace(old, new)
    Path("_quarto.yml").write_text(settings)
    line = settings.split(new)[0].count("\n") + 1
    with pytest.raises(RenderError, match=f"^_quarto.yml:{line}: {new} is hidden or outside"):
        prepared(qmd.name)


@pytest.mark.parametrize("name", ["../../own.png", "/own.png"])
def test_a_style_sheet_that_names_a_file_elsewhere_is_refused(tmp_path, monkeypatch, name):
    qmd = write_document(tmp_path, "Text.\n")
    monkeypatch.chdir(tmp_path)
    Path("css").mkdir()
    Path("css/own.css").write_text(f"p {{ color: red }}\np {{ background: url('{name}') }}\n")
    with pytest.raises(RenderError, match=r"^css/own\.css:2: .*own\.png is hidden or outside"):
        prepared(qmd.name)
    Path("css/own.css").write_text("p { background: url(../line.svg) }\n@import url(data:x,y);\n")
    prepared(qmd.name)


SHOWN = """
{{< include notes/own/aside.qmd >}}

![A picture of my own.](own/picture.svg){#fig-own-picture fig-alt="A bar that is drawn."}
"""
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="9"><path d="M0 1h9"/></svg>'


def show_own_files(house: House) -> None:
    """Show a picture and a text of the author's own, in folders that are new."""
    report = house.root / "report"
    for name, text in (("own/picture.svg", PICTURE), ("notes/own/aside.qmd", "Aside.")):
        (report / name).parent.mkdir(parents=True)
        (report / name).write_text(f"{text}\n", encoding="utf-8")
    house.edit("report/exercises/dice.qmd", lambda text: text + SHOWN)


def edit_own_file(house: House, name: str) -> None:
    house.edit(f"report/{name}", lambda text: text.replace("M0 1", "M0 2").replace("A", "An a"))


def test_the_authors_own_files_are_inputs_of_the_document(finished: House, tmp_path):
    house = finished.clone(tmp_path / "copy")
    show_own_files(house)
    assert house.build().rules == PUBLISHED | {"collect_report"}  # there is a new label
    found = sidecar.read(house.root / "report/build/assignment.pdf")
    assert found is not None
    assert {"report/own/picture.svg", "report/notes/own/aside.qmd"} <= found["contract"][
        "files"
    ].keys()
    verify = ["-m", "scripts.pipeline.verify_tree"]
    for name in ("own/picture.svg", "notes/own/aside.qmd"):
        assert house.command(*verify).code == 0
        edit_own_file(house, name)
        run = house.command(*verify)
        assert run.code == 1
        assert f"report/{name} is not what report/build/assignment.pdf records" in run.text
        assert house.build().rules == PUBLISHED
    assert "An aside" in (house.root / "report/build/assignment.html").read_text(encoding="utf-8")


def test_a_filter_or_header_sees_no_file_of_the_repository_but_the_documents(finished, tmp_path):
    house = finished.clone(tmp_path / "copy")
    house.edit(
        "report/filters/web.lua",
        lambda text: (
            'if io.open("../workflow/config.yaml") then error("it is there") end\n'
            f'if not io.open("references.bib") then error("it is not there") end\n{text}'
        ),
    )
    house.build()
    house.edit("report/header.typ", lambda text: text + '\n#import "../Snakefile.typ": x\n')
    run = house.snakemake()
    assert run.code != 0
    assert "Snakefile.typ" in run.text
    assert (house.root / "report/build/assignment.pdf").is_file()
