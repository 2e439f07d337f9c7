"""The extension that speaks formulas: in a stranger's document, and no two formulas alike."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pikepdf
import pytest
import tex
import typst
import yaml
from documents import EXTENSION, FRONT, ROOT, filtered, write_document
from house import PUBLISHED, House

from scripts.pipeline.rules import answers, text_files
from scripts.report.edition_pdf import _structure
from scripts.report.engines import features, pandoc
from scripts.report.render import RenderError
from scripts.report.source import Document, read_document

FILTERS = ["operator-spaces", "typst-math", "spoken-math"]


def spoken(formulas: Iterable[str]) -> list[str]:
    """What the extension says for each formula."""
    text = "\n\n".join(f"${' '.join(formula.split())}$" for formula in formulas)
    return re.findall(r'#math\.equation\(alt: "(.*?)", \$', filtered(text, "typst", FILTERS))


# ------------------------------------------------------------------------------- in any document

STRANGER = ROOT / "tests" / "data" / "stranger" / "doc.qmd"


def typst_of(document: Path, filters: Iterable[Path]) -> str:
    """A document in Typst, by Pandoc alone."""
    command = [pandoc.program(), "--from=markdown", "--to=typst", "--standalone", document]
    command += [f"--lua-filter={path}" for path in filters]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout


def manifest() -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((EXTENSION / "_extension.yml").read_text("utf-8"))
    return found


def test_its_manifest_names_its_filters_in_their_order() -> None:
    assert [entry["path"] for entry in manifest()["contributes"]["filters"]] == [
        f"{name}.lua" for name in FILTERS
    ]
    assert {path.name for path in EXTENSION.iterdir()} == {
        *("_extension.yml", "README.md", "speech.lua"),
        *(f"{name}.lua" for name in FILTERS),
    }


def test_a_strangers_document_is_accessible_with_the_extension_and_nothing_else(
    tmp_path: Path,
) -> None:
    """The folder is all that it takes along: no file of this project, no Python of it."""
    shutil.copytree(EXTENSION, tmp_path / "_extensions" / "spoken-math")
    filters = [
        tmp_path / "_extensions" / "spoken-math" / entry["path"]
        for entry in manifest()["contributes"]["filters"]
    ]
    (tmp_path / "doc.typ").write_text(typst_of(STRANGER, filters), "utf-8")
    (tmp_path / "doc.pdf").write_bytes(typst.compile(tmp_path / "doc.typ", pdf_standards=["ua-1"]))
    with pikepdf.open(tmp_path / "doc.pdf") as file:
        found = [str(node["/Alt"]) for name, node in _structure(file) if name == "/Formula"]
    root = "the square root of a squared plus b squared end root"
    assert found == ["a", "b", f"c equals {root}", "a b"]


def test_without_the_extension_the_strangers_document_is_refused(tmp_path: Path) -> None:
    (tmp_path / "doc.typ").write_text(typst_of(STRANGER, []), "utf-8")
    with pytest.raises(typst.TypstError, match="missing alt text"):
        typst.compile(tmp_path / "doc.typ", pdf_standards=["ua-1"])


LABELLED = (
    "`#math.equation(block: true, numbering: equation-numbering{}, [ `{{=typst}}$$x^2$$"
    "` ])<eq-a>`{{=typst}}"
)
"""A labelled equation as Quarto 1.10 hands it to a filter."""


@pytest.mark.parametrize(("own", "words"), [("", "x squared"), (', alt: "my words"', "my words")])
def test_a_labelled_equation_has_its_authors_words_or_else_its_own(own: str, words: str) -> None:
    made = filtered(LABELLED.format(own) + " and $y$", "typst", FILTERS)
    assert re.findall(r'alt: "(.*?)"', made) == [words, "y"]
    assert made.count("#math.equation") == 2


def test_an_author_gives_an_inline_formula_words_of_its_own() -> None:
    text = '[$E$]{alt="the \\"energy\\""} and [$E$ and $p$]{alt="both"}'
    assert re.findall(r'alt: "((?:\\.|[^"])*)"', filtered(text, "typst", FILTERS)) == [
        *(r"the \"energy\"", "capital E", "p")
    ]
    assert "alt=" not in filtered(text.partition(" and")[0], "html", FILTERS)


# ------------------------------------------------------------------------------- in this project

SETTINGS = {
    "by name": "filters:\n  - spoken-math",
    "by name, with a stage": "filters:\n  - path: spoken-math\n    at: post-quarto",
}


@pytest.mark.parametrize("folder", ["spoken-math", "somebody/spoken-math"])
@pytest.mark.parametrize("case", SETTINGS)
def test_the_embedded_engine_finds_an_extension_as_quarto_does(
    case: str, folder: str, tmp_path: Path
) -> None:
    document = small_document(tmp_path, SETTINGS[case])
    (tmp_path / "_extensions" / "spoken-math").rename(tmp_path / "put-away")
    (tmp_path / "_extensions" / folder).parent.mkdir(exist_ok=True)
    (tmp_path / "put-away").rename(tmp_path / "_extensions" / folder)
    found = features.filters(document, document.options("typst"))
    root = tmp_path / "_extensions" / folder
    assert found == {"pre-quarto": [], "post-quarto": [root / f"{name}.lua" for name in FILTERS]}


def small_document(folder: Path, setting: str) -> Document:
    """A document with one setting about filters, and none of the report's."""
    path = write_document(folder, "$x$\n", front=FRONT.replace("date:", f"{setting}\ndate:"))
    (folder / "_quarto.yml").write_text("lang: en\n")
    return read_document(path)


