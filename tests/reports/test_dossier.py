"""Bukti dukung: one PDF whose figures are those of the reports, with who finished as annex, printed and as a workbook."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pikepdf
import pypdf
import pytest
from django.db import connection, connections
from django.test import Client
from django.utils.translation import override

from academy.people import units
from academy.people.models import AccessLog
from academy.people.placements import place
from academy.reports import dossier
from academy.reports.control import Circumstances
from academy.reports.exports import jobs, making
from academy.reports.models import Export
from academy.reports.registry import REPORTS, read_question
from academy.reports.scope import scope_of
from courses.models import LegalReference
from tests.factories import make_completion
from tests.reports import paper
from tests.reports.exporting import ask
from tests.reports.world import AT, World, content, make_certificate, page_table, read_csv, read_xlsx, soup

EARNED = "menurut=unit-saat-selesai"


def pdf_of(hr: Client, query: str = "") -> bytes:
    response = hr.get(f"/laporan/bukti-dukung.pdf?tahun=2026&{query}")
    assert response.status_code == 200
    return content(response)


def words(data: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def tables(data: bytes) -> dict[str, list[list[str]]]:
    """The tables with headings, by their first ones."""
    return {" ".join(rows[0][:2]): rows for rows in paper.joined(paper.tables_of(data))}


def annex(data: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert list(pdf.attachments) == ["lampiran-peserta.xlsx"]
        return pdf.attachments["lampiran-peserta.xlsx"].get_file().read_bytes()


def test_figures_by_hand(world: World, hr: Client):
    """Of seven two finished (Ana, certified; Beni), a course of the factory's credit hours each."""
    hours = world.people["ana"].completions.get().credit_hours
    found = tables(pdf_of(hr))["Sasaran Terdaftar"]
    assert found == [
        ["Sasaran", "Terdaftar", "Selesai", "Selesai dari sasaran (%)", "Bersertifikat", "Penyelesaian", "JP"],
        ["7", "5", "2", "28,6%", "1", "2", str(2 * hours)],
    ]


@pytest.mark.parametrize("query", ["", "unit=kesehatan", "pelatihan=x", EARNED, f"{EARNED}&unit=kesehatan"])
def test_its_tables_are_the_reports_and_its_annex_opens_with_the_same_totals(world: World, hr: Client, query: str):
    query = query.replace("kesehatan", str(world.kesehatan.pk))
    data = pdf_of(hr, query)
    found = tables(data)
    for name in ("unit", "pelatihan"):
        report = read_csv(content(hr.get(f"/laporan/{name}.csv?tahun=2026&{query}")))
        (rows,) = [rows for rows in found.values() if rows[0] == report.headings]
        assert [[paper.value(cell) for cell in row] for row in rows[1:]] == [*report.rows, report.totals]
    sheet = read_xlsx(annex(data))
    participants = read_csv(content(hr.get(f"/laporan/peserta.csv?tahun=2026&keadaan=selesai&{query}")))
    for heading in ("NIP", "Nama", "Pelatihan", "Edisi", "Nomor sertifikat"):
        assert [cell or "" for cell in sheet.column(heading)] == participants.column(heading)
    assert str(sheet.total("JP")) == participants.total("JP")
    printed = found["NIP Nama"]
    assert [row[0] for row in printed[1:-1]] == sheet.column("NIP")
    assert paper.value(printed[-1][printed[0].index("JP")]) == participants.total("JP")
    months = found["Bulan Penyelesaian"]
    assert months[1:] == [
        ["November", str(len(sheet.rows)), str(sheet.total("JP"))],
        ["Jumlah", str(len(sheet.rows)), str(sheet.total("JP"))],
    ]


def test_the_hashes_on_its_cover_are_those_of_the_annex(world: World, hr: Client):
    response = hr.get("/laporan/bukti-dukung.pdf")
    data = content(response)
    text, alone = words(data), hr.get("/laporan/bukti-dukung.xlsx")
    content(alone)
    assert hashlib.sha256(annex(data)).hexdigest() in text
    assert response.headers["X-Report-SHA256"] in text
    assert response.headers["X-Report-SHA256"] == alone.headers["X-Report-SHA256"]
    entry = AccessLog.objects.first()
    assert entry is not None
    assert (entry.detail["report"], entry.detail["rows"]) == ("bukti-dukung", 2)


