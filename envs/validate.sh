#!/bin/sh
# validate.sh ARCHIVE: judge a zip of `make archive`, with validators in an environment of their own.
set -eu
sh envs/apart.sh validator
.venv/validator/bin/python envs/crate.py "$1"
.venv/validator/bin/python envs/accessible.py "$1"
