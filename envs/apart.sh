#!/bin/sh
# apart.sh NAME: make .venv/NAME from the lock NAME.txt, of what cannot stand beside the other pins.
set -eu
place=".venv/$1"
if ! cmp -s "envs/$1.txt" "$place/.lock"; then
    echo "Setting up $place ..." >&2
    rm -rf "$place"
    python -m venv "$place"
    uv pip install --quiet --require-hashes --python "$place/bin/python" --requirement "envs/$1.txt"
    cp "envs/$1.txt" "$place/.lock"
fi
