"""The documents: collect what the exercises found; render each text, verify it and publish it."""

from scripts.report.engines.choice import resolve_engine
from scripts.report.source import RenderError

TEXT = building.text_files(ROOT)
ANSWERS = building.answers(TEXT)
ENGINE_FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "scripts/report/engines").rglob("*")
    if path.is_file() and path.suffix not in (".py", ".pyc")
)

try:
    engine, engine_version = resolve_engine(config["report"]["engine"])
except RenderError as error:
    raise SystemExit(f"workflow/config.yaml: report.engine: {error}") from None
ENGINE = {"engine": engine, "engine_version": engine_version}


SUMMARIES = [
    path for path in building.results_of(workflow, "compute") if path.endswith(".json")
]
CHECKS = building.results_of(workflow, "check")
DISPLAYS = building.in_order(ROOT, building.results_of(workflow, "plot"))
COPIES = [path.replace("data/figures/", "report/generated/") for path in DISPLAYS]
ASKED = building.asked(ROOT, TEXT, COPIES)
RULES = building.makers(workflow)


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
        observations="report/generated/observations.md",
        answered="report/generated/observations_assignment.md",
        copies=COPIES,
    params:
        contract=contract(
            "report.collect",
            rules=RULES,
            **ASKED,
            sidecars=True,
        ),


SHOWN = {
    "assignment": [
        rules.collect_report.output.answered,
        *ASKED["assignment"]["shown"],
    ],
    "companion": [
        rules.collect_report.output.claims,
        rules.collect_report.output.provenance,
        rules.collect_report.output.observations,
        *COPIES,
    ],
}


use rule step as ask_assignment with:
    input:
        ANSWERS,
        collected=rules.collect_report.output.manifest,
        made=SHOWN["assignment"],
    output:
        numbers="report/generated/numbers_assignment.json",
    params:
        contract=contract("report.numbers", document="report/assignment.qmd"),


use rule ask_assignment as ask_companion with:
    input:
        TEXT,
        collected=rules.collect_report.output.manifest,
        made=SHOWN["companion"],
    output:
        numbers="report/generated/numbers_companion.json",
    params:
        contract=contract("report.numbers", document="report/companion.qmd"),


use rule step as publish_assignment with:
    input:
        ANSWERS,
        ENGINE_FILES,
        rules.collect_report.output.variables,
        rules.collect_report.output.observations,  # read by a filter
        rules.ask_assignment.output.numbers,  # read by a filter
        made=SHOWN["assignment"],
    output:
        pdf="report/build/assignment.pdf",
        html="report/build/assignment.html",
        checks="data/results/report/assignment.json",
    threads: 2
    params:
        contract=contract("report.publish", document="report/assignment.qmd", **ENGINE),


use rule publish_assignment as publish_companion with:
    input:
        TEXT,
        ENGINE_FILES,
        rules.collect_report.output.variables,
        rules.ask_companion.output.numbers,
        made=SHOWN["companion"],
    output:
        pdf="report/build/companion.pdf",
        html="report/build/companion.html",
        checks="data/results/report/companion.json",
    params:
        contract=contract("report.publish", document="report/companion.qmd", **ENGINE),


use rule step as join_report with:
    input:
        collected=rules.collect_report.output.manifest,
        documents=[
            rules.publish_assignment.output.checks,
            rules.publish_companion.output.checks,
        ],
    output:
        manifest="report/build/manifest.json",
    params:
        contract=contract("report.manifest"),
