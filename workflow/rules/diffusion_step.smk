"""4.5 noising steps (problems 18.1 and 18.2): compute, check, plot."""


use rule step as compute_diffusion_step with:
    output:
        arrays="data/results/diffusion_step/compute.npz",
        summary="data/results/diffusion_step/compute.json",
    params:
        contract=contract("diffusion_step.compute"),


use rule step as check_diffusion_step with:
    input:
        arrays=rules.compute_diffusion_step.output.arrays,
    output:
        checks="data/results/diffusion_step/checks.json",
    params:
        contract=contract("diffusion_step.check"),


use rule step as plot_diffusion_step with:
    input:
        rules.check_diffusion_step.output.checks,  # check before plot
        arrays=rules.compute_diffusion_step.output.arrays,
    output:
        variances="data/figures/diffusion_step/variances.svg",
        repair="data/figures/diffusion_step/repair.svg",
        coin="data/figures/diffusion_step/coin.svg",
        closed_form="data/figures/diffusion_step/closed_form.svg",
    params:
        contract=contract("diffusion_step.plot"),
