"""4.1 finite GAN game: enumerate, check, plot."""


rule compute_gan_game:
    output:
        arrays="data/results/gan_game/compute.npz",
        summary="data/results/gan_game/compute.json",
    log:
        "data/logs/gan_game/compute.log",
    benchmark:
        "data/benchmarks/gan_game/compute.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract(
            "gan_game.compute",
            config["gan_game"],
            "largest_m",
            "largest_k",
            "dynamics_m",
            "dynamics_k",
            "dynamics_rounds",
            "dynamics_trials",
            "seed",
        ),
    shell:
        job(
            "scripts.gan_game.compute --arrays {output.arrays:q} --summary {output.summary:q}"
        )


rule check_gan_game:
    input:
        arrays=rules.compute_gan_game.output.arrays,
        summary=rules.compute_gan_game.output.summary,
    output:
        checks="data/results/gan_game/checks.json",
    log:
        "data/logs/gan_game/check.log",
    benchmark:
        "data/benchmarks/gan_game/check.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract(
            "gan_game.check",
            config["gan_game"],
            "largest_m",
            "largest_k",
            "dynamics_m",
            "dynamics_k",
            "dynamics_rounds",
            "dynamics_trials",
        ),
    shell:
        job(
            "scripts.gan_game.check --arrays {input.arrays:q} --summary {input.summary:q}"
            " --checks {output.checks:q}"
        )


rule plot_gan_game:
    input:
        arrays=rules.compute_gan_game.output.arrays,
        checks=rules.check_gan_game.output.checks,  # check before plot
    output:
        copies="data/figures/gan_game/copies.svg",
        matrix="data/figures/gan_game/matrix.svg",
        missed="data/figures/gan_game/missed.svg",
        coverage="data/figures/gan_game/coverage.svg",
        saddles="data/figures/gan_game/saddles.md",
        dynamics="data/figures/gan_game/dynamics.md",
    log:
        "data/logs/gan_game/plot.log",
    benchmark:
        "data/benchmarks/gan_game/plot.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract("gan_game.plot", config["gan_game"]),
    shell:
        job(
            "scripts.gan_game.plot --arrays {input.arrays:q} --copies {output.copies:q}"
            " --matrix {output.matrix:q} --missed {output.missed:q} --coverage {output.coverage:q}"
            " --saddles {output.saddles:q} --dynamics {output.dynamics:q}"
        )
