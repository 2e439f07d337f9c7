"""The front door: the configuration, one rule file an exercise, the report, and `rule all`."""

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, workflow.basedir)

from scripts.pipeline import config as configuration, rules as building, startup

TOPICS = [
    "gan_game",
    "denoising",
    "flow_density",
    "fixed_point",
    "diffusion_step",
    "gan_training",
    "gan_training_lab",
]
ROOT = Path(workflow.basedir)
startup.begin(ROOT)


configfile: "workflow/config.yaml"


contract = partial(building.contract, workflow, configuration.check(ROOT, config))

for name in ["step", *TOPICS, "report"]:

    include: f"workflow/rules/{name}.smk"


rule all:
    default_target: True
    input:
        building.made(workflow),


startup.prepare(workflow, config["cache"])
