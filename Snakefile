"""The front door: the configuration, one rule file an exercise, the report, and `rule all`."""

import sys
from pathlib import Path

sys.path.insert(0, workflow.basedir)

from scripts.build import config as configuration
from scripts.build import contract as contracts
from scripts.build import startup

ROOT = Path(workflow.basedir)
TOPICS = [
    "gan_game",
    "denoising",
    "flow_density",
    "fixed_point",
    "diffusion_step",
    "gan_training",
    "gan_training_lab",
]

configuration.check_file(ROOT)


configfile: "workflow/config.yaml"


configuration.check(ROOT, config)


include: "workflow/rules/common.smk"


for topic in TOPICS:

    include: f"workflow/rules/{topic}.smk"


include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        startup.artifacts(workflow),


startup.prepare(workflow, config["cache"]["megabytes"])
