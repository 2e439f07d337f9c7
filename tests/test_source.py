"""The scanner: what it finds in a document, where it says that it stands, what it leaves alone."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.report.engines import pandoc
from scripts.report.mistakes import check
from scripts.report.parts import figures_used, find_labels, parse_attributes
from scripts.report.source import Document, RenderError, find_math, merge_metadata, read_document
from scripts.report.variables import load_variables, markdown_escape

SAMPLE = Path(__file__).parent / "data" / "sample"


def write(folder: Path, **files: str) -> Path:
    """Files by stem; `doc` is the document, the others are included from it."""
    for stem, text in files.items():
        (folder / f"{stem}.qmd").write_text(text)
    return folder / "doc.qmd"


def lines(places: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    return [(Path(file).name, line) for file, line in places]


def variables_used(document: Document) -> list[tuple[str, str]]:
    """The variables of a document that are complained of where it has none, with their places."""
    with pytest.raises(RenderError) as raised:
        check(document, variables={})
    return re.findall(r"(\w+\.qmd:\d+): the variable `(\S+)` has no value", str(raised.value))


def test_what_the_sample_uses() -> None:
    document = read_document(SAMPLE / "sample.qmd")
    assert variables_used(document) == [
        ("sample.qmd:7", "game.saddles"),
        ("game.qmd:18", "game.value"),
        ("game.qmd:48", "game.saddles"),
        ("training.qmd:12", "training.theta"),
    ]
    assert {key: lines(where) for key, where in figures_used(document).items()} == {
        "line.svg": [("training.qmd", 1), ("training.qmd", 5), ("training.qmd", 7)]
    }
    assert {key: lines(where) for key, where in document.includes.items()} == {
        "exercises/game.qmd": [("sample.qmd", 12)],
        "exercises/training.qmd": [("sample.qmd", 16)],
    }


def test_the_sample_has_no_mistake_even_without_its_variables() -> None:
    check(read_document(SAMPLE / "sample.qmd"))


def test_places_follow_nested_includes(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        doc="# A\n\n{{< include one.qmd >}}\n\nLast {{< var x.d >}}\n",
        one="\n{{< var x.a >}}\n{{< include two.qmd >}}\n{{< var x.c >}}",
        two="{{< var x.b >}}\n\n\n",
    )
    document = read_document(path)
    assert variables_used(document) == [
        ("one.qmd:2", "x.a"), ("two.qmd:1", "x.b"), ("one.qmd:4", "x.c"), ("doc.qmd:5", "x.d"),
    ]  # fmt: skip
    assert list(document.includes) == ["one.qmd", "two.qmd"]


def test_variables_are_found_wherever_they_are_filled_in(tmp_path: Path) -> None:
    text = (
        '---\ntitle: "{{< var v.title >}}"\n---\n$x = {{< var v.math >}}$ `{{< var v.code >}}`\n\n'
        '| {{< var v.cell >}} |\n\n![{{< var v.caption >}}](a.svg){fig-alt="{{< var v.alt >}}"}\n\n'
        "```\n{{< var v.block >}}\n{{{< var v.shown >}}}\n```\n"
    )
    used = variables_used(read_document(write(tmp_path, doc=text)))
    assert [name.removeprefix("v.") for _, name in used] == [
        "title", "math", "code", "cell", "caption", "alt", "block",
    ]  # fmt: skip


CODE = """
```python
x = d @ e  # @fig-none <b> ![x](y.svg) {#thm-a} [^no] {{< nothing >}}
```

