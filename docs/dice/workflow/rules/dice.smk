"""The sum of two dice: compute, check, plot."""


use rule step as compute_dice with:
    output:
        arrays="data/results/dice/compute.npz",
        summary="data/results/dice/compute.json",
    params:
        contract=contract("dice.compute"),


use rule step as check_dice with:
    input:
        arrays=rules.compute_dice.output.arrays,
    output:
        checks="data/results/dice/checks.json",
    params:
        contract=contract("dice.check"),


use rule step as plot_dice with:
    input:
        rules.check_dice.output.checks,  # check before plot
        arrays=rules.compute_dice.output.arrays,
    output:
        distribution="data/figures/dice/distribution.svg",
        at_most="data/figures/dice/at_most.svg",
    params:
        contract=contract("dice.plot"),
