"""4.6 GAN training and the bonus: train, check, plot."""


rule compute_gan_training:
    output:
        arrays="data/results/gan_training/compute.npz",
        summary="data/results/gan_training/compute.json",
    log:
        "data/logs/gan_training/compute.log",
    benchmark:
        "data/benchmarks/gan_training/compute.tsv"
    priority: 1
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract(
            "gan_training.compute",
            config["gan_training"],
            "data_mean",
            "spread",
            "sample_size",
            "start_theta",
            "start_intercept",
            "start_slope",
            "generator_rate",
            "discriminator_rate",
            "epochs",
            "head_start",
            "rate_pairs",
            "pair_epochs",
            "sgd_passes",
            "sgd_divisor",
            "seed",
        ),
    shell:
        job(
            "scripts.gan_training.compute --arrays {output.arrays:q} --summary {output.summary:q}"
        )


rule check_gan_training:
    input:
        arrays=rules.compute_gan_training.output.arrays,
    output:
        checks="data/results/gan_training/checks.json",
    log:
        "data/logs/gan_training/check.log",
    benchmark:
        "data/benchmarks/gan_training/check.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract(
            "gan_training.check",
            config["gan_training"],
            "data_mean",
            "spread",
            "generator_rate",
            "discriminator_rate",
            "sgd_divisor",
        ),
    shell:
        job(
            "scripts.gan_training.check --arrays {input.arrays:q} --checks {output.checks:q}"
        )


rule plot_gan_training:
    input:
        arrays=rules.compute_gan_training.output.arrays,
        checks=rules.check_gan_training.output.checks,  # check before plot
    output:
        losses="data/figures/gan_training/losses.svg",
        discriminator="data/figures/gan_training/discriminator.svg",
        path="data/figures/gan_training/path.svg",
        samples="data/figures/gan_training/samples.svg",
        two_losses="data/figures/gan_training/two_losses.svg",
        rates="data/figures/gan_training/rates.svg",
        sgd_losses="data/figures/gan_training/sgd_losses.svg",
        sgd_path="data/figures/gan_training/sgd_path.svg",
        snapshot_table="data/figures/gan_training/snapshots.md",
        rate_table="data/figures/gan_training/rates.md",
        sgd_table="data/figures/gan_training/sgd.md",
    log:
        "data/logs/gan_training/plot.log",
    benchmark:
        "data/benchmarks/gan_training/plot.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract(
            "gan_training.plot",
            config["gan_training"],
            "data_mean",
            "spread",
            "generator_rate",
            "discriminator_rate",
            "sgd_divisor",
        ),
    shell:
        job(
            "scripts.gan_training.plot --arrays {input.arrays:q} --losses {output.losses:q}"
            " --discriminator {output.discriminator:q} --path {output.path:q}"
            " --samples {output.samples:q} --two-losses {output.two_losses:q}"
            " --rates {output.rates:q} --sgd-losses {output.sgd_losses:q}"
            " --sgd-path {output.sgd_path:q} --snapshot-table {output.snapshot_table:q}"
            " --rate-table {output.rate_table:q} --sgd-table {output.sgd_table:q}"
        )