Inline `@fig-none <b> [^no] {#thm-a}` and ``a ` @fig-none``, mathematics $a @ b <c>$,
a comment <!-- @fig-none <b> -->, an escape \\@fig-none, mail me@example.org.

~~~
@fig-none
~~~

::: {#thm-a}
Only once.
:::
"""


def test_code_formulas_comments_and_escapes_are_no_prose(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, doc=CODE))
    check(document)
    assert [label.name for label in find_labels(document)] == ["thm-a"]
    assert figures_used(document) == {}


@pytest.mark.parametrize("start", ["@thm-a. So", "(@thm-a) So", "  @thm-a) So"])
def test_a_paragraph_that_pandoc_would_number_is_refused(tmp_path: Path, start: str) -> None:
    theorem = "::: {#thm-a}\nYes.\n:::\n\n"
    document = read_document(write(tmp_path, doc=f"{theorem}{start} it is.\n"))
    with pytest.raises(RenderError, match=r"doc\.qmd:5: a paragraph that begins with"):
        check(document)
    check(read_document(write(tmp_path, doc=f"{theorem}By\n@thm-a. And @thm-a, (@thm-a) it is.\n")))


def test_several_mistakes_are_all_named(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, doc="See @fig-a.\n\nAnd {{< var b >}}, @eq-c.\n"))
    with pytest.raises(RenderError) as raised:
        check(document, variables={"bb": "1"})
    message = str(raised.value)
    assert message.count("\n") == 2
    assert "doc.qmd:1: `@fig-a` refers to nothing" in message
    assert "doc.qmd:3: the variable `b` has no value" in message
    assert "did you mean `bb`?" in message


def test_a_figure_that_is_not_there_is_named(tmp_path: Path) -> None:
    text = '![C](figures/a.svg){#fig-a fig-alt="A line."}\n'
    with pytest.raises(RenderError, match=r"doc\.qmd:1: the figure figures/a\.svg does not exist"):
        check(read_document(write(tmp_path, doc=text)))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"doc": "{{< include doc.qmd >}}\n"}, r"doc\.qmd:1: .*includes itself"),
        ({"doc": "A {{< include one.qmd >}}\n", "one": ""}, "stands alone on its line"),
        ({"doc": "```\n{{< include one.qmd >}}\n```\n", "one": ""}, "inside a code block"),
        ({"doc": "{{< include one.qmd >}}\n", "one": "---\na: 1\n---\n"}, "no front matter"),
        ({"doc": "---\ntitle: x\n"}, "front matter is not closed"),
        ({"doc": "---\ntitle: [x\n---\n"}, r"doc\.qmd:\d: the YAML is broken"),
        ({"doc": "---\n- x\n---\n"}, "pairs are wanted"),
        ({}, "does not exist"),
    ],
)
def test_unreadable_documents(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(RenderError, match=message):
        check(read_document(write(tmp_path, **files)))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "doc.qmd").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RenderError, match="UTF-8"):
        read_document(tmp_path / "doc.qmd")


def test_variables_file(tmp_path: Path) -> None:
    path = tmp_path / "_variables.yml"
    path.write_text('a:\n  b: 18\n  c: "0.500"\nd: "-3"\n')
    assert load_variables(path) == {"a.b": "18", "a.c": "0.500", "d": "-3"}
    for value in ("0.500", "true", "null", "[1]"):
        path.write_text(f"a:\n  b: {value}\n")
        with pytest.raises(RenderError, match=r"of `a\.b` must be a text or a whole number"):
            load_variables(path)


def test_metadata_merges_as_in_quarto() -> None:
    base = {"a": 1, "f": {"t": {"x": 1}}, "l": [1, 2]}
    over = {"a": 2, "f": {"t": {"y": 2}, "h": {}}, "l": [2, 3]}
    assert merge_metadata(base, over) == {
        "a": 2,
        "f": {"t": {"x": 1, "y": 2}, "h": {}},
        "l": [1, 2, 3],
    }


def test_attributes() -> None:
    found = parse_attributes(r"""#eq-a .x - k=1 alt="it's \"so\" }" s='a b'""")
    assert found.identifier == "eq-a"
    assert found.classes == ("x", "unnumbered")
    assert found.values == {"k": "1", "alt": 'it\'s "so" }', "s": "a b"}


def test_formulas() -> None:
    text = "A $x$ and $$\ny\n$$ but \\$3 or $4 and $5 each; $a\\$b$."
    assert [(latex, display) for _, latex, display in find_math(text)] == [
        ("x", False),
        ("\ny\n", True),
        ("a\\$b", False),
    ]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126)), max_size=20))
def test_escaped_text_reads_back_as_itself(texts: list[str]) -> None:
    """Through the metadata that Pandoc reads, as a variable travels; blanks count as one."""
    with tempfile.TemporaryDirectory() as folder:
        template, values = Path(folder, "values.plain"), Path(folder, "values.json")
        template.write_text("$for(v)$«$v$»$endfor$")
        values.write_text(json.dumps({"v": [markdown_escape(text) for text in texts]}))
        done = subprocess.run(
            [str(pandoc.program()), "--from=markdown", "--to=plain", "--wrap=none",
             "--standalone", f"--template={template}", f"--metadata-file={values}"],
            input="", capture_output=True, encoding="utf-8", check=True,
        )  # fmt: skip
    wanted = "".join(f"«{' '.join(text.split())}»" for text in texts)
    assert done.stdout.rstrip("\n") == wanted


def test_the_line_of_each_character(tmp_path):
    path = tmp_path / "doc.qmd"
    path.write_text("---\ntitle: T\n---\n\nOne.\n\n\nTwo.\n")
    document = read_document(path)
    found = [document.place(offset).line for offset in range(len(document.text))]
    assert found == [document.text.count("\n", 0, at) + 1 for at in range(len(document.text))]
