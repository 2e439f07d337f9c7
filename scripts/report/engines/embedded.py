"""The embedded engine: Pandoc and Typst from PyPI wheels, with a small reading of Quarto in Lua.

What it does not know it refuses by name, with file and line; it drops nothing silently.
"""

from __future__ import annotations

from pathlib import Path

from scripts.report.engines import features, pandoc, problems
from scripts.report.engines.assembly import Edition
from scripts.report.engines.self_contained import with_images, with_styles
from scripts.report.engines.slim import slim
from scripts.report.engines.typesetter import typesetter
from scripts.report.source import Document

_TEMPLATE = Path(__file__).with_name("template.typ")


def render_pdf(document: Document) -> bytes:
    """The document as PDF. Raises RenderError; writes nothing."""
    source = typst_source(document)

    import typst  # only now: what takes longest, Pandoc, is already at work on the HTML's chapters

    options = features.read(document, "typst")
    # Without a standard Typst leaves out a letter that no font has; PDF/A-2b is the least strict
    # that makes it say so.
    standard = options.get("pdf-standard", "a-2b")
    folders = tuple(features.font_folders(document, options))
    fonts = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    # The whole path: `report` is another folder in another stage.
    setter = typesetter(document.folder.resolve(), folders, pandoc.fingerprint(fonts))
    try:
        return setter.pdf(source, [standard], features.timestamp(document))
    except typst.TypstError as error:
        raise problems.of_typst(document, source, error) from None


def typst_source(document: Document) -> str:
    """The document in Typst's language. Raises RenderError."""
    options = features.read(document, "typst")
    return Edition(document, options, "typst", _TEMPLATE, ()).assembled()


def render_html(document: Document) -> bytes:
    """The document as one self-contained HTML file. Raises RenderError; writes nothing."""
    options = features.read(document, "html")
    contents = ["--toc"] if options.get("toc") else []
    arguments = ("--mathml", f"--toc-depth={options['toc-depth']}", *contents)
    (template,) = features.files(document, options, "template")
    page = Edition(document, options, "html5", template, arguments).assembled()
    page = with_styles(page, features.files(document, options, "css"))
    return slim(with_images(page, document.folder)).encode()
