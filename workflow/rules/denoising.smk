"""4.2 finite diffusion model: denoise and generate digits, check, plot."""


rule compute_denoising:
    input:
        digits=ancient("data/raw/digits.csv"),
    output:
        arrays="data/results/denoising/compute.npz",
        summary="data/results/denoising/compute.json",
    log:
        "data/logs/denoising/compute.log",
    benchmark:
        "data/benchmarks/denoising/compute.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract(
            "denoising.compute",
            config["denoising"],
            "images",
            "sizes",
            "noises",
            "example_alpha",
            "shown_alphas",
            "alpha_points",
            "odds_decades",
            "samples",
            "ddim_steps",
            "levels",
            "beta_first",
            "beta_last",
            "gan_rounds",
            "seed",
            files=["data/raw/digits.csv"],
        ),
    shell:
        job(
            "scripts.denoising.compute --digits {input.digits:q}"
            " --arrays {output.arrays:q} --summary {output.summary:q}"
        )


rule check_denoising:
    input:
        arrays=rules.compute_denoising.output.arrays,
    output:
        checks="data/results/denoising/checks.json",
    log:
        "data/logs/denoising/check.log",
    benchmark:
        "data/benchmarks/denoising/check.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract("denoising.check", config["denoising"], "example_alpha"),
    shell:
        job(
            "scripts.denoising.check --arrays {input.arrays:q} --checks {output.checks:q}"
        )


rule plot_denoising:
    input:
        arrays=rules.compute_denoising.output.arrays,
        checks=rules.check_denoising.output.checks,
    output:
        digits="data/figures/denoising/digits.svg",
        frequency="data/figures/denoising/frequency.svg",
        minimizers="data/figures/denoising/minimizers.svg",
        forgetting="data/figures/denoising/forgetting.svg",
        shares="data/figures/denoising/shares.svg",
        coverage="data/figures/denoising/coverage.md",
        conventions="data/figures/denoising/conventions.md",
    log:
        "data/logs/denoising/plot.log",
    benchmark:
        "data/benchmarks/denoising/plot.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract("denoising.plot", config["denoising"]),
    shell:
        job(
            "scripts.denoising.plot --arrays {input.arrays:q}"
            " --digits {output.digits:q} --frequency {output.frequency:q}"
            " --minimizers {output.minimizers:q} --forgetting {output.forgetting:q}"
            " --shares {output.shares:q} --coverage {output.coverage:q}"
            " --conventions {output.conventions:q}"
        )
