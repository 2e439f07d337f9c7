"""What the rule of every step has, unless it says otherwise.

Its log and its benchmark are named after what it runs, and what it asks of a cluster is what it was
measured to take, once it was (`scripts.pipeline.rules`).
"""


rule step:
    log:
        "data/logs/step.log",
    benchmark:
        "data/benchmarks/step.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    shell:
        building.RUN
