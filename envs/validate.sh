#!/bin/sh
# validate.sh ARCHIVE: judge a zip of `make archive`, with validators in an environment of their own.
set -eu
place=.venv/validator
if ! cmp -s envs/validator.txt "$place/.lock"; then
    rm -rf "$place"
    python -m venv "$place"
    uv pip install --quiet --require-hashes --python "$place/bin/python" --requirement envs/validator.txt
    cp envs/validator.txt "$place/.lock"
fi
"$place/bin/python" envs/crate.py "$1"
"$place/bin/python" envs/accessible.py "$1"
