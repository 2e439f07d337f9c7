"""4.3 densities under a map (problems 16.1 and 16.2): compute, check, plot."""


use rule step as compute_flow_density with:
    output:
        arrays="data/results/flow_density/compute.npz",
        summary="data/results/flow_density/compute.json",
    params:
        contract=contract("flow_density.compute"),


use rule step as check_flow_density with:
    input:
        arrays=rules.compute_flow_density.output.arrays,
    output:
        checks="data/results/flow_density/checks.json",
    params:
        contract=contract("flow_density.check"),


use rule step as plot_flow_density with:
    input:
        rules.check_flow_density.output.checks,  # check before plot
        arrays=rules.compute_flow_density.output.arrays,
    output:
        maps="data/figures/flow_density/maps.svg",
        densities="data/figures/flow_density/densities.svg",
        further="data/figures/flow_density/further.svg",
        cantor="data/figures/flow_density/cantor.md",
    params:
        contract=contract("flow_density.plot"),
