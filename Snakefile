"""The front door: the configuration, one rule file an exercise, the report, and `rule all`."""

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, workflow.basedir)

from scripts.pipeline import config as configuration
from scripts.pipeline import rules as building
from scripts.pipeline import startup
from scripts.pipeline.rules import job

ROOT = Path(workflow.basedir)
contract = partial(building.contract, workflow)
results_of = partial(building.results_of, workflow)
TOPICS = [
    "gan_game",
    "denoising",
    "flow_density",
    "fixed_point",
    "diffusion_step",
    "gan_training",
    "gan_training_lab",
]

configuration.check_folder(ROOT)
configuration.check_file(ROOT)


configfile: "workflow/config.yaml"


configuration.check(ROOT, config)


for topic in TOPICS:

    include: f"workflow/rules/{topic}.smk"


include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        startup.artifacts(workflow),


startup.prepare(workflow, config["cache"]["megabytes"])
