"""What a worker does: an edition of a document from what is in the folder now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.pipeline import rules
from scripts.pipeline.step import kept_contracts
from scripts.report import verify
from scripts.report.edition_html import read_page
from scripts.report.edition_pdf import read_drawing, read_structure
from scripts.report.margins import named_margin
from scripts.report.preview.sheets import as_page, sheets
from scripts.report.render import ENGINES, prepared
from scripts.report.source import read_document


@dataclass(frozen=True)
class Task:
    """A document of the last build: its file, its engine, the generated files that it must show."""

    document: str
    engine: str
    made: tuple[str, ...]

    @property
    def name(self) -> str:
        """What its editions are called."""
        return Path(self.document).stem


def tasks(root: Path) -> list[Task]:
    """The documents of the last build; none while what they show is not there."""
    contracts = kept_contracts(root).values()
    publishing = [contract for contract in contracts if contract.step == _PUBLISH]
    if not all((root / name).is_file() for each in publishing for name in each.reads["made"]):
        return []
    return [
        Task(each.settings["document"], each.settings["engine"], tuple(each.reads["made"]))
        for each in publishing
    ]


def is_outdated(root: Path) -> bool:
    """Tell whether the text asks for something that the last build did not know of.

    That is another file in the text's folder, or what a rule tells the step that collects.
    """
    contracts = list(kept_contracts(root).values())
    known = {name for each in contracts if each.step == _PUBLISH for name in each.files}
    collecting = next((each for each in contracts if each.step == _COLLECT), None)
    try:
        files = rules.text_files(root)
        if collecting is None or {name for name in known if name.startswith("report/")} != {*files}:
            return True
        asked = rules.asked(root, files, [*collecting.makes["copies"]])
    except SystemExit:
        return True  # a folder that cannot be used; the build says why
    except (OSError, UnicodeDecodeError):
        return False  # the same of a file; rendering says why
    return any(collecting.settings[name] != found for name, found in asked.items())


_PUBLISH, _COLLECT = "report.publish", "report.collect"


def on_screen(task: Task) -> bytes:
    """The HTML. Raises RenderError."""
    return ENGINES[task.engine].render_html(prepared(task.document, task.made))


def on_paper(task: Task) -> tuple[bytes, bytes]:
    """The PDF, and a page that shows it. Raises RenderError."""
    pdf = ENGINES[task.engine].render_pdf(prepared(task.document, task.made))
    return pdf, as_page(task.name, sheets(pdf))


def complaints(task: Task, pdf: bytes, html: bytes) -> str:
    """What `make report` would object to in both editions. Raises RenderError."""
    drawing = read_drawing(pdf, named_margin(read_document(task.document)))
    return "\n".join(
        verify.complaints(verify.checks(read_structure(pdf), drawing, read_page(html)))
    )
