"""4.5 noising steps (problems 18.1 and 18.2): compute, check, plot."""


rule compute_diffusion_step:
    output:
        arrays="data/results/diffusion_step/compute.npz",
        summary="data/results/diffusion_step/compute.json",
    log:
        "data/logs/diffusion_step/compute.log",
    benchmark:
        "data/benchmarks/diffusion_step/compute.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract(
            "diffusion_step.compute",
            config["diffusion_step"],
            "beta",
            "steps",
            "wide_variance",
            "narrow_variance",
            "start_correlation",
            "coin_beta",
            "first_beta",
            "last_beta",
            "schedule_steps",
            "shown_signal",
            "sample_size",
            "false_alarm_rate",
            "seed",
        ),
    shell:
        job(
            "scripts.diffusion_step.compute --arrays {output.arrays:q}"
            " --summary {output.summary:q}"
        )


rule check_diffusion_step:
    input:
        arrays=rules.compute_diffusion_step.output.arrays,
    output:
        checks="data/results/diffusion_step/checks.json",
    log:
        "data/logs/diffusion_step/check.log",
    benchmark:
        "data/benchmarks/diffusion_step/check.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract(
            "diffusion_step.check",
            config["diffusion_step"],
            "beta",
            "steps",
            "coin_beta",
            "sample_size",
            "false_alarm_rate",
        ),
    shell:
        job(
            "scripts.diffusion_step.check --arrays {input.arrays:q}"
            " --checks {output.checks:q}"
        )


rule plot_diffusion_step:
    input:
        arrays=rules.compute_diffusion_step.output.arrays,
        checks=rules.check_diffusion_step.output.checks,  # check before plot
    output:
        variances="data/figures/diffusion_step/variances.svg",
        repair="data/figures/diffusion_step/repair.svg",
        coin="data/figures/diffusion_step/coin.svg",
        closed_form="data/figures/diffusion_step/closed_form.svg",
    log:
        "data/logs/diffusion_step/plot.log",
    benchmark:
        "data/benchmarks/diffusion_step/plot.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract("diffusion_step.plot", config["diffusion_step"], "beta"),
    shell:
        job(
            "scripts.diffusion_step.plot --arrays {input.arrays:q}"
            " --variances {output.variances:q} --repair {output.repair:q}"
            " --coin {output.coin:q} --closed-form {output.closed_form:q}"
        )
