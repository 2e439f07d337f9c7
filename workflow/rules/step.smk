"""What the rule of every step has, unless it says otherwise."""


rule step:
    log:
        "data/logs/step.log",
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    shell:
        building.RUN
