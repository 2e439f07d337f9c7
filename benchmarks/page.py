"""What a reader waits for: size, first paint, load and layout of both pages in Chromium.

python -m benchmarks.page: prints a table and merges its keys into benchmarks/latest.json. Needs a
finished build (`make report`) and Chromium. Each page is opened in a new browser; medians count.
Layout is what the browser says that it spent on styles and layout until the page was loaded.
"""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.latest import keep
from benchmarks.rebuild import ROOT

ROUNDS = 9
DOCUMENTS = ("assignment", "companion")
TIMES = """() => new Promise((resolve) => {
    const told = () => {
        const [paint] = performance.getEntriesByName("first-contentful-paint");
        const { loadEventEnd } = performance.getEntriesByType("navigation")[0];
        if (!paint || !loadEventEnd) return setTimeout(told, 20);
        resolve({ first_paint: paint.startTime / 1000, load: loadEventEnd / 1000 });
    };
    told();
})"""


def main() -> None:
    """Measure, print and keep the figures."""
    figures: dict[str, float] = {}
    for name in DOCUMENTS:
        page = ROOT / f"report/build/{name}.html"
        if not page.is_file():
            raise SystemExit("Nothing was built yet; run `make report` first.")
        figures[f"page_{name}_bytes"] = page.stat().st_size
        rounds = [measured(page) for _ in range(ROUNDS + 1)][1:]  # the first warms up
        for what in rounds[0]:
            median = statistics.median(times[what] for times in rounds)
            figures[f"page_{name}_{what}_seconds"] = median
    keep(figures)


def measured(page: Path) -> dict[str, float]:
    """Return the seconds until first paint, until load, and of layout, in a new browser."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab = browser.new_page()
        session = tab.context.new_cdp_session(tab)
        session.send("Performance.enable")
        tab.goto(page.as_uri())
        times: dict[str, float] = tab.evaluate(TIMES)
        told = session.send("Performance.getMetrics")["metrics"]
        metrics = {entry["name"]: entry["value"] for entry in told}
        browser.close()
    return times | {"layout": metrics["LayoutDuration"] + metrics["RecalcStyleDuration"]}


if __name__ == "__main__":
    main()
