"""4.2 finite diffusion model: denoise and generate digits, check, plot."""


use rule step as compute_denoising with:
    input:
        digits="data/raw/digits.csv",
    output:
        arrays="data/results/denoising/compute.npz",
        summary="data/results/denoising/compute.json",
    params:
        contract=contract("denoising.compute"),


use rule step as check_denoising with:
    input:
        arrays=rules.compute_denoising.output.arrays,
    output:
        checks="data/results/denoising/checks.json",
    params:
        contract=contract("denoising.check"),


use rule step as plot_denoising with:
    input:
        rules.check_denoising.output.checks,  # check before plot
        arrays=rules.compute_denoising.output.arrays,
    output:
        optima="data/figures/denoising/optima.svg",
        digits="data/figures/denoising/digits.svg",
        frequency="data/figures/denoising/frequency.svg",
        minimizers="data/figures/denoising/minimizers.svg",
        forgetting="data/figures/denoising/forgetting.svg",
        shares="data/figures/denoising/shares.svg",
        coverage="data/figures/denoising/coverage.md",
        conventions="data/figures/denoising/conventions.md",
    params:
        contract=contract("denoising.plot"),
