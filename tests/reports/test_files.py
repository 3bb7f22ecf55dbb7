"""Files: every format says what the page says, states what it is, and holds no live formula."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, unquote

import openpyxl
import pytest
from django.test import Client

from academy.people.models import AccessLog, Person
from academy.reports.columns import Column, Kind
from academy.reports.control import Circumstances
from academy.reports.csv_lines import defused
from academy.reports.files import write_csv, write_json
from academy.reports.tables import MadeLines, Table
from academy.reports.workbooks import write_xlsx
from courses.models import Enrolment, EnrolmentProgress
from tests.reports.world import AT, READERS, World, as_text, content, page_table, read_csv, read_json, read_xlsx, soup

PAGES = {
    "/laporan/": 2,
    "/laporan/?unit=kesehatan&pelatihan=x": 2,
    "/laporan/?menurut=unit-saat-selesai": 2,
    "/laporan/unit-pelatihan/": 1,
    "/laporan/unit-pelatihan/?menurut=unit-saat-selesai": 1,
    "/laporan/tren/": 1,
    "/laporan/tren/?menurut=unit-saat-selesai&unit=kesehatan": 1,
    "/laporan/instansi/": 1,
    "/laporan/pegawai/?menurut=unit-saat-selesai": 1,
    "/laporan/peserta/?menurut=unit-saat-selesai": 1,
    "/laporan/penyelesaian/": 1,
    "/laporan/penyelesaian/?keadaan=baru&bulan=11": 1,
    "/laporan/penyelesaian/?menurut=unit-saat-selesai&bulan=11": 1,
    "/laporan/matriks/": 1,
    "/laporan/matriks/?menurut=unit-saat-selesai": 1,
    "/laporan/jp/": 1,
    "/laporan/jp/?keadaan=belum-memenuhi&unit=kesehatan": 1,
    "/laporan/jp-unit/": 1,
    "/laporan/jp-unit/?menurut=unit-saat-selesai": 1,
    "/laporan/penugasan/": 1,
    "/laporan/penugasan-unit/": 1,
    "/laporan/sertifikat/": 1,
    "/laporan/sertifikat/?menurut=unit-saat-selesai": 1,
    "/laporan/sertifikat-pelatihan/": 1,
    "/laporan/pegawai/": 1,
    "/laporan/pegawai/?keadaan=berjalan&unit=kesehatan": 1,
    "/laporan/pegawai/?q=tidak+ada": 1,
    "/laporan/peserta/": 1,
    "/laporan/peserta/?keadaan=sasaran": 1,
    "/laporan/peserta/?keadaan=belum-terdaftar&pelatihan=y": 1,
    "/laporan/pegawai/ana/": 2,
}
WIDE = "\uff1d\uff0b\uff0d\uff20"  # = + - @ as East Asian input makes them
DANGEROUS = [
    "=HYPERLINK(1)",
    "+1",
    "-2",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    *(f"{sign}1" for sign in WIDE),
    " =1",
    "a;=1+1",
    "a\n=1",
]


def address(world: World, page: str) -> str:
    return page.replace("kesehatan", str(world.kesehatan.pk)).replace("/ana/", f"/{world.people['ana'].pk}/")


def file_links(response, position: int) -> dict[str, str]:
    card = soup(response).select("main section.card:has(.actions)")[position]
    return {link.get_text(strip=True): link["href"] for link in card.select(".actions a")}


@pytest.mark.parametrize(("page", "tables"), PAGES.items())
def test_every_table_has_the_same_headings_lines_and_totals_in_every_format(
    world: World, hr: Client, page: str, tables: int
):
    response = hr.get(address(world, page))
    for position in range(tables):
        links = file_links(response, position)
        assert list(links) == ["Excel", "CSV", "JSON", "PDF"]
        words = ("xlsx", "csv", "json", "pdf")
        for label, word in zip(links, words, strict=True):
            assert links[label].replace(f".{word}", ".csv") == links["CSV"]
        sheets = [READERS[word](content(hr.get(links[label]))) for label, word in zip(links, words, strict=True)]
        comparable = [
            (
                sheet.headings,
                [[as_text(cell) for cell in row] for row in sheet.rows],
                [as_text(cell) for cell in sheet.totals],
            )
            for sheet in sheets
        ]
        assert comparable[0] == comparable[1] == comparable[2] == comparable[3]
        assert sheets[1].totals[0] == "Jumlah"
        if position < len(soup(response).select("main table")):
            shown = page_table(response, position)
            assert shown.headings == sheets[1].headings
            assert len(shown.rows) == len(sheets[1].rows)
            assert [row[0] for row in shown.rows] == [row[0] for row in sheets[1].rows]
        for heading, total in zip(sheets[1].headings, sheets[1].totals, strict=True):
            if total and heading != sheets[1].headings[0] and not heading.endswith("(%)"):
                assert float(total) == sum(float(cell or 0) for cell in sheets[1].column(heading)), heading


@pytest.mark.parametrize("word", ["csv", "xlsx", "json", "pdf"])
def test_a_file_states_what_it_is(world: World, hr: Client, monkeypatch, word: str):
    monkeypatch.setattr("django.utils.timezone.now", lambda: AT)
    response = hr.get(f"/laporan/peserta.{word}?tahun=2026&pelatihan=x&unit={world.kesehatan.pk}")
    assert response.headers["Content-Disposition"] == (
        f'attachment; filename="laporan-peserta-2026-pemerintah-kab-kupang-20261124-1430.{word}"'
    )
    assert unquote(response.headers["X-Report-Scope"]) == "Pemerintah Kab. Kupang"
    assert parse_qs(response.headers["X-Report-Filters"]) == {
        "tahun": ["2026"],
        "pelatihan": ["x"],
        "unit": [str(world.kesehatan.pk)],
        "keadaan": ["terdaftar"],
    }
    assert response.headers["X-Report-As-Of"] == "2026-11-24T06:30:00+00:00"
    assert response.headers["X-Report-Rows"] == "4"
    assert "no-store" in response.headers["Cache-Control"]
    content(response)
    file = content(hr.get(f"/laporan/peserta.csv?tahun=2026&pelatihan=x&unit={world.kesehatan.pk}"))
    _heading, *lines, _totals = file.decode().splitlines(keepends=True)
    assert response.headers["X-Report-SHA256"] == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_the_workbook_tells_about_itself_on_its_last_sheet(world: World, hr: Client, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: AT)
    response = hr.get("/laporan/unit.xlsx?pelatihan=x")
    book = openpyxl.load_workbook(io.BytesIO(content(response)))
    assert book.sheetnames == ["Data", "Keterangan"]
    about = {row[0].value: row[1].value for row in book["Keterangan"].iter_rows()}
    assert about["Laporan"] == "Menurut unit kerja"
    assert about["Cakupan"] == "Pemerintah Kab. Kupang"
    assert about["Tahun"] == "2026"
    assert about["Pelatihan"] == "Keamanan Informasi"
    assert about["Data per"] == "24 November 2026, 14.30 WITA"
    assert (about["Jumlah baris"], about["Jumlah: Sasaran"], about["Jumlah: Selesai"]) == (3, 7, 2)
    content(response)
    assert about["SHA-256 isi baris"] == response.headers["X-Report-SHA256"]


def test_json_states_scope_filters_and_moment(world: World, hr: Client, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: AT)
    found = json.loads(content(hr.get("/laporan/pegawai.json?keadaan=selesai")))
    assert found["scope"] == "Pemerintah Kab. Kupang"
    assert found["filters"] == {"Tahun": "2026", "Dihitung menurut": "Unit saat ini", "Keadaan": "Selesai"}
    assert (found["as_of"], found["row_count"]) == ("2026-11-24T14:30:00+08:00", 2)


def test_the_workbook_holds_text_numbers_and_days_as_such(world: World, hr: Client):
    ended = datetime(2026, 11, 2, 16, tzinfo=UTC)  # the third by then in Kupang
    done = Enrolment.objects.get(person=world.people["ana"], course=world.course_x)
    EnrolmentProgress.objects.create(enrolment=done, percent=75, last_active_at=ended)
    book = openpyxl.load_workbook(io.BytesIO(content(hr.get("/laporan/peserta.xlsx?pelatihan=x"))))
    sheet = book["Data"]
    cells = dict(zip((cell.value for cell in sheet[1]), sheet[2], strict=True))
    assert (cells["NIP"].value, cells["NIP"].data_type) == (world.people["ana"].nip, "s")
    assert cells["NIP"].number_format == "@"
    assert (cells["Kemajuan (%)"].value, cells["Kemajuan (%)"].data_type) == (75, "n")
    assert cells["Terakhir aktif"].value == datetime(2026, 11, 3)  # noqa: DTZ001  a cell has no zone
    assert (cells["Nilai"].value, cells["Nilai"].data_type) == (88, "n")
    assert cells["Tanggal selesai"].value == datetime(2026, 11, 24)  # noqa: DTZ001  a cell has no zone
    assert sheet.freeze_panes == "B2"
    assert sheet["A1"].font.bold


@pytest.mark.parametrize("name", [*DANGEROUS, "a\x01b", "Ñandú <b>", "😀" * 30])
def test_no_name_becomes_a_formula_and_none_is_lost(world: World, hr: Client, name: str):
    Person.objects.filter(pk=world.people["ana"].pk).update(name=name, title_after="")
    cell = read_csv(content(hr.get("/laporan/pegawai.csv"))).rows[0][1]
    assert cell.lstrip(" ")[0] not in "=+-@\t\r" + WIDE
    assert ";=" not in cell
    sheet = openpyxl.load_workbook(io.BytesIO(content(hr.get("/laporan/pegawai.xlsx"))))["Data"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    in_json = read_json(content(hr.get("/laporan/pegawai.json"))).rows[0][1]
    assert in_json == name.strip(" ")
    assert cell.replace("'", "") == in_json


def test_defusing_leaves_ordinary_text_alone():
    for text in ("Maria Bere, S.Kom.", "a-b", "x = y", "O'Neill", "1994; 2020", ""):
        assert defused(text) == text


def small_table(count: int) -> Table:
    columns = (
        Column("name", "Nama"),
        Column("number", "Angka", Kind.INTEGER, totalled=True),
        Column("share", "Persen", Kind.PERCENT, share=("number", "number")),
        Column("day", "Hari", Kind.DATE),
    )
    rows = [{"name": f"baris {n}", "number": n, "share": None, "day": date(2026, 1, 1 + n % 28)} for n in range(count)]
    return Table("uji", "Uji", columns, MadeLines(columns, rows))


CIRCUMSTANCES = Circumstances("Cakupan", [("Tahun", "2026")], datetime(2026, 11, 24, tzinfo=UTC))


def test_a_workbook_begins_a_sheet_when_one_is_full():
    out = io.BytesIO()
    write_xlsx(small_table(25), CIRCUMSTANCES, out, most_rows=10)
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["Data", "Data 2", "Data 3", "Keterangan"]
    assert [sheet.max_row for sheet in book.worksheets[:3]] == [11, 11, 7]
    sheet = read_xlsx(out.getvalue())
    assert (len(sheet.rows), sheet.totals[:2]) == (25, ["Jumlah", 300])


@pytest.mark.parametrize(("write", "read"), [(write_csv, read_csv), (write_json, read_json), (write_xlsx, read_xlsx)])
def test_an_empty_table_is_a_file_with_headings_and_a_total(write, read):
    out = io.BytesIO()
    control = write(small_table(0), CIRCUMSTANCES, out)
    sheet = read(out.getvalue())
    assert (sheet.headings, sheet.rows) == (["Nama", "Angka", "Persen", "Hari"], [])
    assert [as_text(cell) for cell in sheet.totals] == ["Jumlah", "0", "", ""]
    assert control.rows == 0


def test_every_download_is_written_down(world: World, hr: Client):
    response = hr.get("/laporan/pegawai.csv?keadaan=selesai")
    content(response)
    entry = AccessLog.objects.get()
    assert (entry.person, entry.action, entry.scope) == (world.hr, "report_file", "Pemerintah Kab. Kupang")
    assert entry.detail == {
        "report": "pegawai",
        "format": "csv",
        "rows": 2,
        "sha256": response.headers["X-Report-SHA256"],
        "tahun": "2026",
        "keadaan": "selesai",
    }


def test_headings_follow_the_language_in_every_format(world: World, hr: Client):
    hr.cookies["bahasa"] = "en"
    headings = [READERS[word](content(hr.get(f"/laporan/pegawai.{word}"))).headings for word in READERS]
    assert headings[0] == headings[1] == headings[2] == headings[3] == page_table(hr.get("/laporan/pegawai/")).headings
    assert headings[0][:3] == ["NIP", "Name", "Work unit"]
