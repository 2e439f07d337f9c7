#!/bin/sh
# Write the locks anew from pyproject.toml, and the conda environment from them. A version stays
# as it is locked unless an option of `uv pip compile` says otherwise, as `--upgrade-package numpy`;
# of torch then cpu.txt, which is kept by hand, has to follow.
set -eu
cd "$(dirname "$0")"
new="$(mktemp -d)"
trap 'rm -rf "$new"' EXIT

compile() { # LOCK OPTION...: what stands in the lock already is preferred
    lock="$new/$1"
    shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
        --no-header --output-file "$lock" "$@" > /dev/null
}

entries() { # FILE CONDITION: its entries, each with its hashes, whose first line meets it
    awk -v known="$new/all" "BEGIN { while ((getline line < known) > 0) seen[line] = 1 }
        /^[^ ]/ { chosen = $2 } chosen" "$1"
}

save() { { echo "# Made by \`make lock\` from pyproject.toml: do not edit."; cat; } > "$1"; }

cat requirements.txt cuda.txt > "$new/all"
compile all ../pyproject.toml "$@"
cat "$new/all" development.txt > "$new/more"
compile more ../pyproject.toml --group ../pyproject.toml:development --constraint "$new/all" "$@"
cat "$new/all" slurm.txt > "$new/slurm"
compile slurm ../pyproject.toml --group ../pyproject.toml:slurm --constraint "$new/more" "$@"
apart="uv validator store moto" # each for an environment of its own
for name in $apart; do
    cp "$name.txt" "$new/$name"
    compile "$name" --group "../pyproject.toml:$name" "$@"
done

cuda='/^(cuda|nvidia|triton)/'
entries "$new/all" "!$cuda" | save requirements.txt
entries "$new/all" "$cuda" | save cuda.txt
entries "$new/more" '!($0 in seen)' | save development.txt
entries "$new/slurm" '!($0 in seen)' | save slurm.txt
for name in $apart; do
    save "$name.txt" < "$new/$name"
done
{
    sed '/- pip:/q' assignment.yaml
    sed -n 's/ \\$//; s/^[a-z]/      - &/p' requirements.txt
} > "$new/conda"
cp "$new/conda" assignment.yaml
