"""What may be handed in, where it lies, and how long."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from academy.people.models import RosterImport
from academy.people.roster import files
from tests.factories import AT, PersonFactory, make_unit
from tests.people.imports.handing_in import UNITS, hand_in, upload, workbook_of


def stored(settings) -> list[str]:
    folder = Path(settings.IMPORTS_ROOT)
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_file_is_kept_under_its_hash_once(settings):
    first, again = files.keep(upload()), files.keep(upload(name=r"C:\data\UNIT.CSV"))
    assert (again.sha256, again.name) == (first.sha256, "UNIT.CSV")
    assert stored(settings) == [f"{first.sha256}.csv"]
    assert (Path(settings.IMPORTS_ROOT) / stored(settings)[0]).read_text() == UNITS


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("", "unit.csv", "kosong"),
        ("x", "unit.xls", "Excel lama"),
        ("x", "unit.pdf", ".csv dan .xlsx"),
        ("x", "unit", ".csv dan .xlsx"),
        ("Nama\n", "unit.xlsx", "bukan buku kerja"),
        (b"PK\x03\x04rest", "unit.csv", "dinamai .csv"),
        (b"\x89PNG\x00\x00", "unit.csv", "bukan tabel"),
        (workbook_of(files.MOST_UNPACKED_BYTES + 1), "unit.xlsx", "terlalu besar"),
        (b"x" * (files.MOST_BYTES + 1), "unit.csv", "paling besar 20 MB"),
    ],
    ids=["empty", "old", "other", "bare", "no-zip", "zip", "binary", "bomb", "large"],
)
def test_what_we_do_not_read_is_refused_and_leaves_nothing(settings, content, name, words):
    with pytest.raises(files.FileRefused, match=words):
        files.keep(upload(content, name))
    assert stored(settings) == []


def test_a_name_of_any_length_keeps_its_ending():
    assert files.keep(upload(name=f"{'n' * 250}.csv")).name == "n" * 195 + "….csv"


@pytest.mark.django_db
def test_files_are_deleted_a_month_after_the_import_ended(settings):
    by = PersonFactory(unit=make_unit())
    ended, applied = hand_in(by.unit.agency, by), hand_in(by.unit.agency, by, "Unit Kerja\nDinas A\n")
    RosterImport.objects.filter(pk=ended.pk).update(state="refused", samples={"refusals": []})
    RosterImport.objects.filter(pk=applied.pk).update(state="applied", applied_at=AT + timedelta(days=5))
    files.keep(upload("Unit Kerja\nDinas Nyasar\n"))
    for path in Path(settings.IMPORTS_ROOT).iterdir():
        os.utime(path, (AT.timestamp(), AT.timestamp()))
    assert files.sweep(at=AT + timedelta(hours=23)) == 0
    assert files.sweep(at=AT + timedelta(hours=25)) == 1  # no import was recorded for it
    assert files.sweep(at=AT + timedelta(days=30, hours=1)) == 1
    assert stored(settings) == [f"{applied.sha256}.csv"]
    ended.refresh_from_db()
    assert ended.samples == {}
    assert files.sweep(at=AT + timedelta(days=35, hours=1)) == 1


@pytest.mark.django_db
def test_a_file_that_two_imports_share_stays_for_the_younger(settings):
    by = PersonFactory(unit=make_unit())
    old = hand_in(by.unit.agency, by)
    RosterImport.objects.filter(pk=old.pk).update(state="cancelled")
    hand_in(by.unit.agency, by, at=AT + timedelta(days=20))
    os.utime(files.path_of(old), (AT.timestamp(), AT.timestamp()))
    assert files.sweep(at=AT + timedelta(days=40)) == 0
