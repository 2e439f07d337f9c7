#!/bin/sh
# Make .venv from the pins in envs if it is missing or was made from others.
set -eu
python="${1:-python3}"
wanted="$(cat envs/requirements.txt envs/development.txt | cksum)"
if [ -x .venv/bin/python ] && [ "$(cat .venv/.pins 2>/dev/null || true)" = "$wanted" ]; then
    exit 0
fi
case "$(uname -s)" in MINGW*|MSYS*|CYGWIN*)
    echo "The build needs Linux or macOS. On Windows run it in WSL: \`wsl --install\` sets it up." >&2
    exit 1
esac
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Python 3.11 or newer is needed, and '$python' is not that. Name one: make report PYTHON=python3.11" >&2
    exit 1
fi
echo "Setting up .venv (about two minutes, once) ..." >&2
rm -rf .venv
"$python" -m venv .venv || { echo "'$python -m venv' failed; on Debian: apt-get install python3-venv" >&2; exit 1; }
mkdir -p data/logs
if ! .venv/bin/python -m pip install --disable-pip-version-check --quiet \
        --requirement envs/requirements.txt --requirement envs/development.txt \
        > data/logs/setup.log 2>&1; then
    tail -n 20 data/logs/setup.log >&2
    echo "Installing envs/*.txt failed; the whole message is in data/logs/setup.log." >&2
    exit 1
fi
echo "$wanted" > .venv/.pins
