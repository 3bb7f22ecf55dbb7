"""Files as a browser sends them, and a worker at hand."""

from __future__ import annotations

import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from academy.people.models import Agency, Person, RosterImport
from academy.people.roster import files, jobs
from tests.factories import AT

UNITS = "Unit Kerja;Induk\nDinas Kominfo;\nBidang Aptika;Dinas Kominfo\nBidang X;Dinas Entah\n"


def upload(text: str | bytes = UNITS, name: str = "unit.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


def hand_in(agency: Agency, by: Person, text: str = UNITS, *, kind: str = "units", at=AT, **options) -> RosterImport:
    kept = files.keep(upload(text, "unit.csv" if kind == "units" else "pegawai.csv"))
    return jobs.hand_in(kept, agency=agency, kind=RosterImport.Kind(kind), by=by, at=at, **options)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def workbook_of(size: int) -> bytes:
    """A ZIP that calls itself a workbook and unpacks to so many bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * size)
    return out.getvalue()
