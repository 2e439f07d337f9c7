"""The embedded engine: Pandoc and Typst from PyPI wheels, with a small reading of Quarto in Lua.

What it does not know it refuses by name, with file and line; it drops nothing silently.
"""

from __future__ import annotations

import difflib
import importlib.metadata
import importlib.util
import json
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from scripts.report.engines.self_contained import with_images, with_styles
from scripts.report.parts import figures_used, find_equations, find_shortcodes
from scripts.report.source import Document, Place, RenderError, shown
from scripts.report.variables import load_variables

_HERE = Path(__file__).parent
#: Metadata keys with a meaning here, and for the closed ones the values that are supported.
_KEYS: Mapping[str, tuple[Any, ...] | None] = {
    "title": None, "subtitle": None, "author": None, "date": None, "abstract": None,
    "keywords": None, "lang": None, "number-sections": (True, False), "number-depth": None,
    "section-numbering": ("1.1.1",), "toc": (True, False), "toc-depth": None, "toc-title": None,
    "bibliography": None, "csl": None, "execute": ({"enabled": False},), "filters": None,
    "include-in-header": None, "css": None,
    "project": None, "papersize": None, "margin": None, "fontsize": None,
    "pdf-standard": ("ua-1",), "html-math-method": ("mathml",), "embed-resources": (True,),
}  # fmt: skip


def version() -> str:
    """The wheels that do the work, which pin Pandoc and Typst.

    Raises RenderError when one of them is not installed.
    """
    return ", ".join(f"{name} {_wheel_version(name)}" for name in ("pypandoc_binary", "typst"))


def _wheel_version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        raise RenderError(
            f"the embedded engine needs the package {name}, which is not installed; install "
            "envs/requirements.txt, or set the engine to `quarto`."
        ) from None


def _pandoc() -> Path:
    """The Pandoc of the wheel; never one that happens to be on PATH."""
    version()
    spec = importlib.util.find_spec("pypandoc")
    if spec is None or spec.origin is None:
        raise RenderError("the package pypandoc_binary is damaged; install it anew.")
    files = Path(spec.origin).parent / "files"
    return next(path for path in (files / "pandoc", files / "pandoc.exe") if path.exists())


def render_pdf(document: Document) -> bytes:
    """The document as PDF. Raises RenderError; writes nothing."""
    import typst

    options = _options(document, "typst")
    source = _run_pandoc(document, options, "typst", "template.typ", [])
    standards = [options["pdf-standard"]] if "pdf-standard" in options else []
    compile_typst: Any = typst.compile  # its types do not know a document in memory with a root
    try:
        pdf: bytes = compile_typst(
            source.encode(),
            root=str(document.folder.resolve()),
            format="pdf",
            ignore_system_fonts=True,
            pdf_standards=standards,
            timestamp=timestamp(document),
        )
    except typst.TypstError as error:
        raise _typst_problem(document, source, error) from None
    return pdf


def render_html(document: Document) -> bytes:
    """The document as one self-contained HTML file. Raises RenderError; writes nothing."""
    options = _options(document, "html") | {"link-citations": True}
    depth = int(options["toc-depth"]) + 1  # the title is the first level of the page
    arguments = ["--mathml", "--citeproc", f"--toc-depth={depth}"]
    if options.get("toc"):
        arguments.append("--toc")
    page = _run_pandoc(document, options, "html5", "template.html", arguments)
    page = with_styles(page, _files(document, options, "css"))
    return with_images(page, document.folder).encode()


def timestamp(document: Document) -> int:
    """The front matter's date as seconds since 1970: the only date that the output holds."""
    day = document.metadata.get("date")
    try:
        parsed = day if isinstance(day, date) else date.fromisoformat(str(day))
    except ValueError:
        raise RenderError(
            f"{shown(document.path)}:1: the document needs a fixed date, `date: 2023-04-09` in its "
            f"front matter; it has {day!r}."
        ) from None
    return int(datetime(parsed.year, parsed.month, parsed.day, tzinfo=UTC).timestamp())


# ------------------------------------------------------------------------------- metadata


def _options(document: Document, target: str) -> dict[str, Any]:
    """The document's settings for one format, checked, with defaults filled in."""
    options = document.options(target)
    formats = document.metadata.get("format") or {}
    unknown = set(formats) - {"typst", "html"} if isinstance(formats, dict) else {formats}
    if unknown:
        raise _refused(document, str(min(unknown)), f"the format `{min(unknown)}`")
    for key, value in options.items():
        if key not in _KEYS:
            raise _refused(document, key, f"the setting `{key}`")
        allowed = _KEYS[key]
        if allowed is not None and value not in allowed:
            raise _refused(document, key, f"`{key}: {value}`")
    timestamp(document)
    defaults = {
        "lang": "en", "toc-depth": 3, "toc-title": "Table of contents", "papersize": "us-letter",
        "margin": {"x": "1.25in", "y": "1.25in"}, "fontsize": "11pt", "number-depth": 6,
    }  # fmt: skip
    return defaults | options


