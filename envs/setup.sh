#!/bin/sh
# setup.sh [PYTHON [development | slurm]]: make .venv from the locks beside this file. It is made again
# if they changed, if it was moved or lost files, or if another Python made it than the one named.
set -eu
named="${1:-}"
wanted="requirements.txt${2:+ $2.txt}"
log=data/logs/setup.log

place() { pwd -P; readlink -f .venv/bin/python; } # where it is, and which Python it starts
base() { "$1" -c 'import os, sys; print(os.path.realpath(sys._base_executable))'; }

good() { # quick: every build asks
    [ -x .venv/bin/python ] && [ "$(place)" = "$(cat .venv/.place)" ] &&
        cmp -s envs/requirements.txt .venv/.requirements.txt &&
        xargs -0 ls -d < .venv/.files > /dev/null &&
        { [ -z "$named" ] || [ "$(base "$named")" = "$(base .venv/bin/python)" ]; }
} 2> /dev/null

stop() { # WHAT, after the log's end without its hashes: a mismatch lists dozens
    grep -vE '[0-9a-f]{64}$' "$log" | tail -n 20 >&2
    echo "$1; the whole message is in $log." >&2
    exit 1
}

install() { # TOOLS OPTION...: by the first of them that can; no file may have another hash
    tools="$1"
    shift
    for tool in $tools; do
        "$tool" "$@" >> "$log" 2>&1 && return
        if grep -qiE 'hash mismatch|not match the hashes' "$log"; then
            stop "A file has not the hash that envs has for it"
        fi
    done
    return 1
}

pip() {
    .venv/bin/python -m pip install --quiet --no-deps --require-hashes "$@"
}

uv() {
    .venv/bin/uv pip install --quiet --no-deps --require-hashes --python .venv/bin/python "$@"
}

uv_from_torch() { # a hash that envs does not have is no error here: PyPI's build remains
    UV_HTTP_RETRIES=0 uv --torch-backend cpu "$@" > data/logs/setup_torch.log 2>&1
}

translate() { # VARIABLE SETTING SEPARATOR: uv does not read the settings of pip
    value="$(for where in :env: install global; do
        echo "$settings" | sed -n "s/^$where\.$2='\(.*\)'\$/\1/p"
    done | sed 's/\\n/ /g; s/^ *//; q' | tr ' ' "$3")"
    [ -z "$value" ] || printenv "$1" > /dev/null || export "$1=$value"
}

if ! good; then
    case "$(uname -s)" in MINGW*|MSYS*|CYGWIN*)
        echo "The build needs Linux or macOS. On Windows run it in WSL: \`wsl --install\` sets it up." >&2
        exit 1
    esac
    python="${named:-python3}"
    PATH="$(echo "$PATH" | sed "s#$PWD/.venv/bin:##g")" # the Makefile and `activate` put it there
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
        echo "Python 3.11 or newer is needed, and '$python' is not that. Name one: make report PYTHON=python3.11" >&2
        exit 1
    fi
    echo "Setting up .venv (about half a minute, once) ..." >&2
    rm -rf .venv
    "$python" -m venv .venv || { echo "'$python -m venv' failed; on Debian: apt-get install python3-venv" >&2; exit 1; }
fi

locks=""
for lock in $wanted; do
    cmp -s "envs/$lock" ".venv/.$lock" || locks="$locks $lock"
done
[ -n "$locks" ] || exit 0

mkdir -p data/logs
: > "$log"
settings="$(.venv/bin/python -m pip config list)"
translate UV_DEFAULT_INDEX index-url ' '
translate UV_INDEX extra-index-url ' '
translate UV_FIND_LINKS find-links ,
translate SSL_CERT_FILE cert ' '
export UV_INDEX_STRATEGY=unsafe-best-match # pip's: the locked version, whichever index has it
export UV_COMPILE_BYTECODE=1 # the Makefile forbids Python to write any

[ -x .venv/bin/uv ] || install pip --only-binary :all: --requirement envs/uv.txt || :
has_torch() { ls -d .venv/lib/python3*/site-packages/torch > /dev/null 2>&1; }
cpu="--requirement envs/cpu.txt"
has_torch || install uv $cpu || uv_from_torch $cpu || install pip $cpu || :
if ! has_torch && [ "$(uname -s)" = Linux ]; then
    echo "Taking PyPI's torch, with CUDA: 5.6 GB in .venv instead of 1.8. No CPU build with a hash in" \
        "envs/cpu.txt is at hand or can be reached for this Python and machine." >&2
    locks="$locks cuda.txt"
fi
install "uv pip" $(printf -- '--requirement envs/%s ' $locks) || stop "Installing failed"
# Last of all, so that a set-up that was interrupted is none.
find .venv/bin .venv/lib -maxdepth 4 ! -name __pycache__ -print0 > .venv/.files
place > .venv/.place
for lock in $locks; do
    cp "envs/$lock" ".venv/.$lock"
done
