"""Windows: a build that cannot run there says so, whichever way it is started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("module", ["report", "startup"])
def test_python_names_the_way_out(module: str, root: Path) -> None:
    """What `make` runs, and what the Snakefile imports."""
    program = (
        "import runpy, sys; sys.platform = 'win32'; sys.modules.update(fcntl=None, pwd=None);"
        f"runpy.run_module('scripts.pipeline.{module}', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("The build needs Linux or macOS. On Windows run it in WSL")
    assert done.stderr.count("\n") == 1


def test_the_set_up_names_it_before_it_makes_anything(root: Path, tmp_path: Path) -> None:
    uname = tmp_path / "uname"
    uname.write_text("#!/bin/sh\necho MINGW64_NT-10.0-19045\n")
    uname.chmod(0o755)
    done = subprocess.run(
        ["sh", root / "envs/setup.sh", sys.executable], cwd=tmp_path, capture_output=True,
        text=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("The build needs Linux or macOS. On Windows run it in WSL")
    assert not (tmp_path / ".venv").exists()