def _refused(document: Document, snippet: str, what: str) -> RenderError:
    return RenderError(
        f"{_where(document, snippet)}: {what} is not supported by the embedded engine; take it "
        "out, or render with Quarto (`--engine quarto`)."
    )


def _where(document: Document, snippet: str) -> Place:
    """The first place that holds a snippet, in the document or in _quarto.yml."""
    for wanted in (f".{snippet}", f"::: {snippet}", snippet):
        offset = document.text.find(wanted) if snippet else -1
        if offset >= 0:
            return document.place(offset)
    project = document.folder / "_quarto.yml"
    if snippet and project.exists():
        for number, line in enumerate(project.read_text(encoding="utf-8").splitlines(), 1):
            if snippet in line:
                return Place(shown(project), number)
    return Place(shown(document.path), 1)


def _authors(document: Document, given: Any) -> list[dict[str, str]]:
    """``author`` in its three spellings (text, list, maps) as a list of maps."""
    authors = []
    for author in given if isinstance(given, list) else [given] if given else []:
        entry = author if isinstance(author, dict) else {"name": author}
        unknown = set(entry) - {"name", "affiliation", "email"}
        if unknown:
            raise _refused(document, min(unknown), f"`{min(unknown)}` of an author")
        authors.append({key: str(value) for key, value in entry.items()})
    return authors


def _filters(document: Document, options: Mapping[str, Any]) -> list[Path]:
    """The document's own Lua filters, in order."""
    paths = []
    for entry in options.get("filters", []):
        if not isinstance(entry, dict) or entry.get("at") != "post-quarto" or "path" not in entry:
            name = entry.get("path", entry) if isinstance(entry, dict) else entry
            raise _refused(document, str(name), f"the filter {name} without `at: post-quarto`")
        paths.append(_file(document, entry["path"]))
    return paths


def _files(document: Document, options: Mapping[str, Any], key: str) -> list[Path]:
    """The files that a setting names, one or a list, in order."""
    given = options.get(key, [])
    names = given if isinstance(given, list) else [given]
    for name in names:
        if not isinstance(name, str):
            raise _refused(document, key, f"`{key}: {name}`")
    return [_file(document, name) for name in names]


def _file(document: Document, name: str) -> Path:
    """A file that the settings name. Raises RenderError when it does not exist."""
    path = document.folder / name
    if not path.is_file():
        raise RenderError(
            f"{_where(document, name)}: the file {shown(path)} does not exist; correct the setting."
        )
    return path


# ------------------------------------------------------------------------------- Pandoc


def _with_equations(document: Document) -> str:
    """The body with each labelled equation in brackets, by which Pandoc reads its label."""
    parts, last = [], document.body
    for equation in find_equations(document):
        (start, end), (label, close) = equation.formula, equation.label
        formula, gap = document.text[start:end], document.text[end:label]
        parts += [document.text[last:start], f"[{formula}{gap}]", document.text[label:close]]
        last = close
    return "".join([*parts, document.text[last:]])


def _tokenised(text: str, values: list[str], variables: Mapping[str, str]) -> str:
    """``text`` with each shortcode replaced: a variable by a token that Lua fills in."""
    parts, last = [], 0
    for code in find_shortcodes(text):
        if code.name == "var":
            values.append(variables[code.arguments[0]])
            new = f"\ue000{len(values)}\ue001"
        elif code.name == "pagebreak":
            new = "\ue000pagebreak\ue001"
        else:
            continue
        parts += [text[last : code.span[0]], new]
        last = code.span[1]
    return re.sub(r"\{(\{\{<.*?>\}\})\}", r"\1", "".join([*parts, text[last:]]))


