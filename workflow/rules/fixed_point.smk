"""4.4 fixed points: iterate, invert a network, fit two samplers; check; plot."""


use rule step as compute_fixed_point with:
    output:
        arrays="data/results/fixed_point/compute.npz",
        summary="data/results/fixed_point/compute.json",
    params:
        contract=contract("fixed_point.compute"),


use rule step as check_fixed_point with:
    input:
        arrays=rules.compute_fixed_point.output.arrays,
    output:
        checks="data/results/fixed_point/checks.json",
    params:
        contract=contract("fixed_point.check"),


use rule step as plot_fixed_point with:
    input:
        rules.check_fixed_point.output.checks,  # check before plot
        arrays=rules.compute_fixed_point.output.arrays,
    output:
        cobwebs="data/figures/fixed_point/cobwebs.svg",
        certificate="data/figures/fixed_point/certificate.svg",
        inversion="data/figures/fixed_point/inversion.svg",
        series="data/figures/fixed_point/series.svg",
        samplers="data/figures/fixed_point/samplers.svg",
        folded_map="data/figures/fixed_point/folded_map.svg",
        layers="data/figures/fixed_point/layers.md",
    params:
        contract=contract("fixed_point.plot"),
