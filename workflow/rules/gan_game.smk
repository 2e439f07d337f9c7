"""4.1 finite GAN game: enumerate, check, plot."""


use rule step as compute_gan_game with:
    output:
        arrays="data/results/gan_game/compute.npz",
        summary="data/results/gan_game/compute.json",
    log:
        "data/logs/gan_game/compute.log",
    benchmark:
        "data/benchmarks/gan_game/compute.tsv"
    params:
        contract=contract("gan_game.compute"),


use rule step as check_gan_game with:
    input:
        arrays=rules.compute_gan_game.output.arrays,
        summary=rules.compute_gan_game.output.summary,
    output:
        checks="data/results/gan_game/checks.json",
    log:
        "data/logs/gan_game/check.log",
    benchmark:
        "data/benchmarks/gan_game/check.tsv"
    params:
        contract=contract("gan_game.check"),


use rule step as plot_gan_game with:
    input:
        rules.check_gan_game.output.checks,  # check before plot
        arrays=rules.compute_gan_game.output.arrays,
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
    params:
        contract=contract("gan_game.plot"),
