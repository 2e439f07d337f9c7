"""Builds and dry runs without Snakemake's start: it is imported once, and forks of it do each.

    python tests/forks.py

reads a request a line (JSON: folder, words, environment, file for the output) and answers each with
its exit code. A fork shares nothing with the next but what the import alone left.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path


def snakemake(root: Path, words: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Do in a fork what `python -m snakemake WORDS` does in `root`; return exit code and output."""
    with tempfile.NamedTemporaryFile() as output:
        request = [str(root), list(words), dict(environment), output.name]
        server = _server()
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return code, Path(output.name).read_text(encoding="utf-8")


@functools.cache
def _server() -> subprocess.Popen[str]:
    """The one process of this test worker that forks; it ends with the worker, which it reads."""
    return subprocess.Popen(
        [sys.executable, "-B", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _serve() -> None:
    import smart_open  # noqa: F401 (Snakemake needs it for the first file that it reads)
    import snakemake.cli

    snakemake.cli.get_argument_parser()  # looks for plugins and loads them
    gc.freeze()  # or a fork that collects garbage copies all of this
    for line in sys.stdin:
        root, words, environment, output = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(root, words, environment, output)
            snakemake.cli.main()
            sys.exit()
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(root: str, words: list[str], environment: dict[str, str], output: str) -> None:
    """Take on the folder, command line, environment and output of the command."""
    os.chdir(root)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["snakemake", *words]
    sys.path[0] = root
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (1, 2):
        os.dup2(os.open(output, os.O_WRONLY | os.O_APPEND), stream)


if __name__ == "__main__":
    _serve()
