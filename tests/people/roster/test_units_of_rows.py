"""The units that rows name: found by name, under their perangkat daerah, made only on request."""

from __future__ import annotations

import pytest

from academy.people import units
from academy.people.models import Person, WorkUnit
from tests.factories import make_nip, make_unit
from tests.people.roster.files import load, make_agency, write_csv

pytestmark = pytest.mark.django_db
HEADINGS = ("NIP", "Nama", "Unit Kerja", "Perangkat Daerah")


@pytest.fixture
def agency():
    agency = make_agency()
    for department in ("Dinas Kesehatan", "Dinas Sosial"):
        units.ensure_unit(make_unit(department, agency=agency), "Subbagian Umum")
    return agency


def rows(*pairs):
    return [[make_nip(at), f"Yohanes {at}", unit, department] for at, (unit, department) in enumerate(pairs)]


def paths():
    return [
        " / ".join(part.name for part in [*person.unit.get_ancestors()[1:], person.unit])
        for person in Person.objects.order_by("nip")
    ]


def test_a_unit_is_found_under_its_department(tmp_path, agency):
    file = write_csv(
        tmp_path, rows(("Subbagian Umum", "DINAS SOSIAL"), ("Dinas Sosial", "Dinas Sosial")), headings=HEADINGS
    )
    assert load(file, agency).new == 2
    assert paths() == ["Dinas Sosial / Subbagian Umum", "Dinas Sosial"]


def test_an_ambiguous_name_is_refused_with_a_hint(tmp_path, agency):
    outcome = load(write_csv(tmp_path, rows(("Subbagian Umum", "")), headings=HEADINGS), agency)
    assert (outcome.refused, outcome.refusals[0].column) == (1, "Unit Kerja")
    assert "Perangkat Daerah" in outcome.refusals[0].message


def test_an_unknown_department_is_named(tmp_path, agency):
    outcome = load(write_csv(tmp_path, rows(("Subbagian Umum", "Dinas Pariwisata")), headings=HEADINGS), agency)
    assert (outcome.refusals[0].column, outcome.refusals[0].value) == ("Perangkat Daerah", "Dinas Pariwisata")


def test_a_unit_of_another_agency_is_not_known(tmp_path, agency):
    make_unit("Kantor Lain")
    assert load(write_csv(tmp_path, rows(("Kantor Lain", "")), headings=HEADINGS), agency).refused == 1


def test_missing_units_are_made_once_on_request(tmp_path, agency):
    file = write_csv(
        tmp_path,
        rows(("Bidang Promosi", "Dinas Pariwisata"), ("Bidang  promosi", "dinas pariwisata"), ("Kelurahan Oesapa", "")),
        headings=HEADINGS,
    )
    assert load(file, agency, create_units=True).new == 3
    assert paths() == ["Dinas Pariwisata / Bidang Promosi"] * 2 + ["Kelurahan Oesapa"]
    assert load(file, agency).unchanged == 3
    assert WorkUnit.find_problems() == ([], [], [], [], [])


def test_units_that_only_refused_rows_name_are_not_made(tmp_path, agency):
    before = WorkUnit.objects.count()
    file = write_csv(tmp_path, [["123", "Yohanes", "Unit Baru", ""], *rows(("Dinas Sosial", ""))], headings=HEADINGS)
    assert load(file, agency, create_units=True).new == 1
    assert WorkUnit.objects.count() == before
