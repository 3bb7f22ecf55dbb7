"""Damaged files: each is named where it is damaged, every row is accounted for, and what is refused writes nothing."""

from __future__ import annotations

import pytest
from django.utils import translation

from academy.people.models import Person
from academy.people.roster.importing import RosterRefused
from tests.factories import make_nip
from tests.people.roster.damages import DAMAGES
from tests.people.roster.files import UNIT, everything, line, load, make_agency, write_csv, write_xlsx

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_indonesian():
    with translation.override("id"):
        yield


@pytest.mark.parametrize("damage", [damage for damage in DAMAGES if damage.row], ids=lambda damage: damage.name)
def test_a_damaged_row_is_named_and_the_others_are_loaded(tmp_path, damage):
    outcome = load(damage.make(tmp_path), make_agency())
    first = outcome.refusals[0]
    assert (first.row, first.column) == (damage.row, damage.column)
    assert damage.says in first.message
    assert outcome.refused == damage.rows
    assert outcome.new == Person.objects.count() == outcome.read - damage.rows >= 1
    assert outcome.new + outcome.changed + outcome.moved + outcome.unchanged + outcome.refused == outcome.read


@pytest.mark.parametrize("damage", [damage for damage in DAMAGES if not damage.row], ids=lambda damage: damage.name)
def test_a_damaged_file_is_refused_whole(tmp_path, damage):
    agency = make_agency()
    before = everything()
    with pytest.raises(RosterRefused) as refused:
        load(damage.make(tmp_path), agency)
    assert damage.says in str(refused.value)
    assert everything() == before


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("NIP", f"'{make_nip(1)}"),
        ("NIP", f" {make_nip(1)[:8]} {make_nip(1)[8:14]}\u00a0{make_nip(1)[14:]} "),
        ("NIP", f"{make_nip(1)[:8]}.{make_nip(1)[8:14]}-{make_nip(1)[14:]}"),
        ("NIP", f"\u200b{make_nip(1)}\ufeff"),
        ("Nama", "  Yohanes \u00a0 Contoh   1 "),
        ("Golongan", "iii-A"),
        ("Golongan", "III A"),
        ("Gelar Depan", "-"),
        ("Unit Kerja", f" {UNIT.upper()}  "),
        ("Email", "-"),
        ("Kedudukan", "AKTIF"),
    ],
)
@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_what_is_only_untidy_is_put_in_order(tmp_path, column, value, write):
    agency = make_agency()
    load(write_csv(tmp_path, [line(1)]), agency)
    assert load(write(tmp_path, [line(1) | {column: value}]), agency).unchanged == 1


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8"), (";", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-8-sig")]
)
def test_separators_and_a_byte_order_mark(tmp_path, delimiter, encoding):
    outcome = load(
        write_csv(tmp_path, [line(1, Jabatan="Analis; ahli, muda")], delimiter=delimiter, encoding=encoding),
        make_agency(),
    )
    assert outcome.new == 1
    assert Person.objects.get().position == "Analis; ahli, muda"


def test_siasn_headings_in_any_case_and_order(tmp_path):
    headings = [
        "unor nama",
        " NAMA  PNS",
        "GOL AKHIR NAMA",
        "Nip Baru",
        "UNOR INDUK NAMA",
        "TEMPAT LAHIR",
        "kedudukan hukum nama",
        "JABATAN_NAMA",
    ]
    rows = [[UNIT, "Yohanes", "IX", "199407122024212001", "", "Kupang", "Aktif", "Guru"]]
    assert load(write_xlsx(tmp_path, rows, headings=headings, above=2), make_agency()).new == 1
    person = Person.objects.get()
    assert (person.kind, person.grade, person.position) == ("pppk", "IX", "Guru")


def test_an_unknown_heading_can_be_assigned(tmp_path):
    agency = make_agency()
    file = write_csv(tmp_path, [[make_nip(1), "Yohanes", UNIT]], headings=["Nomor", "Nama", "Tempat Tugas"])
    with pytest.raises(RosterRefused) as refused:
        load(file, agency)
    assert refused.value.missing == ["nip", "unit"]
    assert refused.value.headings == ["Nomor", "Nama", "Tempat Tugas"]
    assert load(file, agency, mapping={"Nomor": "nip", "Tempat Tugas": "unit"}).new == 1


def test_a_second_roster_sheet_is_told(tmp_path):
    import openpyxl

    file = write_xlsx(tmp_path, [line(1)])
    book = openpyxl.load_workbook(file)
    book.copy_worksheet(book.active)
    book.save(file)
    outcome = load(file, make_agency())
    assert (outcome.read, len(outcome.warnings)) == (1, 1)


def test_a_taken_address_is_refused_without_saying_whose(tmp_path):
    from tests.factories import PersonFactory

    PersonFactory(nip=None, email="ada@contoh.test", name="Rahasia Contoh")
    outcome = load(write_csv(tmp_path, [line(1, Email="ADA@contoh.test")]), make_agency())
    assert outcome.refusals[0].column == "Email"
    assert "Rahasia" not in outcome.refusals[0].message
