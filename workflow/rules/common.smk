"""What every rule file uses: the contract parameter, and the wrapper around each command."""

JOB = (
    "python -m scripts.build.job --contract {params.contract:q} --log {log:q}"
    " --inputs {input:q} --outputs {output:q} -- "
)


def contract(step, settings, *names, **more):
    """Return a rule's one parameter: the contract string of its step.

    It is a function because Snakemake takes braces in a plain string for wildcards.
    """
    try:
        text = contracts.contract(ROOT, step, settings, *names, **more)
    except contracts.ContractError as error:
        raise SystemExit(str(error)) from None
    return lambda wildcards: text
