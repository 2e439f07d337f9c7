"""What a save costs until the new text is in a browser, with everything in between.

python -m benchmarks.preview: prints a table and merges its keys into benchmarks/latest.json. Needs
a finished build (`make report`), which it copies, and Chromium. A sentence of an answer is edited
20 times; both documents show it. The clock starts before the file is written. The HTML is there
when its words are in the page, the PDF when a picture of the page with these words is drawn.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.latest import keep
from benchmarks.rebuild import NEEDED, ROOT, TEXT

EDITS = 20
PAUSE = 3.0
"""Seconds between two edits, in which the preview ends its work on the one before: it judges what
it has shown."""
DOCUMENTS = ("assignment", "companion")
#: Promises in `seen` that a word is in the page, as soon as it is; in a picture, that it is drawn.
WATCH = """word => {
    window.seen = new Promise((resolve) => {
        const look = async (node) => {
            if (!(node.alt ?? node.textContent).includes(word)) return;
            if (node.decode) {
                node.loading = "eager";
                await node.decode();
            }
            resolve();
        };
        new MutationObserver((records) => records.forEach(({ target, addedNodes, type }) =>
            type === "childList" ? addedNodes.forEach(look) : look(target)
        )).observe(document, {
            subtree: true, childList: true, characterData: true, attributeFilter: ["alt"],
        });
    });
}"""


def main() -> None:
    """Measure, print and keep the figures."""
    if not (ROOT / "report/build/assignment.pdf").is_file():
        raise SystemExit("Nothing was built yet; run `make report` first.")
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        copy.mkdir()
        for name in NEEDED:
            source = ROOT / name
            copied = shutil.copytree if source.is_dir() else shutil.copy2
            copied(source, copy / name)
        command = [sys.executable, "-m", "scripts.report.preview", "--port", "0"]
        preview = subprocess.Popen(command, cwd=copy, stderr=subprocess.PIPE, text=True)
        try:
            assert preview.stderr is not None
            url = next(word for word in preview.stderr.readline().split() if "://" in word)
            for name in DOCUMENTS:
                html, pdf = measured(url + name, copy / TEXT)
                figures |= {f"preview_{name}_html": html, f"preview_{name}_pdf": pdf}
        finally:
            preview.terminate()
            preview.communicate()
    keep({f"{name}_seconds": statistics.median(seconds) for name, seconds in figures.items()})


def measured(url: str, text: Path) -> tuple[list[float], list[float]]:
    """Return for each edit the seconds until a browser showed it, in the HTML and in the PDF."""
    found: list[tuple[float, float]] = []
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        pages = browser.new_page(), browser.new_page()
        for page, kind in zip(pages, (".html", ".pages"), strict=True):
            page.goto(url + kind)
        before = text.read_text(encoding="utf-8")
        for number in range(-2, EDITS):  # the first two warm up
            word = f"editnumber{chr(99 + number)}{time.time_ns()}"
            for page in pages:
                page.evaluate(WATCH, word)
            start = time.perf_counter()
            text.write_text(f"{before}\nThis sentence is the {word} of it.\n", encoding="utf-8")
            seconds = []
            for page in pages:
                page.evaluate("() => window.seen")
                seconds.append(time.perf_counter() - start)
            if number >= 0:
                found.append((seconds[0], seconds[1]))
            time.sleep(PAUSE)
        browser.close()
    text.write_text(before, encoding="utf-8")
    html_seconds, pdf_seconds = zip(*found, strict=True)
    return list(html_seconds), list(pdf_seconds)


if __name__ == "__main__":
    main()
