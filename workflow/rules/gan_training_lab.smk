"""4.6, the learning-rate laboratory: train grids of GANs, chains and networks, check, plot."""

from snakemake.utils import available_cpu_count

CHUNK = "data/results/gan_training_lab/phase/{scatteritem}.npz"


scattergather:
    chunks=config["gan_training_lab"]["chunks"],


CHUNKS = gather.chunks(CHUNK)


use rule step as train_gan_phase with:
    output:
        arrays=CHUNK,
    log:
        "data/logs/{scatteritem}.log",
    benchmark:
        "data/benchmarks/{scatteritem}.tsv"
    priority: 10  # the longest: first, so that no core waits for it
    params:
        contract=contract("gan_training.lab.train_phase", chunk="{scatteritem}"),


use rule step as compute_gan_phase with:
    input:
        chunks=CHUNKS if len(CHUNKS) > 1 else [],  # a single one is the step itself
    output:
        arrays="data/results/gan_training_lab/phase.npz",
        summary="data/results/gan_training_lab/phase.json",
    priority: 10  # the longest: first, so that no core waits for it
    threads: 1 if len(CHUNKS) > 1 else (available_cpu_count() + 1) // 2  # half is for the others
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