REFUSED = {
    "a name that no extension has": (
        "filters:\n  - spoken-maths", None,
        "doc.qmd:5: no extension in .*_extensions is called spoken-maths .there is spoken-math.",
    ),
    "more than filters": (
        "filters:\n  - spoken-math", "contributes:\n  shortcodes: [a.lua]\n",
        "other/_extension.yml:1: .* and nothing else; take this one out",
    ),
    "a filter at no stage": (
        "filters:\n  - spoken-math", "contributes:\n  filters: [a.lua]\n",
        "other/_extension.yml:1: .* and nothing else; take this one out",
    ),
    "YAML of two meanings": (
        "filters:\n  - spoken-math", "title: no\n",
        "other/_extension.yml:1: ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_an_extension_that_would_do_something_else_in_quarto_is_refused(
    case: str, tmp_path: Path
) -> None:
    setting, other, message = REFUSED[case]
    document = small_document(tmp_path, setting)
    if other:
        (tmp_path / "_extensions" / "other").mkdir()
        (tmp_path / "_extensions" / "other" / "_extension.yml").write_text(other)
    with pytest.raises(RenderError, match=message):
        features.filters(document, document.options("typst"))


def test_an_edit_of_the_extension_makes_both_documents_again(
    finished: House, tmp_path: Path
) -> None:
    house = finished.clone(tmp_path / "copy")
    files = {f"report/_extensions/spoken-math/{path.name}" for path in EXTENSION.iterdir()}
    assert files <= set(answers(text_files(house.root)))
    house.edit(
        "report/_extensions/spoken-math/speech.lua",
        lambda text: text.replace("'equals'", "'is equal to'"),
    )
    assert house.build().rules == PUBLISHED


# ------------------------------------------------------------------------------- what is mended

MENDED = {
    r"|a|^2 = |b|": "lr(|a|)^2 = lr(|b|)",
    r"p(x|y)\, q(z|w)": r"p \( x \| y \) thin q \( z \| w \)",
    r"\|x - y\|_2": "lr(bar.v.double x - y bar.v.double)_2",
    r"\{x : |x| > 0\}": "{ x : lr(|x|) > 0 }",
    r"[0,1) \cup |x|": r"\[ 0 \, 1 \) union lr(|x|)",
    r"\begin{cases} a & b \\ c & d \end{cases}": r'cases(delim: "{", a & quad b, c & quad d)',
    r"\left\|x\right\|": "lr(bar.v.double x bar.v.double)",
    r"\bigl\|x\bigr\|_1 + \Bigl|y\Bigr|": "lr(bar.v.double x bar.v.double)_1 + lr(|y|)",
    r"\Bigl[\tfrac12(a|b)\Bigr]": r"[1 / 2 \( a \| b \)]",
    r"\begin{aligned} \bigl( a &= b \bigr) \end{aligned}": (
        r"#scale(x: 120%, y: 120%)[\(] a & = b #scale(x: 120%, y: 120%)[\)]"
    ),
    r"\lvert x\rvert": "lr(|x|)",
    r"\mathbb E\!\left[x\right]": "bb(E) [x]",
    r"\operatorname*{arg\,min}_x f": "arg min_x f",
    r"\operatorname{Lip}(f)": r"upright(L i p) \( f \)",
    r"= a^{2}\operatorname{Cov} x": r"= a^2 thin upright(C o v) thin x",
    r"2ab\operatorname{tr}\le\operatorname{tr}": r"2 a b thin upright(t r) lt.eq upright(t r)",
    r"0\text{ or }1": r'0 upright("or") 1',
    r"n \quad \text{(a priori)}.": r'n quad upright("(a priori).")',
    r"x \; y": r"x med y",
    r"\begin{aligned} |a &= b| \end{aligned}": r"\| a & = b \|",
}


def test_formulas_that_pandoc_sets_badly_are_mended() -> None:
    formulas = "\n\n".join(f"${latex}$" for latex in MENDED)
    typst = filtered(formulas, "typst", ["operator-spaces", "typst-math"])
    assert re.findall(r"\$(.*)\$", typst) == list(MENDED.values())


LINES = {
    r"$3 \times 10^{-16}$": "$3 op(times) 10^(- 16)$",
    r"$n = 2 \text{ times } m \times k$": '$n = 2 upright(" times ") m op(times) k$',
    r"$$a \times b$$": "$ a times b $",
}
"""No line ends in a times sign; displayed formulas have no lines."""


@pytest.mark.parametrize("markdown", LINES)
def test_where_a_line_may_break_in_a_formula(markdown: str) -> None:
    typst = filtered(markdown, "typst", ["spoken-math"])
    assert LINES[markdown] in typst


# ------------------------------------------------------------------------------- what is said

SPOKEN = {
    r"x_i": "x sub i",
    r"x_{t,i,j}": "x subscript t, i, j end subscript",
    r"\sqrt{\alpha_t}x_i": "the square root of alpha sub t end root x sub i",
    r"\sqrt[3]{x}": "root of order 3 of x",
    r"\sum_{i=1}^m a_i": "sum over i from 1 to m of a sub i",
    r"\sum_{x \in S} x": "sum over x in capital S of x",
    r"\prod_{t=1}^{T} q": "product over t from 1 to capital T of q",
    r"\int_0^1 f": "integral from 0 to 1 of f",
    r"\lim_{t\to 0} g": "limit as t tends to 0 of g",
    r"\min_\phi L": "minimum over phi of capital L",
    r"\arg\min_{x} f": "argument of the minimum over x of f",
    r"\operatorname*{arg\,max}_y p": "argument of the maximum over y of p",
    r"\frac{1}{2m}": "the fraction 1 over 2 m end fraction",
    r"\tfrac12": "one half",
    r"\frac{a+b+c}{d}": "the fraction a plus b plus c over d end fraction",
    r"\|x\|^2": "norm of x end norm squared",
    r"\lVert x\rVert_1": "norm of x end norm sub 1",
    r"\|x\|_2 \le \|y\|": "norm of x end norm sub 2 is at most norm of y end norm",
    r"|a| + |b|":
        "absolute value of a end absolute value plus absolute value of b end absolute value",
    r"\left|\frac{a}{b}\right|": "absolute value of a over b end absolute value",
    r"p(x|z)": "p open parenthesis x given z close parenthesis",
    r"p(x|y) q(z|w)":
        "p open parenthesis x given y close parenthesis "
        "q open parenthesis z given w close parenthesis",
    r"\{x \in S : x > 0\}": "open brace x in capital S such that x is greater than 0 close brace",
    r"\{x \mid x\}": "open brace x such that x close brace",
    r"q(x \mid y)": "q open parenthesis x given y close parenthesis",
    r"\widehat L": "capital L hat",
    r"\bar x, \tilde y": "x bar, y tilde",
    r"\mathbf x_t": "bold x sub t",
    r"\mathcal N": "script capital N",
    r"\mathbb R^d": "the real numbers to the power d",
    r"\mathbb E[x]": "expectation open bracket x close bracket",
    r"\mathrm{KL}(q\,\|\,p)": "KL open parenthesis q double bar p close parenthesis",
    r"x' = A^\top x": "x prime equals capital A transpose x",
    r"A^{-1}": "capital A inverse",
    r"x^*": "x star",
    r"2^K": "2 to the power capital K",
    r"x_i^\theta": "x sub i superscript theta",
    r"\begin{aligned} a &= b \\ &\le c \end{aligned}": "line 1: a equals b; line 2: is at most c",
    r"\begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{else}\end{cases}":
        "the cases 1, if x is greater than 0; 0, else; end cases",
    r"\begin{pmatrix} a & b \\ c & d\end{pmatrix}": "matrix with rows a, b; c, d; end matrix",
    r"\underbrace{a+b}_{\text{loss}}": "the term a plus b, which is loss, end term",
    r"x \xrightarrow{d} y": "x goes by d to y",
    r"f: X \to Y": "f colon capital X to capital Y",
    r"A \Rightarrow B \iff C": "capital A implies capital B if and only if capital C",
    r"\theta \leftarrow \theta - \eta\nabla L":
        "theta becomes theta minus eta gradient capital L",
    r"\binom nk": "n choose k",
    r"\text{for $i \le m$}": "for i is at most m",
    r"m!\,(2^K+1)":
        "m factorial open parenthesis 2 to the power capital K plus 1 close parenthesis",
    r"x \notin A \subseteq B \cup C \setminus D":
        "x not in capital A is a subset of or equal to capital B union capital C "
        "without capital D",
    r"\exists x \forall y \ne z \approx \infty":
        "there is x for all y is not equal to z is approximately infinity",
    r"a := b": "a is defined as b",
    r"\Theta, \varepsilon": "capital theta, variant epsilon",
    r"12{,}000": "12,000",
    r"\left.\frac{\partial L}{\partial\theta}\right|_{\theta=\theta_t}":
        "the fraction partial capital L over partial theta end fraction "
        "evaluated where theta equals theta sub t end evaluation",
    r"\left.f\right|_a": "f evaluated at a",
    r"\left.f\right\|_a": "f evaluated at a",
    r"f\Big|_{x=0}": "f evaluated where x equals 0 end evaluation",
    r"f'|_{w=0}": "f prime evaluated where w equals 0 end evaluation",
    r"F\bigr|_0^1": "capital F evaluated from 0 to 1 end evaluation",
    r"F\bigg\rvert_{0}": "capital F evaluated at 0",
    r"F\Big\vert_{0}": "capital F evaluated at 0",
    r"\left.\left( f \right)\right|_a":
        "open parenthesis f close parenthesis evaluated at a",
    r"|x|_1 + \left|y\right|_2":
        "absolute value of x end absolute value sub 1 plus "
        "absolute value of y end absolute value sub 2",
    r"\|x\|_2": "norm of x end norm sub 2",
    r"\text{R\&D: 5\% of \$3, \$x\$ and \{y\}}": "R and D: 5% of $3, $x$ and {y}",
}  # fmt: skip


@pytest.fixture(scope="session")
def said() -> Mapping[str, str]:
    return dict(zip(SPOKEN, spoken(SPOKEN), strict=True))


@pytest.mark.parametrize("formula", SPOKEN)
def test_a_formula_is_read_aloud(said: Mapping[str, str], formula: str) -> None:
    assert said[formula] == SPOKEN[formula]


def test_no_latex_is_left_in_what_is_spoken(said: Mapping[str, str]) -> None:
    latex = re.compile(r"[\\{}^_&]")
    assert [words for words in said.values() if latex.search(words.replace("{y}", "y"))] == []


# ------------------------------------------------------------------------------- heard apart


@pytest.mark.parametrize(
    "pair",
    [
        (r"\frac12 X", r"\frac1{2X}"),
        (r"2\frac m3", r"\frac{2m}3"),
        (r"-\frac12", r"\frac{-1}2"),
        (r"\frac{\frac ab}c", r"\frac a{\frac bc}"),
        ("x_i j", "x_{ij}"),
        ("x_a b_{cd}", "x_{a b_c d}"),
        ("x^y z", "x^{yz}"),
        ("x^+ y", "x + y"),
        (r"\sqrt x y", r"\sqrt{xy}"),
        (r"\sqrt{x} \sqrt{yz}", r"\sqrt{x \sqrt y z}"),
        (r"x\bar y", r"\bar{xy}"),
        (r"\dot x y", r"x \cdot y"),
        (r"a \cdot b", r"a \times b"),
        (r"\sum_{f(x)} y", r"\sum_f x(y)"),
        (r"\mathbf x y", r"\mathbf{xy}"),
        (r"\varrho", r"\rho"),
        (r"\ell", "l"),
        (r"R", r"\mathcal R"),
        ("x^T", r"x^\top"),
    ],
)
def test_two_formulas_are_heard_apart(pair: tuple[str, str]) -> None:
    first, second = spoken(pair)
    assert first != second


def alike(formulas: Mapping[str, object]) -> dict[str, list[str]]:
    """The words that two formulas have in common which are not the same."""
    found = defaultdict(list)
    for formula, words in zip(formulas, spoken(formulas), strict=True):
        found[words].append(formula)
    return {
        words: same
        for words, same in found.items()
        if len({formulas[formula] for formula in same}) > 1
    }


def test_no_two_formulas_of_the_report_are_heard_alike() -> None:
    texts = [path.read_text("utf-8") for path in (ROOT / "report").rglob("*.qmd")]
    formulas = {
        re.sub(r"\{\{<\s*var\s+(\S+)\s*>\}\}", r"\\text{\1}", latex)
        for text in texts
        for _, latex, _ in Document(ROOT, text, (), 0, {}, {}).formulas
    }
    assert len(formulas) > 1000
    assert alike({formula: tex.normal_form(formula) for formula in sorted(formulas)}) == {}


def words_of(rows: Sequence[tex.Row]) -> dict[tex.Row, str]:
    """What is said for each formula, by the extension's module alone."""
    program = "for line in io.lines() do print(speak(line)) end"
    done = subprocess.run(
        [pandoc.program(), "lua", "-e", f"speak = dofile '{EXTENSION / 'speech.lua'}' {program}"],
        input="\n".join(map(tex.latex, rows)) + "\n",
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return dict(zip(rows, done.stdout.splitlines(), strict=True))


def heard_alike(rows: Iterable[tex.Row]) -> list[list[str]]:
    """Formulas that are heard alike, though they are not the same."""
    found: dict[str, list[str]] = defaultdict(list)
    for row, words in words_of(list(dict.fromkeys(rows))).items():
        found[words].append(tex.latex(row))
    return [same for same in found.values() if len(same) > 1]


@pytest.mark.parametrize(
    ("signs", "size"),
    [
        ("x 2 - f", 3),
        pytest.param("x 2 -", 4, marks=pytest.mark.whole),
        pytest.param("f = +", 4, marks=pytest.mark.whole),
        pytest.param("x", 5, marks=pytest.mark.whole),
    ],
)
def test_no_two_small_formulas_are_heard_alike(signs: str, size: int) -> None:
    formulas = tex.Formulas(signs)
    rows = [row for number in range(1, size + 1) for row in formulas.rows(number)]
    assert len(rows) > 1000
    assert heard_alike(rows) == []


def test_a_part_that_moves_into_or_out_of_another_is_heard() -> None:
    generator = random.Random(4)
    originals = [tex.drawn(generator, depth=3) for _ in range(300)]
    families = [(row, *tex.moved(row)) for row in originals]
    assert sum(map(len, families)) > 2000
    assert heard_alike(row for family in families for row in family) == []


def test_a_long_formula_has_pauses() -> None:
    """Before a relation, but for those in brackets; a short one has none."""
    side = " + ".join(f"(x_{number} = y)" for number in range(4))
    long, short = spoken([f"a = {side} = |b = c|", "a = b = c"])
    assert short == "a equals b equals c"
    assert [part.split()[0] for part in long.split("; ")] == ["a", "equals", "equals"]
