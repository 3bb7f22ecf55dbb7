"""PDF as a format of reports: what it says of itself, its limit, and that nothing in it leads anywhere."""

from __future__ import annotations

import io
import re
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
from django.test import Client
from django.utils.translation import override

from academy.people.models import AccessLog
from academy.reports import assigned, documents, events, hours, issuance, people
from academy.reports.columns import Column, Kind
from academy.reports.control import Circumstances
from academy.reports.exports import jobs
from academy.reports.files import FORMATS
from academy.reports.models import Export
from academy.reports.tables import MadeLines, Table
from certificates import conformance
from tests.reports.exporting import ask
from tests.reports.world import AT, World, content, read_csv, read_pdf, soup

COLUMNS = (Column("name", "Nama"), Column("number", "Angka", Kind.INTEGER, totalled=True))
CIRCUMSTANCES = Circumstances("Cakupan", [("Tahun", "2026")], datetime(2026, 11, 24, tzinfo=UTC))


def numbered(count: int) -> Table:
    rows = [{"name": f"baris {n}", "number": n} for n in range(count)]
    return Table("uji", "Uji", COLUMNS, MadeLines(COLUMNS, rows), note="Catatan.")


def drawn(table: Table) -> bytes:
    out = io.BytesIO()
    with override("id"):
        documents.write_pdf(table, CIRCUMSTANCES, out)
    return out.getvalue()


def words(page: pypdf.PageObject) -> str:
    return " ".join(page.extract_text().split())


def test_headings_stand_on_every_page_and_the_sums_on_the_last_alone():
    data = drawn(numbered(60))
    pages = [words(page) for page in pypdf.PdfReader(io.BytesIO(data)).pages]
    assert len(pages) == 3
    for number, text in enumerate(pages, start=1):
        assert "Nama Angka" in text
        assert f"Halaman {number} dari 3" in text
        assert "Uji · Cakupan · 24 November 2026" in text
        assert ("Jumlah 1.770" in text) is (number == 3)
    sheet = read_pdf(data)
    assert [row[1] for row in sheet.rows] == [str(n) for n in range(60)]
    assert sheet.totals == ["Jumlah", "1770"]
    assert conformance.complaints(data, "ua1") == []


USUAL = {
    "nip": "198909282014031770",
    "number": "0075/800.2/BPSDMD-NTT/IX/2026",
    "edition": "2.10",
    "address": "https://akademi.nttprov.go.id/V/7KQ4M2XD9TWRH3PB",
}
PLACE = "Bidang Pengembangan Kompetensi Sumber Daya Manusia"
A_NUMBER = {Kind.INTEGER: 1234, Kind.DECIMAL: 93.33, Kind.PERCENT: 100, Kind.DATE: date(2026, 9, 16)}
WORD = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>')


def usual(column: Column) -> Any:
    """Of words the longest."""
    if column.words:
        return max(column.words.items(), key=lambda item: len(str(item[1])))[0]
    return USUAL.get(column.key, A_NUMBER.get(column.kind, PLACE))


@pytest.mark.parametrize(
    "columns",
    [
        people.PARTICIPANT_COLUMNS,
        people.ANNEX_COLUMNS,
        people.PEOPLE_COLUMNS,
        events.COLUMNS,
        hours.PERSON_HOUR_COLUMNS,
        issuance.CERTIFICATE_COLUMNS,
        assigned.ASSIGNED_COLUMNS,
    ],
    ids=len,
)
def test_every_column_is_on_the_paper_and_none_on_another(columns: tuple[Column, ...], tmp_path: Path):
    row = {column.key: usual(column) for column in columns}
    (tmp_path / "wide.pdf").write_bytes(drawn(Table("uji", "Uji", columns, MadeLines(columns, [row] * 3))))
    subprocess.run(["pdftotext", "-bbox", "wide.pdf", "words.html"], cwd=tmp_path, check=True)
    words = [(*map(float, found[:4]), found[4]) for found in WORD.findall((tmp_path / "words.html").read_text())]
    assert len([word for word in words if word[4] == USUAL["nip"]]) == 3
    right = (297 - 16) / 25.4 * 72
    assert not [word for word in words if word[2] > right + 1]
    for one, other in combinations(words, 2):
        across = min(one[2], other[2]) - max(one[0], other[0])
        down = min(one[3], other[3]) - max(one[1], other[1])
        assert across <= 0.5 or down <= 2.5, (one, other)  # lines of a cell are set close


def test_it_states_scope_filters_moment_lines_and_hash(world: World, hr: Client, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: AT)
    response = hr.get("/laporan/unit.pdf?pelatihan=x")
    assert response.headers["Content-Type"] == "application/pdf"
    text = words(pypdf.PdfReader(io.BytesIO(content(response))).pages[0])
    for said in (
        "Menurut unit kerja",
        "Cakupan Pemerintah Kab. Kupang",
        "Tahun 2026",
        "Dihitung menurut Unit saat ini",
        "Pelatihan Keamanan Informasi",
        "Data per 24 November 2026, 14.30 WITA",
        "Jumlah baris 3",
        response.headers["X-Report-SHA256"],
        "Halaman 1 dari 1",
    ):
        assert said in text, said


def test_nothing_in_it_is_a_link_and_markup_is_text(world: World, hr: Client):
    world.people["ana"].name = '<a href="https://x.test/">=1+1</a><img src="file:///etc/passwd">'
    world.people["ana"].save()
    data = content(hr.get("/laporan/pegawai.pdf"))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert not [page for page in pdf.pages if "/Annots" in page]
        assert not [page for page in pdf.pages if page.get_images()]
    assert "<ahref=https://x.test/>=1+1</a>" in "".join(read_pdf(data).rows[0]).replace(" ", "").replace('"', "")


def test_more_lines_than_a_document_has_are_refused_with_the_way_out(world: World, hr: Client, monkeypatch):
    limited = replace(FORMATS["pdf"], most_lines=6)
    monkeypatch.setitem(FORMATS, "pdf", limited)
    response = hr.get("/laporan/pegawai.pdf")  # seven people
    assert response.status_code == 422
    assert "PDF hanya untuk ringkasan paling banyak 6 baris. Pilih Excel atau CSV" in soup(response).get_text()
    assert len(read_pdf(content(hr.get("/laporan/pegawai.pdf?keadaan=selesai"))).rows) == 2
    assert AccessLog.objects.count() == 1
    assert len(read_csv(content(hr.get("/laporan/pegawai.csv"))).rows) == 7


def test_the_limit_holds_in_the_writer_itself(monkeypatch):
    monkeypatch.setattr(documents, "MOST_LINES", 3)
    assert read_pdf(drawn(numbered(3))).totals == ["Jumlah", "3"]
    with pytest.raises(documents.TooManyLines, match="3"):
        drawn(numbered(4))


def test_a_longer_one_is_made_by_a_worker(world: World, hr: Client, monkeypatch):
    limited = replace(FORMATS["pdf"], at_once=6)
    monkeypatch.setitem(FORMATS, "pdf", limited)
    assert hr.get("/laporan/pegawai.pdf").status_code == 202
    assert Export.objects.get().format == "pdf"


@pytest.mark.django_db(transaction=True)
def test_a_table_that_grew_past_the_limit_fails_and_says_why(world: World, monkeypatch):
    export = ask(world.hr, word="pdf")
    monkeypatch.setattr(documents, "MOST_LINES", 3)
    assert jobs.work_on_next(clock=lambda: AT)
    export.refresh_from_db()
    assert (export.problem, export.failed_at, export.tries) == (Export.Problem.LINES, AT, 1)
