"""4.6 GAN training and the bonus: train, check, plot."""


use rule step as compute_gan_training with:
    output:
        arrays="data/results/gan_training/compute.npz",
        summary="data/results/gan_training/compute.json",
    priority: 1
    params:
        contract=contract("gan_training.compute"),


use rule step as check_gan_training with:
    input:
        arrays=rules.compute_gan_training.output.arrays,
    output:
        checks="data/results/gan_training/checks.json",
    params:
        contract=contract("gan_training.check"),


use rule step as plot_gan_training with:
    input:
        rules.check_gan_training.output.checks,  # check before plot
        arrays=rules.compute_gan_training.output.arrays,
        program="scripts/gan_training/baseline.py",  # shown as it is
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
        program_listing="data/figures/gan_training/program.md",
    params:
        contract=contract("gan_training.plot"),
