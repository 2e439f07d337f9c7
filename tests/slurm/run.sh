#!/bin/sh
# Build on a real Slurm, as root on Debian (`runs.py`). A Slurm that is there already is never touched:
# what this one mounts, and each process that it starts, is in namespaces which end with this script.
set -eu
cd "$(dirname "$0")/../.."
stop() { echo "make test-slurm: $1" >&2; exit 1; }

[ "$(id -u)" = 0 ] || stop "root is needed, to mount and to start Slurm; run it as root, in a container."
[ -e /etc/debian_version ] || stop "Debian is needed, whose Slurm it installs; run it in a container."
if ! [ -x /usr/sbin/slurmctld ] || ! [ -x /usr/sbin/slurmd ] || ! [ -x /usr/sbin/munged ]; then
    apt-get update --quiet=2
    DEBIAN_FRONTEND=noninteractive \
        apt-get install --quiet=2 --yes --no-install-recommends slurm-wlm munge > /dev/null
fi
unshare --mount true || stop "no mount namespace can be made here; a container needs --privileged."
# `unshare` hears nothing while it waits. When it is killed all that runs in the namespaces is, too.
setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc \
    python -m pytest -p no:cacheprovider tests/slurm/runs.py "$@" &
trap 'kill -KILL $!' HUP INT TERM
wait $!