def test_the_annex_names_certificate_address_signatory_and_legal_basis(world: World, hr: Client, settings):
    reference = LegalReference.objects.create(
        key="permenpanrb-59-2020", regulation="Permen Contoh 1/2020", summary="x", as_of_on=AT, review_by_on=AT
    )
    beni = world.people["beni"].completions.get()
    make_certificate(
        beni,
        code="0123456789ABCDEF",
        facts={"issued_on": "2026-11-24", "signatory": "Rambu Ana", "signatory_position": "Plt. Kepala Badan"},
    )
    data = pdf_of(hr)
    text = words(data)
    assert settings.EVIDENCE_INDICATOR in text
    assert f"Sumber {reference}" in text
    assert "Perlu diperiksa" in text
    rows = tables(data)["Penyelenggara Penanda tangan"]
    assert ["Rambu Ana", "Plt. Kepala Badan", "1"] in [row[1:] for row in rows]
    addresses = read_xlsx(annex(data)).column("Periksa di")
    assert f"{settings.SITE_URL}/V/0123456789ABCDEF" in addresses


def test_who_left_the_scope_is_counted_by_the_unit_when_earned_and_not_named(world: World, hr: Client):
    gone = units.ensure_unit(world.alor, "Dinas Sosial")
    place(world.people["ana"], unit=gone, from_on=AT.date(), today=AT.date())
    data = pdf_of(hr, EARNED)
    assert tables(data)["Penyelesaian Bersertifikat"][1][:2] == ["2", "1"]
    assert tables(data)["Penyelenggara Penanda tangan"][-1][-1] == "1", "the certificate of who left counts"
    for text in (words(data), str(read_xlsx(annex(data)).rows)):
        assert "Ana, S.Kom." not in text
        assert world.people["ana"].nip not in text
        assert "/V/" not in text


@pytest.mark.parametrize(("query", "links"), [("", 6), (EARNED, 3)])
def test_the_figures_on_its_page_lead_to_what_they_count(world: World, hr: Client, query: str, links: int):
    found = soup(hr.get(f"/laporan/bukti-dukung/?tahun=2026&{query}")).select("a.figures-row__value")
    assert len(found) == links
    for link in found:
        behind = page_table(hr.get(link["href"]))
        assert link.get_text(strip=True) in {
            str(len(behind.rows)),
            behind.total("JP") if "JP" in behind.headings else "",
        }


def test_it_is_refused_where_the_address_makes_no_sense(world: World, hr: Client):
    assert hr.get(f"/laporan/bukti-dukung.pdf?unit={world.alor.pk}").status_code == 404
    assert hr.get("/laporan/bukti-dukung.pdf?tahun=1800").status_code == 400
    response = hr.get("/laporan/bukti-dukung.pdf?q=ana")
    assert response.status_code == 400
    assert "tidak dapat dicari" in soup(response).get_text()
    assert not AccessLog.objects.exists()


def test_a_long_annex_is_printed_in_part_and_attached_whole(world: World, hr: Client, monkeypatch):
    monkeypatch.setattr(dossier, "PRINTED", 1)
    data = pdf_of(hr)
    assert len(tables(data)["NIP Nama"]) == 3  # heading, a line, totals
    assert "1 baris pertama dari 2 baris" in words(data)
    assert len(read_xlsx(annex(data)).rows) == 2


def test_nobody_is_a_page_without_a_button_and_still_a_file(world: World, hr: Client):
    query = f"unit={world.puskesmas.pk}"
    page = soup(hr.get(f"/laporan/bukti-dukung/?{query}"))
    assert "Belum ada yang menyelesaikan pelatihan di sini" in page.get_text()
    assert "Buat PDF" not in page.get_text()
    assert "Sasaran" in words(pdf_of(hr, query))


@pytest.mark.parametrize("query", ["", f"?unit=kesehatan&{EARNED}"])
def test_the_page_asks_little(world: World, hr: Client, django_assert_max_num_queries, query: str):
    with django_assert_max_num_queries(10):
        assert hr.get(f"/laporan/bukti-dukung/{query.replace('kesehatan', str(world.kesehatan.pk))}").status_code == 200


