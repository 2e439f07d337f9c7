"""Citations and the bibliography: the same in PDF and HTML, and nothing of an entry lost."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pikepdf
import pytest
from documents import fake_quarto, rendered, words_of_page, write_document

from scripts.report.engines import pandoc, quarto
from scripts.report.mistakes import check
from scripts.report.render import RenderError
from scripts.report.source import read_document


def cited(folder: Path, body: str, bibliography: str) -> tuple[str, str]:
    """Both editions, as `editions` has them, of a document with a bibliography."""
    document = write_document(folder, body)
    (folder / "references.bib").write_text(bibliography)
    return editions(document)


def editions(document: Path) -> tuple[str, str]:
    """The text of the PDF and of the HTML's body, with single blanks."""
    pdf, page = rendered(document)
    pdf = re.sub("[\x02\ufffe]\r?\n?", "", pdf)  # words divided at the end of a line
    page = re.sub(r"</(?:p|div|h\d|li)>", " ", page.partition("<main")[2].partition(">")[2])
    return _plain(pdf), _plain(words_of_page(page))


def _plain(text: str) -> str:
    return " ".join(re.sub("[\ufe00-\ufe0f\u2060]", "", text).split())


def entry_of(text: str) -> str:
    """The first entry of the bibliography, up to the second or the page's number."""
    return re.split(r" \[2\]| \d$", text.rpartition("Bibliography [1] ")[2])[0]


ENTRIES = {
    "others": (
        "@article{x, title={With Others}, author={Alpha, A. and Beta, B. and others}, journal={J}, "
        "year={2019}}",
        "A. Alpha, B. Beta, et al., “With Others,” J, 2019.",
    ),
    "howpublished": (
        r"@misc{x, title={A Page}, author={Alpha, A.}, howpublished={\url{https://example.org/~a_b}}"
        ", year={2020}}",
        "A. Alpha, “A Page.” https://example.org/~a_b, 2020.",
    ),
    "school": (
        "@phdthesis{x, title={On It}, author={Alpha, A.}, school={ETH Zürich}, year=2020, "
        "month=jan}",
        "A. Alpha, “On It,” PhD thesis, ETH Zürich, 2020.",
    ),
    "year of software": (
        "@software{x, title={PyTorch}, author={{Meta AI}}, year={2023}, url={https://pytorch.org}}",
        "Meta AI, PyTorch. (2023). Available: https://pytorch.org",
    ),
    "institution": (
        "@techreport{x, title={A Report}, author={Alpha, A.}, institution={NASA}, number={TR-5}, "
        "year={1999}}",
        "A. Alpha, “A Report,” NASA, TR-5, 1999.",
    ),
    "archive": (
        "@misc{x, title={A Preprint}, author={Alpha, A.}, eprint={1234.5678}, "
        "archivePrefix={arXiv}, year={2020}}",
        "A. Alpha, “A Preprint.” 2020. Available: https://arxiv.org/abs/1234.5678",
    ),
    "edition, chapter, pages": (
        "@inbook{x, title={Book}, author={Alpha, A.}, chapter={3}, pages={5--9}, publisher={P}, "
        "edition={2}, address={NY}, year={1990}}",
        "A. Alpha, “Book,” 2nd ed., NY: P, 1990, ch. 3, pp. 5–9.",
    ),
    "names": (
        "@book{x, title={T}, author={van der Vaart, A. W. and de la Cruz, Jr., Jean-Juan and "
        r"{\O}st, \AA{} and J{\"o}rg, \'E.}, year={2000}}",
        "A. W. van der Vaart, J.-J. de la Cruz Jr., Å. Øst, and É. Jörg, T. 2000.",
    ),
    "titles as written": (
        "@book{x, langid={english}, title={Understanding {Deep} Learning: A View}, "
        r"author={A, B}, publisher={Smith \& Sons}, year={2023}}",
        "B. A, Understanding Deep Learning: A View. Smith & Sons, 2023.",
    ),
    "texts with names": (
        '@string{nips = "Proc. " # "NeurIPS"}\nA remark.\n'
        "@inproceedings{x, title={T}, author={A, B}, booktitle = nips # { 1}, year={2001}}",
        "B. A, “T,” in Proc. NeurIPS 1, 2001.",
    ),
    "cross-reference": (
        "@inproceedings{x, title={T}, author={A, B}, crossref={y}}\n"
        "@proceedings{y, title={Whole}, publisher={P}, year={2001}}",
        "B. A, “T,” in Whole, P, 2001.",
    ),
    "date and journal of biblatex": (
        "@article{x, title={T}, author={A, B}, date={2020-05}, journaltitle={J}, volume={3}}",
        "B. A, “T,” J, vol. 3, May 2020.",
    ),
}


