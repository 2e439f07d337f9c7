"""The document: collect what the exercises found; render the text, verify it and publish it."""

from scripts.report.engines.choice import resolve_engine
from scripts.report.source import RenderError

DOCUMENT = "report/assignment.qmd"
TEXT = building.text_files(ROOT)
ENGINE_FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "scripts/report/engines").rglob("*")
    if path.is_file() and path.suffix not in (".py", ".pyc")
)

try:
    engine, engine_version = resolve_engine(config["report"]["engine"])
except RenderError as error:
    raise SystemExit(f"workflow/config.yaml: report.engine: {error}") from None
RESOLVED = {"document": DOCUMENT, "engine": engine, "engine_version": engine_version}


SUMMARIES = [
    path for path in building.results_of(workflow, "compute") if path.endswith(".json")
]
CHECKS = building.results_of(workflow, "check")
DISPLAYS = building.results_of(workflow, "plot")
COPIES = [path.replace("data/figures/", "report/generated/") for path in DISPLAYS]
RULES = {str(output): rule.name for rule in workflow.rules for output in rule.output}
BOXES = [f"report/generated/{Path(path).parent.name}/checks.md" for path in CHECKS]


use rule step as collect_report with:
    input:
        summaries=SUMMARIES,
        checks=CHECKS,
        displays=DISPLAYS,
    output:
        manifest="data/results/report/collected.json",
        variables="report/_variables.yml",
        claims="report/generated/claims.md",
        provenance="report/generated/provenance.md",
        boxes=BOXES,
        copies=COPIES,
    params:
        contract=contract("report.collect", rules=RULES, sidecars=True),


use rule step as publish_report with:
    input:
        TEXT,
        ENGINE_FILES,
        rules.collect_report.output.variables,
        collected=rules.collect_report.output.manifest,
        made=[
            rules.collect_report.output.claims,
            rules.collect_report.output.provenance,
            *BOXES,
            *COPIES,
        ],
    output:
        pdf="report/build/assignment.pdf",
        html="report/build/assignment.html",
        manifest="report/build/manifest.json",
    threads: 2
    resources:
        mem_mb=2000,
    params:
        contract=contract("report.publish", **RESOLVED),
