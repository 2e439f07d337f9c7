"""4.1 finite GAN game: enumerate, check, plot."""


use rule step as compute_gan_game with:
    output:
        arrays="data/results/gan_game/compute.npz",
        summary="data/results/gan_game/compute.json",
    params:
        contract=contract("gan_game.compute"),


use rule step as check_gan_game with:
    input:
        arrays=rules.compute_gan_game.output.arrays,
    output:
        checks="data/results/gan_game/checks.json",
    params:
        contract=contract("gan_game.check"),


use rule step as plot_gan_game with:
    input:
        rules.check_gan_game.output.checks,  # check before plot
        arrays=rules.compute_gan_game.output.arrays,
    output:
        matrix="data/figures/gan_game/matrix.svg",
        missed="data/figures/gan_game/missed.svg",
        distance="data/figures/gan_game/distance.svg",
        coverage="data/figures/gan_game/coverage.svg",
        saddles="data/figures/gan_game/saddles.md",
        dynamics="data/figures/gan_game/dynamics.md",
    params:
        contract=contract("gan_game.plot"),