@pytest.mark.parametrize("case", ENTRIES)
def test_both_editions_print_the_same_entry(case: str, tmp_path: Path) -> None:
    bibliography, wanted = ENTRIES[case]
    pdf, web = cited(tmp_path, "It is so [@x].\n", bibliography)
    assert entry_of(web) == wanted
    assert entry_of(pdf).replace(" ", "") == wanted.replace(" ", "")  # lines of an address break


def test_formulas_in_a_title_are_set_and_spoken(tmp_path: Path) -> None:
    bibliography = (
        r"@inproceedings{x, title={On $\alpha$-{GAN}s: $\mathcal{O}(n^2)$}, author={A, B}, "
        "booktitle={C}, year={2016}}"
    )
    pdf, web = cited(tmp_path, "It is so [@x].\n", bibliography)
    assert entry_of(web) == "B. A, “On α-GANs: 𝒪(n2),” in C, 2016."
    assert entry_of(pdf).replace(" ", "") == "B.A,“On𝛼-GANs:𝒪(𝑛2),”inC,2016."
    with pikepdf.open(tmp_path / "a.pdf") as file:
        spoken = [
            str(node.Alt) for node in file.objects
            if isinstance(node, pikepdf.Dictionary) and node.get("/S") == "/Formula"
        ]  # fmt: skip
    assert sorted(spoken) == ["alpha", "script capital O of n squared"]


CITED = "".join(
    f"@book{{{key}, title={{Title {key}}}, author={{{author}}}, year={{20{number}}}}}\n"
    for key, author, number in (
        ("one", "van der Berg, Jan-Piet", 11),
        ("two", "A, B and C, D", 12),
        ("DBLP:conf/x-1", "{Open Group} and E, F and others", 13),
        ("1994four", "G, H", 14),
    )
)
CITATIONS = {
    "several, and words behind": ("[@one; @two, p. 5; @1994four]", "[1], [2, p. 5], [3]"),
    "words that name no part": ("[@one, problems 16.1 and 16.2]", "[1, problems 16.1 and 16.2]"),
    "sections": ("[@one, sec. 4]", "[1, sec. 4]"),
    "a formula behind": ("[@one, see $x$]", "[1, see x]"),
    "without its author": ("[-@one]", "[1]"),
    "a subject": ("@one says, and @two [p. 3] too", "J.-P. van der Berg [1] says, and B. A and "
                  "D. C [2, p. 3] too"),
    "a subject and others": ("@DBLP:conf/x-1", "Open Group et al. [1]"),
    "something like a call behind": ("[@one](x)", "J.-P. van der Berg [1]"),
    "a bracket behind": ("[@one]: so", "[1]: so"),
}  # fmt: skip


@pytest.mark.parametrize("case", CITATIONS)
def test_citations_are_set_alike(case: str, tmp_path: Path) -> None:
    text, wanted = CITATIONS[case]
    pdf, web = cited(tmp_path, f"Begin {text} end.\n", CITED)
    letters = str.maketrans({"𝑥": "x"})
    for edition in (pdf, web):
        assert f"Begin {wanted} end." in edition.translate(letters)


def test_citations_stand_anywhere_and_are_numbered_alike(tmp_path: Path) -> None:
    body = (
        "# Head [@one]\n\nA note.^[In it [@two].]\n\n"
        "| a |\n|---|\n| [@1994four] |\n\n: Words [@DBLP:conf/x-1]. {#tbl-a}\n\n"
        '![Words [@one].](line.svg){#fig-a fig-alt="A line rises"}\n\n'
        '::: {.callout-note title="T [@two]"}\nx\n:::\n'
    )
    pdf, web = cited(tmp_path, body, CITED)
    for edition in (pdf, web):
        for wanted in ("Head [1]", "In it [2].", "a [3]", "Words [4].", "Words [1].", "T [2]"):
            assert wanted in edition
    page = (tmp_path / "a.html").read_text()
    contents = page.partition("<nav")[2].partition("</nav>")[0]
    assert contents.count("<a ") == contents.count("<li>") == 2
    assert page.count('href="#ref-one"') == 2
    assert page.count('id="ref-one"') == 1


def test_a_citation_links_to_its_entry_and_an_entry_to_its_address(tmp_path: Path) -> None:
    cited(
        tmp_path,
        "It is so [@a/b].\n",
        "@misc{a/b, title={T}, author={A, B}, url={https://example.org/}, year={2000}}",
    )
    with pikepdf.open(tmp_path / "a.pdf") as file:
        links = [note for note in file.pages[0].Annots if note.Subtype == "/Link"]
        assert [str(note.A.URI) for note in links if "/A" in note and "/URI" in note.A] == [
            "https://example.org/"
        ]
        assert sum("/Dest" in note or note.A.S == "/GoTo" for note in links) == 2  # contents, [1]


