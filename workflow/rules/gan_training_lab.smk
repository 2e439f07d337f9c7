"""4.6, the learning-rate laboratory: train grids of GANs, chains and networks, check, plot."""


rule compute_gan_phase:
    output:
        arrays="data/results/gan_training_lab/phase.npz",
        summary="data/results/gan_training_lab/phase.json",
    log:
        "data/logs/gan_training_lab/phase.log",
    benchmark:
        "data/benchmarks/gan_training_lab/phase.tsv"
    priority: 10  # long, and alone on the machine: first, so that no core idles while it waits
    conda:
        "../../envs/assignment.yaml"
    threads: 16  # as many as there are, up to this
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        contract=contract(
            "gan_training.lab.compute_phase",
            config["gan_training_lab"],
            "seed",
            "mean",
            "spread",
            "samples",
            "data_sets",
            "grid",
            "lowest_rate",
            "highest_rate",
            "epochs",
            "start_theta",
            "near_distance",
        ),
    shell:
        job(
            "scripts.gan_training.lab.compute_phase --arrays {output.arrays:q} --summary {output.summary:q}",
            GAN_THREADS="{threads}",
        )


rule compute_gan_sgd:
    output:
        arrays="data/results/gan_training_lab/sgd.npz",
        summary="data/results/gan_training_lab/sgd.json",
    log:
        "data/logs/gan_training_lab/sgd.log",
    benchmark:
        "data/benchmarks/gan_training_lab/sgd.tsv"
    priority: 1  # before the short steps, which fill the gaps
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        contract=contract(
            "gan_training.lab.compute_sgd",
            config["gan_training_lab"],
            "seed",
            "spread",
            "samples",
            "sgd_means",
            "sgd_rates",
            "sgd_chains",
            "sgd_relaxation_times",
        ),
    shell:
        job(
            "scripts.gan_training.lab.compute_sgd --arrays {output.arrays:q} --summary {output.summary:q}",
            GAN_THREADS="{threads}",
        )


rule compute_gan_mlp:
    output:
        arrays="data/results/gan_training_lab/mlp.npz",
        summary="data/results/gan_training_lab/mlp.json",
    log:
        "data/logs/gan_training_lab/mlp.log",
    benchmark:
        "data/benchmarks/gan_training_lab/mlp.tsv"
    priority: 1
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        contract=contract(
            "gan_training.lab.compute_mlp",
            config["gan_training_lab"],
            "seed",
            "mean",
            "mlp_spread",
            "mlp_separations",
            "mlp_runs",
            "mlp_steps",
            "mlp_width",
            "mlp_batch",
            "mlp_rate_g",
            "mlp_rate_d",
        ),
    shell:
        job(
            "scripts.gan_training.lab.compute_mlp --arrays {output.arrays:q} --summary {output.summary:q}"
        )


rule check_gan_training_lab:
    input:
        phase=rules.compute_gan_phase.output.arrays,
        sgd=rules.compute_gan_sgd.output.arrays,
    output:
        checks="data/results/gan_training_lab/checks.json",
    log:
        "data/logs/gan_training_lab/check.log",
    benchmark:
        "data/benchmarks/gan_training_lab/check.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        contract=contract(
            "gan_training.lab.check",
            config["gan_training_lab"],
            "seed",
        ),
    shell:
        job(
            "scripts.gan_training.lab.check --phase {input.phase:q} --sgd {input.sgd:q}"
            " --checks {output.checks:q}"
        )


rule plot_gan_training_lab:
    input:
        phase=rules.compute_gan_phase.output.arrays,
        sgd=rules.compute_gan_sgd.output.arrays,
        mlp=rules.compute_gan_mlp.output.arrays,
        checks=rules.check_gan_training_lab.output.checks,  # check before plot
    output:
        diagram="data/figures/gan_training_lab/diagram.svg",
        far="data/figures/gan_training_lab/far.svg",
        centered="data/figures/gan_training_lab/centered.svg",
        paths="data/figures/gan_training_lab/paths.svg",
        variance="data/figures/gan_training_lab/variance.svg",
        networks="data/figures/gan_training_lab/networks.svg",
        agreement_table="data/figures/gan_training_lab/agreement.md",
        networks_table="data/figures/gan_training_lab/networks.md",
    log:
        "data/logs/gan_training_lab/plot.log",
    benchmark:
        "data/benchmarks/gan_training_lab/plot.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        contract=contract(
            "gan_training.lab.plot",
            config["gan_training_lab"],
            "mean",
            "mlp_spread",
        ),
    shell:
        job(
            "scripts.gan_training.lab.plot --phase {input.phase:q} --sgd {input.sgd:q} --mlp {input.mlp:q}"
            " --diagram {output.diagram:q}"
            " --far {output.far:q}"
            " --centered {output.centered:q}"
            " --paths {output.paths:q}"
            " --variance {output.variance:q}"
            " --networks {output.networks:q}"
            " --agreement-table {output.agreement_table:q}"
            " --networks-table {output.networks_table:q}"
        )
