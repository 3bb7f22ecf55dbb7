"""PDF as a format of reports: what it says of itself, its limit, and that nothing in it leads anywhere."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import pikepdf
import pypdf
import pytest
from django.test import Client
from django.utils.translation import override

from academy.people.models import AccessLog
from academy.reports import documents
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