def test_a_document_without_a_style_has_quartos_of_each_edition(tmp_path: Path) -> None:
    document = write_document(tmp_path, "@prince2023 says so [@prince2023, sec. 2].\n")
    settings = (tmp_path / "_quarto.yml").read_text().replace("csl: ieee.csl\n", "")
    (tmp_path / "_quarto.yml").write_text(settings)
    pdf, web = editions(document)
    assert "S. J. D. Prince [1] says so [1, sec. 2]." in pdf
    assert "Prince (2023) says so (Prince 2023, sec. 2)." in web


def test_a_style_that_does_not_cite_by_number_is_followed_in_both_editions(tmp_path: Path) -> None:
    document = write_document(tmp_path, "As @prince2023 [p. 5] says [@goodfellow2014].\n")
    command = [pandoc.program(), "--print-default-data-file=default.csl"]
    style = subprocess.run(command, capture_output=True, check=True).stdout
    (tmp_path / "my own.csl").write_bytes(style)
    settings = (tmp_path / "_quarto.yml").read_text().replace("ieee.csl", "my own.csl")
    (tmp_path / "_quarto.yml").write_text(settings)
    for edition in editions(document):
        assert "As Prince (2023, p. 5) says (Goodfellow et al. 2014)." in edition
        assert "Prince, Simon J. D. 2023. Understanding Deep Learning. MIT Press." in edition
    page = (tmp_path / "a.html").read_text()
    assert page.count('class="csl-entry"') == 2
    assert 'class="csl-left-margin"' not in page
    # What an entry without a number consists of must not be set in columns.
    columns = re.findall(r"^(\S*csl-entry.*?) \{[^}]*flex", page, re.MULTILINE)
    assert columns == [".csl-entry:has(> .csl-left-margin)"]


def test_a_bibliography_that_nobody_cites_is_not_printed(tmp_path: Path) -> None:
    pdf, web = cited(tmp_path, "Words.\n", CITED)
    assert "Bibliography" not in pdf + web


# ------------------------------------------------------------------------------- what is refused

BROKEN = {
    "no comma": ("@misc{x,\n title={A}\n year={2000}\n}\n", 3, "unexpected 'y'"),
    "no brace": ("@misc{x,\n title={A},\n year={2000}\n\n@misc{b, title={B}}\n", 5, "unexpected"),
    "no quote": ('@misc{x,\n title="A,\n year={2000}}\n', 4, "unexpected end of input"),
    "a formula": (
        "\n@misc{x, author={A, B},\n title={$\\foo$ bar}}\n",
        3,
        r"`\foo` cannot be read",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_in_the_bibliography_is_found_there(case: str, tmp_path: Path) -> None:
    bibliography, line, message = BROKEN[case]
    with pytest.raises(RenderError) as caught:
        cited(tmp_path, "It is so [@x].\n", bibliography)
    assert f"references.bib:{line}: " in str(caught.value)
    assert message in str(caught.value)


REFUSED = {
    "no author": ("@x says", "@misc{x, title={A}}", "doc.qmd:9: the entry `x` has no author"),
    "nothing": ("[@x]", "@misc{x, note={A}}", "doc.qmd:9: nothing of the entry `x` can be printed"),
    "one in another": (
        "[@x, as in @y]", "@misc{x, title={A}}\n@misc{y, title={B}}",
        "doc.qmd:9: a citation within the words of another would be lost: @y"),
    "a key that begins with a digit": (
        "[@2020x]", "@misc{2020y, title={A}}", "doc.qmd:9: `@2020x` is neither a label's kind"),
    "one key twice": (
        "[@x]", "@misc{x, title={A}}\n\n@book{x, title={B}}",
        "references.bib:3: the key `x` is taken, see "),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_printed_is_refused(case: str, tmp_path: Path) -> None:
    text, bibliography, message = REFUSED[case]
    with pytest.raises(RenderError) as caught:
        cited(tmp_path, f"Words.\n\nIt is so {text}.\n", bibliography)
    assert message in str(caught.value)


def test_a_key_twice_is_a_mistake_for_every_engine(tmp_path: Path) -> None:
    document = write_document(tmp_path, "Words.\n")
    (tmp_path / "references.bib").write_text("@misc{x, title={A}} @misc{x, title={B}}")
    with pytest.raises(RenderError, match=r"references\.bib:1: the key `x` is taken"):
        check(read_document(document))


def test_a_refusal_of_the_filter_stops_quarto(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = """REFUSED {"file": "references.bib", "line": "3", "message": "broken"} END"""
    fake_quarto(tmp_path / "bin", f"echo '{refused}' >&2\ntouch doc.pdf")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    document = read_document(write_document(tmp_path / "doc", "Words.\n"))
    with pytest.raises(RenderError, match=r"references\.bib:3: broken\."):
        quarto.render_pdf(document)