def _metadata(
    document: Document, options: Mapping[str, Any], variables: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """What the template and the Lua steps read; values of variables come along as a list."""
    values: list[str] = []

    def fill(node: Any) -> Any:
        if isinstance(node, dict):
            return {str(key): fill(value) for key, value in node.items()}
        if isinstance(node, list):
            return [fill(value) for value in node]
        return node if isinstance(node, bool) else _tokenised(str(node), values, variables)

    taken = dict(options)
    for key in ("project", "execute", "filters", "include-in-header", "css", "format"):
        taken.pop(key, None)
    taken["language"], _, taken["region"] = str(taken["lang"]).partition("-")
    taken["author"] = _authors(document, taken.get("author"))
    bibliography = taken.get("bibliography", [])
    taken["bibliography"] = bibliography if isinstance(bibliography, list) else [bibliography]
    if "csl" in taken:
        _file(document, taken["csl"])
    return fill(taken), values


def _run_pandoc(
    document: Document,
    options: Mapping[str, Any],
    target: str,
    template: str,
    arguments: Sequence[str],
) -> str:
    """Convert the document; every warning of Pandoc is an error here."""
    variables_file = document.folder / "_variables.yml"
    variables = load_variables(variables_file) if variables_file.exists() else {}
    metadata, values = _metadata(document, options, variables)
    body = _tokenised(_with_equations(document), values, variables)
    metadata["quarto-variables"] = values
    headers = _files(document, options, "include-in-header")
    with tempfile.TemporaryDirectory() as folder:
        meta_file, log_file = Path(folder, "metadata.json"), Path(folder, "log.json")
        meta_file.write_text(json.dumps(metadata), encoding="utf-8")
        command = [
            str(_pandoc()), "--from=markdown", f"--to={target}", "--standalone", "--wrap=none",
            f"--data-dir={_HERE}", f"--template={_HERE / template}",
            f"--metadata-file={meta_file}", f"--log={log_file}",
            f"--lua-filter={_HERE / 'lua' / 'quarto.lua'}",
            *(f"--lua-filter={path.resolve()}" for path in _filters(document, options)),
            *(f"--include-in-header={path.resolve()}" for path in headers),
            *arguments,
        ]  # fmt: skip
        done = subprocess.run(
            command, input=body, cwd=document.folder, capture_output=True, encoding="utf-8"
        )
        if done.returncode != 0:
            raise _pandoc_problem(document, done.stderr)
        log = json.loads(log_file.read_text(encoding="utf-8")) if log_file.exists() else []
    for entry in log:
        if entry.get("verbosity") in ("WARNING", "ERROR"):
            raise _warning_problem(document, entry)
    return done.stdout


def _pandoc_problem(document: Document, stderr: str) -> RenderError:
    refused = re.search(r"REFUSED (\{.*?\}) END", stderr, re.DOTALL)
    if refused is None:
        return RenderError(f"{shown(document.path)}: Pandoc failed: {stderr.strip()}")
    what = json.loads(refused[1])
    return RenderError(f"{_where(document, what['snippet'])}: {what['message']}.")


def _warning_problem(document: Document, entry: Mapping[str, str]) -> RenderError:
    if entry["type"] == "CouldNotConvertTeXMath":
        latex = entry["contents"]
        reason = next((line for line in entry["message"].splitlines() if "unexpected" in line), "")
        return RenderError(
            f"{_math_place(document, latex)}: the formula `{' '.join(latex.split())}` cannot be "
            f"read: {reason}. Use a command of amsmath that both Typst and MathML can show."
        )
    message = " ".join(str(entry.get("pretty", entry)).split())
    line = re.search(r"(?:at|chunk) line (\d+)", message)
    first = document.text.count("\n", 0, document.body)
    place = document.places[min(first + int(line[1]) if line else 1, len(document.places)) - 1]
    message = re.sub(r" (?:defined )?at(?: chunk)? line \d+ column \d+", "", message)
    return RenderError(f"{place}: {message.rstrip('.')}.")


def _math_place(document: Document, latex: str) -> Place:
    """Where the formula stands that is most like this one: a filter may have mended it."""
    places = {text: start for (start, _), text, _ in document.formulas}
    close = difflib.get_close_matches(latex, places, n=1, cutoff=0.3)
    return document.place(places[close[0]]) if close else Place(shown(document.path), 1)


# ------------------------------------------------------------------------------- Typst


def _typst_problem(document: Document, source: str, error: Any) -> RenderError:
    """Typst's complaint, with the author's file and line where they can be found."""
    hint = f" ({error.hints[0]})" if error.hints else ""
    place, excerpt = _place_of_typst(document, source, error.diagnostic or "")
    return RenderError(
        f"{place}: Typst cannot set this: {error.message}{hint}. Near: {excerpt or 'unknown'}"
    )


def _place_of_typst(document: Document, source: str, diagnostic: str) -> tuple[Place, str]:
    """The author's place and the text there, guessed from the longest word of Typst's line."""
    found = re.search(r"─ (.*):(\d+):(\d+)", diagnostic)
    if found is None:
        return Place(shown(document.path), 1), ""
    for path, places in figures_used(document).items():
        if found[1].endswith(path):
            return places[0], path
    line, column = source.splitlines()[int(found[2]) - 1], int(found[3])
    excerpt = line[max(0, column - 40) : column + 60].strip()
    for word in sorted(re.findall(r"[\w./-]{3,}", excerpt), key=len, reverse=True):
        offset = document.text.find(word)
        if offset >= 0:
            return document.place(offset), excerpt
    return Place(shown(document.path), 1), excerpt
