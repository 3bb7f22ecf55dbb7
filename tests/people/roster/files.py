"""Rosters for tests, written as an HR office or a spreadsheet would write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl

from academy.people.models import Agency, Person, Placement, WorkUnit
from academy.people.roster.importing import Options, Outcome, import_roster
from tests.factories import AT, AgencyFactory, make_nip, make_unit

USUAL = ("NIP", "Nama", "Gelar Depan", "Gelar Belakang", "Golongan", "Jabatan", "Unit Kerja", "Email", "Kedudukan")
UNIT = "Dinas Komunikasi dan Informatika"


def line(number: int, **cells: str) -> dict[str, str]:
    """A faultless row; `cells` replace some of its values."""
    return {
        "NIP": make_nip(number),
        "Nama": f"Yohanes Contoh {number}",
        "Gelar Depan": "",
        "Gelar Belakang": "S.Kom.",
        "Golongan": "III/a",
        "Jabatan": "Pranata Komputer",
        "Unit Kerja": UNIT,
        "Email": "",
        "Kedudukan": "Aktif",
    } | {name.replace("_", " "): value for name, value in cells.items()}


def write_csv(
    folder: Path,
    rows: Iterable[dict[str, Any] | Sequence[Any]],
    *,
    headings: Sequence[str] = USUAL,
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> Path:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(headings)
    for row in rows:
        writer.writerow([row.get(name, "") for name in headings] if isinstance(row, dict) else row)
    file = folder / "daftar pegawai.csv"
    file.write_bytes(text.getvalue().encode(encoding))
    return file


def write_xlsx(
    folder: Path, rows: Iterable[dict[str, Any] | Sequence[Any]], *, headings: Sequence[str] = USUAL, above: int = 0
) -> Path:
    book = openpyxl.Workbook()
    for _line in range(above):
        book.active.append([])
    book.active.append(list(headings))
    for row in rows:
        book.active.append([row.get(name, "") for name in headings] if isinstance(row, dict) else list(row))
    file = folder / "daftar pegawai.xlsx"
    book.save(file)
    return file


def make_agency() -> Agency:
    agency: Agency = AgencyFactory()
    make_unit(UNIT, agency=agency)
    return agency


def load(file: Path, agency: Agency, *, dry_run: bool = False, by: Person | None = None, **options: Any) -> Outcome:
    job, at = options.pop("job", None), options.pop("at", AT)
    return import_roster(file, agency=agency, options=Options(**options), by=by, at=at, dry_run=dry_run, job=job)


def everything() -> tuple[list[Any], list[Any], list[Any]]:
    """All that an import may write about people, to be compared before and after."""
    return (
        list(Person.objects.order_by("pk").values()),
        list(Placement.objects.order_by("pk").values()),
        list(WorkUnit.objects.order_by("pk").values("pk", "name", "path")),
    )


TODAY = date(2026, 11, 24)
