"""The file of refused rows: as it was, with reasons, without live formulas, and good to load again."""

from __future__ import annotations

import csv

import openpyxl
import pytest

from academy.people.roster.importing import Options, write_refused
from academy.people.roster.refused import LIVE, as_meant, defused
from tests.factories import make_nip
from tests.people.roster.files import USUAL, line, load, make_agency, write_csv

pytestmark = pytest.mark.django_db
ROWS = [line(1), line(2, Golongan="V/z", Nama='=HYPERLINK("x")'), line(3, Unit_Kerja="Entah", Jabatan="+62")]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_it_is_corrected_and_loaded_again(tmp_path, ending):
    agency = make_agency()
    file, target = write_csv(tmp_path, ROWS), tmp_path / f"ditolak.{ending}"
    write_refused(file, load(file, agency), Options(), target)
    again = load(target, agency, dry_run=True)
    assert (again.read, again.refused) == (2, 2)
    assert [refusal.value for refusal in again.refusals] == ["V/z", "Entah"]
    corrected = load(target, agency, create_units=True, dry_run=True)
    assert (corrected.new, corrected.refused) == (1, 1)


def test_csv_has_all_columns_and_the_reason(tmp_path):
    file, target = write_csv(tmp_path, ROWS), tmp_path / "ditolak.csv"
    write_refused(file, load(file, make_agency()), Options(), target)
    rows = list(csv.reader(target.read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))
    assert rows[0] == [*USUAL, "Alasan"]
    assert [row[0] for row in rows[1:]] == [make_nip(2), make_nip(3)]
    assert rows[1][1] == '\'=HYPERLINK("x")'
    assert rows[1][-1].startswith("Golongan: ")


@pytest.mark.parametrize("cell", ["=1+1", " -2", "\t@x", "＝1", "'=1", "'Ain", "biasa", ""])  # noqa: RUF001
def test_what_was_defused_is_meant_as_before(cell):
    assert not LIVE.match(defused(cell))
    assert as_meant(defused(cell)) == as_meant(cell)


def test_no_cell_of_xlsx_is_a_formula_or_a_number(tmp_path):
    file, target = write_csv(tmp_path, ROWS), tmp_path / "ditolak.xlsx"
    write_refused(file, load(file, make_agency()), Options(), target)
    cells = [
        cell for row in openpyxl.load_workbook(target).active.iter_rows() for cell in row if cell.value is not None
    ]
    assert {cell.data_type for cell in cells} == {"s"}
