#!/bin/sh
# Test the build on a real Slurm of its own, as root on Debian; see `cluster.py`. A Slurm that is there
# already is never touched: all that this one mounts, and every process that it starts, is in
# namespaces that end with this script, however it ends.
set -eu
stop() { echo "make test-slurm: $1" >&2; exit 1; }
[ "$(id -u)" = 0 ] || stop "it mounts and starts daemons, so it needs root: run it as root, or in a container."
[ -e /etc/debian_version ] || stop "it takes Slurm from Debian, and this is no Debian or a relative: run it in a container of one."
if ! [ -x /usr/sbin/slurmctld ] || ! [ -x /usr/sbin/slurmd ] || ! [ -x /usr/sbin/munged ]; then
    echo "Installing slurm-wlm and munge ..." >&2
    apt-get update --quiet=2
    DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends slurm-wlm munge
fi
cd "$(dirname "$0")/../.."
exec unshare --mount --pid --fork --kill-child --mount-proc \
    python -m pytest -p no:cacheprovider tests/slurm/runs.py "$@"
