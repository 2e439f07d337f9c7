"""A Slurm of two nodes on this machine: a controller, two slurmd, and a munged with its own key.

Jobs do not inherit `SLURM_CONF`: they look into /etc/slurm. So all that this Slurm has stands
there, in a file system of its own, which only the mount namespace that `run.sh` made can see.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

HOME = Path("/etc/slurm")
TOLD = HOME / "told"
"""What the daemons say."""

NODES = ("n1", "n2")

# No cgroups, which few containers may write: what does the accounts ends a job that takes too much
# memory. A node that went down stays down. Each has more processors and memory, on paper, than the
# machine: the largest group of rules must fit. Jobs go to the node with the least to do.
CONFIGURATION = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser=root
SlurmdUser=root
AuthInfo=socket={home}/socket
StateSaveLocation={home}/state
SlurmctldPidFile={home}/slurmctld.pid
SlurmdSpoolDir={home}/%n
SlurmdPidFile={home}/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
ReturnToService=0
SlurmdTimeout=10
KillWait=2
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
NodeName=DEFAULT CPUs={cpus} RealMemory=16000
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={first}
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={second}
PartitionName=all Nodes=n1,n2 Default=YES LLN=YES
"""

PATIENCE = 60.0
"""Seconds in which the daemons must be there."""


@contextmanager
def cluster() -> Iterator[None]:
    """Run the cluster; on leaving, its daemons have ended."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "slurm", HOME], check=True)
    (HOME / "state").mkdir()
    key = HOME / "key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    controller, first, second = _free_ports(3)
    text = CONFIGURATION.format(
        home=HOME, host=socket.gethostname().partition(".")[0], cpus=8 + (os.cpu_count() or 0),
        controller=controller, first=first, second=second,
    )  # fmt: skip
    (HOME / "slurm.conf").write_text(text, encoding="utf-8")
    own = [f"--{name}-file={HOME / name}" for name in ("key", "pid", "log", "seed")]
    with ExitStack() as daemons:
        daemons.enter_context(_daemon("munged", "--foreground", f"--socket={HOME}/socket", *own))
        _wait((HOME / "socket").exists)
        daemons.enter_context(_daemon("slurmctld", "-D"))
        for node in NODES:
            daemons.enter_context(_daemon("slurmd", "-D", "-N", node))
        _wait(lambda: command("sinfo", "--noheader", "--format=%T %D") == "idle 2")
        yield


def command(*words: str) -> str:
    """Run a command of Slurm; return what it printed, nothing if it failed."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


@contextmanager
def _daemon(*words: str) -> Iterator[None]:
    with TOLD.open("ab") as told:
        process = subprocess.Popen(words, stdout=told, stderr=told)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _wait(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"The cluster did not start:\n{TOLD.read_text('utf-8')}")
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
