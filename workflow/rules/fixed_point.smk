"""4.4 fixed points: iterate, invert a network, fit two samplers; check; plot."""


rule compute_fixed_point:
    output:
        arrays="data/results/fixed_point/compute.npz",
        summary="data/results/fixed_point/compute.json",
    log:
        "data/logs/fixed_point/compute.log",
    benchmark:
        "data/benchmarks/fixed_point/compute.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=5,
    params:
        contract=contract(
            "fixed_point.compute",
            config["fixed_point"],
            "seed",
            "cobweb_lipschitz",
            "cobweb_offset",
            "cobweb_start",
            "cobweb_steps",
            "target_lipschitz",
            "dimension",
            "hidden_units",
            "fold_slope",
            "latent_spread",
            "training_steps",
            "batch_size",
            "learning_rate",
            "test_points",
            "series_terms",
            "teacher_mean",
            "teacher_sd",
            "teacher_scale",
            "sampler_points",
            "sampler_rate",
            "sampler_steps",
            "sampler_shift",
            "sampler_spread",
            "largest_branches",
        ),
    shell:
        job(
            "scripts.fixed_point.compute --arrays {output.arrays:q} --summary {output.summary:q}"
        )


rule check_fixed_point:
    input:
        arrays=rules.compute_fixed_point.output.arrays,
    output:
        checks="data/results/fixed_point/checks.json",
    log:
        "data/logs/fixed_point/check.log",
    benchmark:
        "data/benchmarks/fixed_point/check.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract(
            "fixed_point.check",
            config["fixed_point"],
            "finite_points",
            "cobweb_lipschitz",
            "cobweb_offset",
            "target_lipschitz",
            "teacher_mean",
            "teacher_sd",
            "sampler_rate",
        ),
    shell:
        job(
            "scripts.fixed_point.check --arrays {input.arrays:q} --checks {output.checks:q}"
        )


rule plot_fixed_point:
    input:
        arrays=rules.compute_fixed_point.output.arrays,
        checks=rules.check_fixed_point.output.checks,  # check before plot
    output:
        cobwebs="data/figures/fixed_point/cobwebs.svg",
        certificate="data/figures/fixed_point/certificate.svg",
        inversion="data/figures/fixed_point/inversion.svg",
        series="data/figures/fixed_point/series.svg",
        samplers="data/figures/fixed_point/samplers.svg",
        folded_map="data/figures/fixed_point/folded_map.svg",
        layers="data/figures/fixed_point/layers.md",
    log:
        "data/logs/fixed_point/plot.log",
    benchmark:
        "data/benchmarks/fixed_point/plot.tsv"
    conda:
        "../../envs/assignment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        contract=contract(
            "fixed_point.plot",
            config["fixed_point"],
            "cobweb_lipschitz",
            "cobweb_offset",
            "target_lipschitz",
            "fold_slope",
            "teacher_mean",
            "teacher_sd",
        ),
    shell:
        job(
            "scripts.fixed_point.plot --arrays {input.arrays:q} --cobwebs {output.cobwebs:q}"
            " --certificate {output.certificate:q} --inversion {output.inversion:q}"
            " --series {output.series:q} --samplers {output.samplers:q}"
            " --folded-map {output.folded_map:q} --layers {output.layers:q}"
        )
