"""Which engine renders on this machine, and of which version: every build asks, so it is quick."""

from __future__ import annotations

import functools
import importlib.metadata
import re
import shutil
import subprocess
import sys

from scripts.report.settings import ENGINES
from scripts.report.source import RenderError

#: Older versions leave shortcodes inside formulas as they are.
MINIMUM = (1, 10)


def resolve_engine(name: str) -> tuple[str, str]:
    """The engine that ``name`` means on this machine, and its version.

    ``auto`` is Quarto where a recent enough one is on PATH, else the embedded engine; a Quarto that
    cannot be used is named in a line on stderr. Raises RenderError for an unknown name and for an
    engine that is not there.
    """
    if name not in ENGINES:
        raise RenderError(f"unknown engine `{name}`; choose one of {', '.join(ENGINES)}.")
    if name == "quarto" or (name == "auto" and shutil.which("quarto")):
        try:
            return "quarto", f"quarto {_quarto_version()}"
        except RenderError as error:
            if name == "quarto":
                raise
            print(f"report.engine: auto: {error} Now the embedded engine renders.", file=sys.stderr)
    wheels = ("pypandoc_binary", "typst")  # which pin Pandoc and Typst
    return "embedded", ", ".join(f"{name} {package_version(name)}" for name in wheels)


def _quarto_version() -> str:
    """Quarto's version. Raises RenderError when Quarto is missing, broken or too old."""
    wanted = ".".join(map(str, MINIMUM))
    remedy = f"install Quarto {wanted} or later, or set report.engine to `embedded`."
    if shutil.which("quarto") is None:
        raise RenderError(f"the engine is set to `quarto`, but no `quarto` is on PATH; {remedy}")
    found, complaint = _asked()
    if not found:
        raise RenderError(f"the `quarto` on PATH is broken ({complaint}); {remedy}")
    if _parsed(found) < MINIMUM:
        raise RenderError(f"Quarto {found} is too old; {remedy}")
    return found


@functools.cache
def _asked() -> tuple[str, str]:
    """What `quarto --version` says if it is a version, and what was wrong otherwise."""
    try:
        done = subprocess.run(
            ["quarto", "--version"], capture_output=True, encoding="utf-8", errors="replace",
            timeout=60,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        return "", f"`quarto --version`: {error}"
    said = done.stdout.strip()
    if done.returncode == 0 and re.fullmatch(r"\d+(\.\d+)+\S*", said):
        return said, ""
    complaint = (done.stderr.strip() or said or "no word").splitlines()[-1]
    return "", f"`quarto --version` ended with {done.returncode}: {complaint}"


def _parsed(found: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", found)[:2])


def package_version(name: str) -> str:
    """Version of an installed package. Raises RenderError when it is not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        raise RenderError(
            f"the embedded engine needs the package {name}, which is not installed; install "
            "envs/requirements.txt, or set the engine to `quarto`."
        ) from None
