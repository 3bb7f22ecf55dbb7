"""The unit tree from one file: what hangs where, what is refused, how many statements it takes, and taking it back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command

from academy.people import units
from academy.people.models import ChangeLog, Person, RosterImport, WorkUnit
from academy.people.roster import jobs
from academy.people.roster.outcome import Outcome, RosterRefused
from academy.people.roster.undoing import CannotUndo
from academy.people.roster.unit_importing import import_units, undo_units
from tests.factories import AT, AgencyFactory, PersonFactory, make_unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def agency():
    return AgencyFactory(name="Pemerintah Kab. Contoh")


def write(folder: Path, *lines: str) -> Path:
    file = folder / "unit.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def run(file: Path, agency, **options) -> Outcome:
    return import_units(file, agency=agency, by=None, at=AT, **options)


def paths(agency) -> set[str]:
    """Each unit of the agency as the names from below the root down to it."""
    rows = WorkUnit.objects.filter(agency=agency).order_by("path")
    names = {unit.path: unit.name for unit in rows}
    return {
        " / ".join(names[unit.path[:length]] for length in range(8, len(unit.path) + 1, 4))
        for unit in rows
        if unit.depth > 1
    }


def messages(outcome: Outcome) -> dict[int, str]:
    return {refusal.row: refusal.message for refusal in outcome.refusals}


def assert_tree_is_sound(agency) -> None:
    assert [list(problem) for problem in WorkUnit.find_problems()] == [[], [], [], [], []]
    assert WorkUnit.objects.filter(agency=agency, depth=1).count() == 1


def test_units_hang_below_their_parents_by_name(agency, tmp_path):
    file = write(
        tmp_path,
        "Unit Kerja;Induk",
        "Bidang Aptika;Dinas Kominfo",
        "Dinas Kominfo;",
        "Seksi Keamanan;Bidang Aptika",
        "",
        "Sekretariat Daerah;Pemerintah Kab. Contoh",
    )
    outcome = run(file, agency)
    assert outcome.counts() == {
        "read": 4, "new": 4, "changed": 0, "moved": 0, "gone": 0, "unchanged": 0, "refused": 0
    }  # fmt: skip
    assert paths(agency) == {
        "Dinas Kominfo",
        "Dinas Kominfo / Bidang Aptika",
        "Dinas Kominfo / Bidang Aptika / Seksi Keamanan",
        "Sekretariat Daerah",
    }
    assert_tree_is_sound(agency)
    line = ChangeLog.objects.get()
    assert (line.action, line.unit, line.detail["new_units"]) == ("roster_imported", units.ensure_root(agency), 4)


def test_a_repeat_finds_everything_unchanged(agency, tmp_path):
    file = write(tmp_path, "Unit Kerja,Induk", "Dinas Kominfo,", "Bidang Aptika,Dinas Kominfo")
    run(file, agency)
    again = run(file, agency)
    assert (again.new, again.unchanged, again.refused) == (0, 2, 0)
    assert WorkUnit.objects.filter(agency=agency).count() == 3


def test_new_units_join_a_tree_that_stands(agency, tmp_path):
    dinas = make_unit("Dinas Kominfo", agency=agency)
    units.ensure_unit(dinas, "Bidang Statistik")
    outcome = run(
        write(tmp_path, "UNOR NAMA\tUNOR INDUK NAMA", "bidang  statistik\tDinas Kominfo", "UPTD Data\tDINAS KOMINFO"),
        agency,
    )
    assert (outcome.new, outcome.unchanged) == (1, 1)
    assert paths(agency) == {"Dinas Kominfo", "Dinas Kominfo / Bidang Statistik", "Dinas Kominfo / UPTD Data"}
    assert_tree_is_sound(agency)


def test_codes_tell_apart_what_names_do_not(agency, tmp_path):
    file = write(
        tmp_path,
        "Kode;Unit Kerja;Kode Induk",
        "1;Dinas A;",
        "2;Dinas B;",
        "11;Sekretariat;1",
        "21;Sekretariat;2",
        "211;Subbagian Umum;21",
        "99;Bidang X;77",
    )
    outcome = run(file, agency)
    assert paths(agency) == {
        "Dinas A", "Dinas A / Sekretariat", "Dinas B", "Dinas B / Sekretariat", "Dinas B / Sekretariat / Subbagian Umum"
    }  # fmt: skip
    assert messages(outcome) == {7: "Tidak ada baris pada berkas ini yang berkode demikian."}


def test_a_path_or_the_department_tells_apart_equal_names(agency, tmp_path):
    file = write(
        tmp_path,
        "Unit Kerja;Induk;Perangkat Daerah",
        "Dinas A;;",
        "Dinas B;;",
        "Sekretariat;Dinas A;",
        "Sekretariat;Dinas B;",
        "Subbagian Umum;Dinas A / Sekretariat;",
        "Subbagian Umum;Sekretariat;Dinas B",
        "Subbagian Keuangan;Sekretariat;",
    )
    outcome = run(file, agency)
    assert "Dinas A / Sekretariat / Subbagian Umum" in paths(agency)
    assert set(messages(outcome)) == {7, 8}  # a department that stands in no row of its parent does not help


def test_each_row_that_cannot_hang_anywhere_is_refused_with_its_reason(agency, tmp_path):
    for name in ("Dinas Lama", "Dinas Tutup"):
        make_unit(name, agency=agency)
    WorkUnit.objects.filter(depth=2).update(closed_on=AT.date())
    file = write(
        tmp_path,
        "Unit Kerja;Induk",
        "Dinas A;",
        "Dinas A;",
        "Bidang 1;Dinas Entah",
        "Seksi 1;Bidang 1",
        "Ring A;Ring B",
        "Ring B;Ring A",
        "Diri;Diri",
        ";Dinas A",
        f"{'x' * 201};Dinas A",
        "Bidang 2;Dinas Tutup",
        "Dinas Lama;",
        "=1+1;Dinas A",
    )
    outcome = run(file, agency)
    assert messages(outcome) == {
        3: "Baris 2 menyebut unit yang sama di bawah induk yang sama.",
        4: "Tidak ada unit instansi dan tidak ada baris pada berkas ini yang bernama demikian.",
        5: "Baris 4, tempat unit ini bernaung, ditolak.",
        6: "Unit-unit pada baris ini saling menaungi dan membentuk lingkaran.",
        7: "Unit-unit pada baris ini saling menaungi dan membentuk lingkaran.",
        8: "Sebuah unit tidak dapat bernaung di bawah dirinya sendiri.",
        9: "Unit ini tidak bernama.",
        10: "Nama ini 201 karakter; paling banyak 200 yang disimpan.",
        11: "Unit induknya sudah ditutup.",
        12: "Unit dengan nama ini pernah ada di sini dan sudah ditutup. Buka kembali unit itu.",
        13: "Ini rumus, bukan nama. Tempelkan nilainya saja.",
    }
    assert (outcome.read, outcome.new, outcome.refused) == (12, 1, 11)
    assert paths(agency) == {"Dinas A", "Dinas Lama", "Dinas Tutup"}


def test_a_dry_run_writes_nothing(agency, tmp_path):
    outcome = run(write(tmp_path, "Unit Kerja", "Dinas A"), agency, dry_run=True)
    assert outcome.new == 1
    assert outcome.samples["new"] == [{"nip": "", "name": "Dinas A", "before": "", "after": ""}]
    assert not WorkUnit.objects.exists()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([""], "kosong"),
        (["Nama;Alamat", "Dinas A;Kupang"], "Unit Kerja"),
        (["Unit Kerja;Kode Induk", "Dinas A;1"], "Kode"),
        (["Unit Kerja;UNIT_KERJA", "Dinas A;Dinas A"], "Dua kolom"),
    ],
)
def test_what_is_no_table_of_units_is_refused_whole(agency, tmp_path, lines, words):
    with pytest.raises(RosterRefused, match=words):
        run(write(tmp_path, *lines), agency)


def test_a_workbook_is_read_like_a_text_file(agency, tmp_path):
    with xlsxwriter.Workbook(tmp_path / "unit.xlsx") as workbook:
        workbook.add_worksheet("Acuan").hide()
        sheet = workbook.add_worksheet()
        sheet.activate()
        sheet.write_row(0, 0, ["Kode", "Unit Kerja", "Kode Induk"])
        sheet.write_row(1, 0, [1, "Dinas A"])
        sheet.write_row(3, 0, [11, "Bidang 1", 1])
        sheet.write_row(4, 0, [12, "Bidang 2", 5])
    outcome = run(tmp_path / "unit.xlsx", agency)
    assert paths(agency) == {"Dinas A", "Dinas A / Bidang 1"}
    assert [refusal.row for refusal in outcome.refusals] == [5]


def test_ten_thousand_units_take_a_handful_of_statements(agency, tmp_path, django_assert_max_num_queries):
    lines = ["Unit Kerja;Induk"]
    for dinas in range(40):
        lines.append(f"Dinas {dinas};")
        for bidang in range(10):
            lines.append(f"Bidang {dinas}.{bidang};Dinas {dinas}")
            lines.extend(f"Seksi {dinas}.{bidang}.{seksi};Bidang {dinas}.{bidang}" for seksi in range(24))
    file = write(tmp_path, *lines)
    with django_assert_max_num_queries(150):  # on SQLite 140 units to a statement, and 200 notes of what was made
        outcome = run(file, agency)
    assert (outcome.read, outcome.new) == (10_040, 10_040)
    assert_tree_is_sound(agency)
    with django_assert_max_num_queries(5):
        assert run(file, agency, dry_run=True).unchanged == 10_040


def applied(agency, file: Path, by: Person) -> RosterImport:
    job = RosterImport.objects.create(
        agency=agency, kind="units", by=by, at=AT, file_name="unit.csv", sha256="0" * 64, state="confirmed"
    )
    import_units(file, agency=agency, by=by, at=AT, job=job)
    job.refresh_from_db()
    return job


def undo(job: RosterImport) -> int:
    assert job.by
    jobs.undo(job, by=job.by)
    return undo_units(job, at=AT)


def test_undo_takes_the_units_back_once(agency, tmp_path):
    dinas = make_unit("Dinas Kominfo", agency=agency)
    by = PersonFactory(unit=dinas)
    job = applied(agency, write(tmp_path, "Unit Kerja;Induk", "Bidang A;Dinas Kominfo", "Seksi A;Bidang A"), by)
    assert (job.state, job.counts["new"], job.changes.count()) == ("applied", 2, 2)
    assert undo(job) == 2
    assert undo(job) == 0
    assert paths(agency) == {"Dinas Kominfo"}
    assert_tree_is_sound(agency)
    assert list(ChangeLog.objects.values_list("action", flat=True)) == ["roster_undone", "roster_imported"]


def test_units_in_use_are_not_taken_back(agency, tmp_path):
    dinas = make_unit("Dinas Kominfo", agency=agency)
    by = PersonFactory(unit=dinas)
    job = applied(agency, write(tmp_path, "Unit Kerja;Induk", "Bidang A;Dinas Kominfo"), by)
    PersonFactory(unit=WorkUnit.objects.get(name="Bidang A"))
    with pytest.raises(CannotUndo, match=r"pegawai \(1\)"):
        undo(job)
    assert WorkUnit.objects.filter(name="Bidang A").exists()


def test_units_that_carry_younger_ones_are_not_taken_back(agency, tmp_path):
    dinas = make_unit("Dinas Kominfo", agency=agency)
    by = PersonFactory(unit=dinas)
    job = applied(agency, write(tmp_path, "Unit Kerja;Induk", "Bidang A;Dinas Kominfo"), by)
    units.ensure_unit(WorkUnit.objects.get(name="Bidang A"), "Seksi A")
    with pytest.raises(CannotUndo, match="unit lain"):
        undo(job)


def test_an_import_is_applied_once_whoever_is_faster(agency, tmp_path):
    file = write(tmp_path, "Unit Kerja", "Dinas A")
    job = applied(agency, file, PersonFactory())
    with pytest.raises(RosterRefused, match="sudah diterapkan"):
        import_units(file, agency=agency, by=job.by, at=AT, job=job)
    assert ChangeLog.objects.count() == 1


def test_the_command_tells_by_its_exit_code(agency, tmp_path, capsys):
    file = write(tmp_path, "Unit Kerja;Induk", "Dinas A;", "Bidang 1;Dinas Entah")
    with pytest.raises(SystemExit, match="3"):
        call_command("import_units", str(file), agency=agency.code, json=True)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["read"], told["new"], told["refused"]) == (2, 1, 1)
    assert told["refusals"][0]["row"] == 3
    job = RosterImport.objects.get()
    assert (job.kind, job.by, job.state, job.changes.count()) == ("units", None, "applied", 1)
    with pytest.raises(CommandError) as error:
        call_command("import_units", str(write(tmp_path, "Alamat", "Kupang")), agency=agency.code)
    assert error.value.returncode == 2
    call_command("import_units", str(write(tmp_path, "Unit Kerja", "Dinas A")), agency=agency.code, dry_run=True)
