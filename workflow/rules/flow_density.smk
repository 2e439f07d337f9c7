"""4.3 densities under a map (problems 16.1 and 16.2): compute, check, plot."""


rule compute_flow_density:
    output:
        arrays="data/results/flow_density/compute.npz",
        summary="data/results/flow_density/compute.json",
    log:
        "data/logs/flow_density/compute.log",
    benchmark:
        "data/benchmarks/flow_density/compute.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract(
            "flow_density.compute",
            config["flow_density"],
            "sample_size",
            "cells",
            "quantiles",
            "left_end",
            "wide_variance",
            "cantor_levels",
            "false_alarm_rate",
            "seed",
        ),
    shell:
        job(
            "scripts.flow_density.compute --arrays {output.arrays:q}"
            " --summary {output.summary:q}"
        )


rule check_flow_density:
    input:
        arrays=rules.compute_flow_density.output.arrays,
    output:
        checks="data/results/flow_density/checks.json",
    log:
        "data/logs/flow_density/check.log",
    benchmark:
        "data/benchmarks/flow_density/check.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract(
            "flow_density.check",
            config["flow_density"],
            "sample_size",
            "left_end",
            "wide_variance",
            "cantor_levels",
            "false_alarm_rate",
        ),
    shell:
        job(
            "scripts.flow_density.check --arrays {input.arrays:q}"
            " --checks {output.checks:q}"
        )


rule plot_flow_density:
    input:
        arrays=rules.compute_flow_density.output.arrays,
        checks=rules.check_flow_density.output.checks,  # check before plot
    output:
        maps="data/figures/flow_density/maps.svg",
        densities="data/figures/flow_density/densities.svg",
        further="data/figures/flow_density/further.svg",
        cantor="data/figures/flow_density/cantor.md",
    log:
        "data/logs/flow_density/plot.log",
    benchmark:
        "data/benchmarks/flow_density/plot.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract(
            "flow_density.plot",
            config["flow_density"],
            "sample_size",
            "left_end",
            "wide_variance",
        ),
    shell:
        job(
            "scripts.flow_density.plot --arrays {input.arrays:q}"
            " --maps {output.maps:q} --densities {output.densities:q}"
            " --further {output.further:q} --cantor {output.cantor:q}"
        )