def test_the_page_shows_the_figures_and_leads_to_the_file(world: World, hr: Client):
    page = soup(hr.get("/laporan/bukti-dukung/?menurut=unit-saat-selesai"))
    assert [value.get_text(strip=True) for value in page.select(".figures-row__value")][:2] == ["2", "1"]
    (button,) = [link for link in page.select("main a") if link.get_text(strip=True) == "Buat PDF"]
    assert content(hr.get(button["href"])).startswith(b"%PDF")
    assert "/laporan/bukti-dukung/" in hr.get("/laporan/").text


def test_tables_that_do_not_agree_are_read_again_and_in_the_end_make_no_file(world: World):
    """Somebody finishes after the table by course was read and before the annex is."""
    scope = scope_of(world.hr, at=AT)
    assert scope is not None
    question, _problems = read_question({"tahun": "2026"}, REPORTS["bukti-dukung"].choices, scope=scope, at=AT)

    def now() -> dossier.Tables:
        return dossier.Tables(*(REPORTS[name].table(question) for name in ("unit", "pelatihan", "bukti-dukung")))

    before, reads = now(), []
    circumstances = Circumstances(scope.label, question.filters.in_words(), AT)
    make_completion(world.people["fani"], edition=world.course_y.editions.get())

    def at_first_stale() -> dossier.Tables:
        reads.append(1)
        return replace(now(), courses=before.courses) if len(reads) == 1 else now()

    for stale in ("units", "courses"):
        old = {stale: getattr(before, stale)}
        with pytest.raises(dossier.Changing):
            dossier.write(lambda: replace(now(), **old), question.filters, circumstances, io.BytesIO(), None)  # noqa: B023
    control = dossier.write(at_first_stale, question.filters, circumstances, io.BytesIO(), None)
    assert (len(reads), control.rows) == (2, 3)


def test_what_keeps_changing_is_left_to_a_worker(world: World, hr: Client, monkeypatch):
    def changing(*_arguments: Any) -> Any:
        raise dossier.Changing

    monkeypatch.setitem(REPORTS, "bukti-dukung", replace(REPORTS["bukti-dukung"], draw=changing))
    assert hr.get("/laporan/bukti-dukung.pdf").status_code == 202
    assert Export.objects.get().total == 2
    assert jobs.work_on_next(clock=lambda: AT)
    assert Export.objects.get().problem == Export.Problem.CHANGING


@pytest.mark.django_db(transaction=True)
def test_a_worker_makes_the_same(world: World):
    make_completion(world.people["fani"], edition=world.course_y.editions.get())
    with override("id"):
        export = ask(world.hr, report="bukti-dukung", word="pdf")
    assert jobs.work_on_next(clock=lambda: AT)
    export.refresh_from_db()
    assert (export.state(at=AT), export.rows, export.report) == (Export.State.READY, 3, "bukti-dukung")
    assert export.file_name == "laporan-bukti-dukung-2026-pemerintah-kab-kupang-20261124-1430.pdf"
    data = making.path_of(export.file_key).read_bytes()
    assert len(read_xlsx(annex(data)).rows) == 3
    assert export.lines_sha256 in words(data)


@pytest.mark.django_db(transaction=True)
def test_tables_and_annex_are_of_one_moment(world: World):
    """Somebody finishes between the two. SQLite cannot hold the moment, sees that they differ and reads again."""
    scope = scope_of(world.hr, at=AT)
    assert scope is not None
    question, _problems = read_question({"tahun": "2026"}, REPORTS["bukti-dukung"].choices, scope=scope, at=AT)
    reads: list[int] = []

    def gather() -> dossier.Tables:
        units, courses = (REPORTS[name].table(question) for name in ("unit", "pelatihan"))
        reads.append(len(units.lines))
        if len(reads) == 1:
            with ThreadPoolExecutor() as pool:
                pool.submit(finish).result()
        return dossier.Tables(units, courses, REPORTS["bukti-dukung"].table(question))

    def finish() -> None:
        make_completion(world.people["fani"], edition=world.course_y.editions.get())
        connections.close_all()

    circumstances = Circumstances(scope.label, question.filters.in_words(), AT)
    control = dossier.write(gather, question.filters, circumstances, io.BytesIO(), None)
    is_postgresql = connection.vendor == "postgresql"
    assert (len(reads), control.rows) == ((1, 2) if is_postgresql else (2, 3))
