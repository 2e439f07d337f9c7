"""4.6, the learning-rate laboratory: train grids of GANs, chains and networks, check, plot."""

from snakemake.utils import available_cpu_count


use rule step as compute_gan_phase with:
    output:
        arrays="data/results/gan_training_lab/phase.npz",
        summary="data/results/gan_training_lab/phase.json",
    priority: 10  # the longest: first, so that no core waits for it
    threads: (available_cpu_count() + 1) // 2  # the other half has all other steps to do
    params:
        contract=contract("gan_training.lab.compute_phase"),


use rule step as compute_gan_sgd with:
    output:
        arrays="data/results/gan_training_lab/sgd.npz",
        summary="data/results/gan_training_lab/sgd.json",
    priority: 1  # before the short steps, which fill the gaps
    params:
        contract=contract("gan_training.lab.compute_sgd"),


use rule step as compute_gan_mlp with:
    output:
        arrays="data/results/gan_training_lab/mlp.npz",
        summary="data/results/gan_training_lab/mlp.json",
    priority: 1
    resources:
        mem_mb=2000,
    params:
        contract=contract("gan_training.lab.compute_mlp"),


use rule step as check_gan_training_lab with:
    input:
        phase=rules.compute_gan_phase.output.arrays,
        sgd=rules.compute_gan_sgd.output.arrays,
    output:
        checks="data/results/gan_training_lab/checks.json",
    params:
        contract=contract("gan_training.lab.check"),


use rule step as plot_gan_training_lab with:
    input:
        rules.check_gan_training_lab.output.checks,  # check before plot
        phase=rules.compute_gan_phase.output.arrays,
        sgd=rules.compute_gan_sgd.output.arrays,
        mlp=rules.compute_gan_mlp.output.arrays,
    output:
        diagram="data/figures/gan_training_lab/diagram.svg",
        far="data/figures/gan_training_lab/far.svg",
        centered="data/figures/gan_training_lab/centered.svg",
        paths="data/figures/gan_training_lab/paths.svg",
        variance="data/figures/gan_training_lab/variance.svg",
        networks="data/figures/gan_training_lab/networks.svg",
        agreement_table="data/figures/gan_training_lab/agreement.md",
        networks_table="data/figures/gan_training_lab/networks.md",
    params:
        contract=contract("gan_training.lab.plot"),


use rule step as plot_gan_live with:
    input:
        rules.check_gan_training_lab.output.checks,  # check before plot
        arrays=rules.compute_gan_training.output.arrays,
        summary=rules.compute_gan_training.output.summary,
    output:
        live="data/figures/gan_training_lab/live.md",
    params:
        contract=contract("gan_training.lab.plot_live"),
