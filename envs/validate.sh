#!/bin/sh
# validate.sh ARCHIVE: judge a zip of `make archive` as RO-Crate, by the profile for the run of a
# workflow. The validator wants other versions than ours: it has an environment of its own.
set -eu
tools=data/logs/validator
cmp -s envs/validator.txt "$tools/.lock" || {
    rm -rf "$tools"
    python -m venv "$tools"
    uv pip install --quiet --require-hashes --python "$tools/bin/python" --requirement envs/validator.txt
    cp envs/validator.txt "$tools/.lock"
}
"$tools/bin/rocrate-validator" --disable-color validate --no-paging --requirement-severity required \
    --profile-identifier workflow-run-crate "$1"
