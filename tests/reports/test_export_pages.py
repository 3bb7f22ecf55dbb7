"""Large files over HTTP: asked for, watched, fetched in pieces, withheld, and the list of who took what along."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, unquote

import pytest
from django.test import Client
from django.utils import timezone

from academy.people.accesses import log_file
from academy.people.models import AccessLog, Person, Role
from academy.people.placements import place
from academy.reports import export_views
from academy.reports.exports import jobs, making
from academy.reports.files import FORMATS
from academy.reports.models import KEEP_FOR, Export
from tests.factories import LONG_AGO, make_hr
from tests.reports.exporting import ask, make_export, make_ready
from tests.reports.world import World, content, read_csv, soup

LIST = "/laporan/berkas/"
CONTENT = bytes(range(256)) * 40


@pytest.fixture
def at_once(monkeypatch):
    """Three lines are a small file."""
    for word, form in FORMATS.items():
        monkeypatch.setitem(FORMATS, word, replace(form, at_once=3))


def address(export: Export) -> str:
    return f"{LIST}{export.pk}/"


def file_address(export: Export) -> str:
    return f"{address(export)}laporan.{export.format}"


def text_of(response) -> str:
    return str(soup(response).get_text(" ", strip=True))


def test_a_small_file_comes_at_once_and_leaves_no_job(hr: Client, at_once):
    response = hr.get("/laporan/pegawai.csv?keadaan=selesai")
    assert (response.status_code, len(read_csv(content(response)).rows)) == (200, 2)
    assert not Export.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_from_asking_to_the_file(world: World, hr: Client, at_once):
    response = hr.get("/laporan/pegawai.csv?tahun=2026")
    export = Export.objects.get()
    assert response.status_code == 202
    assert soup(response).select_one('meta[http-equiv="refresh"]')["content"] == f"3; url={address(export)}"
    assert "0 dari 7 baris" in text_of(response)
    assert not AccessLog.objects.exists(), "nothing was given out yet"
    again = hr.get("/laporan/pegawai.csv?tahun=2026")
    assert (again.status_code, Export.objects.count()) == (202, 1)

    assert jobs.work_on_next(clock=timezone.now)
    page = hr.get(address(export))
    assert page.status_code == 200
    assert soup(page).select_one('meta[http-equiv="refresh"]') is None
    assert soup(page).select_one("main a.button--primary")["href"] == file_address(export)
    assert hr.get("/laporan/pegawai.csv?tahun=2026")["Location"] == file_address(export)
    response = hr.get(file_address(export))
    assert len(read_csv(content(response)).rows) == 7
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="laporan-pegawai-2026-pemerintah-kab-kupang-' in response["Content-Disposition"]
    assert "no-store" in response["Cache-Control"]
    export.refresh_from_db()
    assert unquote(response["X-Report-Scope"]) == "Pemerintah Kab. Kupang"
    assert parse_qs(response["X-Report-Filters"]) == {"tahun": ["2026"], "keadaan": ["sasaran"]}
    assert export.as_of is not None
    assert response["X-Report-As-Of"] == export.as_of.isoformat(timespec="seconds")
    assert (response["X-Report-Rows"], response["X-Report-SHA256"]) == ("7", export.lines_sha256)
    look = AccessLog.objects.get()
    assert (look.person, look.action, list(look.units.all())) == (world.hr, "report_file", [world.kupang])
    assert look.detail == {
        "report": "pegawai",
        "format": "csv",
        "rows": 7,
        "sha256": export.lines_sha256,
        "tahun": "2026",
        "keadaan": "sasaran",
    }


@pytest.mark.parametrize("query", ["tahun=1900", "pelatihan=tidak-ada", "keadaan=apa"])
def test_bad_filters_are_refused_before_anything_is_begun(hr: Client, at_once, query):
    response = hr.get(f"/laporan/pegawai.csv?{query}")
    assert (response.status_code, Export.objects.count()) == (400, 0)


def test_too_many_files_are_refused_in_words(world: World, hr: Client, at_once, monkeypatch):
    monkeypatch.setattr(jobs, "MOST_LIVE", 1)
    make_export(world.hr)
    response = hr.get("/laporan/pegawai.csv")
    assert (response.status_code, Export.objects.count()) == (422, 1)
    assert "Anda sudah memiliki 1 berkas laporan" in text_of(response)


def test_a_piece_is_given_and_a_piece_of_another_version_is_not(world: World, hr: Client):
    export = make_ready(world.hr, content=CONTENT, at=timezone.now())
    whole = hr.get(file_address(export))
    assert (content(whole), whole["ETag"], whole["Accept-Ranges"]) == (CONTENT, f'"{export.sha256}"', "bytes")
    piece = hr.get(file_address(export), headers={"range": "bytes=100-199", "if-range": f'"{export.sha256}"'})
    assert (piece.status_code, content(piece)) == (206, CONTENT[100:200])
    other = hr.get(file_address(export), headers={"range": "bytes=100-199", "if-range": '"other"'})
    assert (other.status_code, content(other)) == (200, CONTENT)
    assert hr.get(file_address(export), headers={"range": "bytes=999999-"}).status_code == 416


def test_nobody_else_finds_it_not_even_with_the_same_role(world: World, client: Client):
    export = make_ready(world.hr, content=CONTENT, at=timezone.now())
    for stranger in (make_hr(world.kupang), world.hr_alor, world.hr_province):
        client.force_login(stranger)
        assert client.get(address(export)).status_code == 404
        assert client.get(file_address(export)).status_code == 404
        assert client.post(f"{address(export)}hapus/").status_code == 404
    export.refresh_from_db()
    assert export.deleted_at is None


def test_a_file_made_when_the_role_was_wider_is_not_given_out(world: World, hr: Client):
    export = make_ready(world.hr, content=CONTENT, at=timezone.now())
    Role.objects.filter(person=world.hr).update(unit=world.kesehatan)
    response = hr.get(file_address(export), follow=True)
    assert response.redirect_chain == [(address(export), 302)]
    assert "Cakupan Anda berubah" in text_of(response)
    assert not soup(response).select("main a.button--primary")
    assert not AccessLog.objects.exists()
    Export.objects.filter(pk=export.pk).update(totals={"Terdaftar": 4321})
    for _state in ("ready", "deleted"):
        told = text_of(hr.get(address(export))) + text_of(hr.get(LIST))
        assert "Bukan cakupan Anda hari ini" in told
        assert not [secret for secret in ("Kab. Kupang", "4.321", "1 baris", "Tahun: 2026") if secret in told]
        hr.post(f"{address(export)}hapus/")
    Role.objects.filter(person=world.hr).update(until_at=timezone.now())
    assert hr.get(file_address(export)).status_code == 403


def test_a_file_with_somebody_who_left_is_not_given_out(world: World, hr: Client):
    today = timezone.localdate()
    place(world.people["citra"], unit=world.kesehatan, from_on=LONG_AGO.date(), today=today)
    export = make_ready(world.hr, content=CONTENT, at=timezone.now())
    assert content(hr.get(file_address(export))) == CONTENT
    place(world.people["citra"], unit=world.alor, from_on=today, today=today)
    assert "keluar dari cakupan" in text_of(hr.get(file_address(export), follow=True))


def test_a_file_whose_time_is_over_or_that_is_lost_can_be_made_again(world: World, hr: Client):
    old = make_ready(world.hr, content=CONTENT, at=timezone.now() - KEEP_FOR)
    lost = make_ready(world.hr, content=CONTENT, at=timezone.now())
    making.path_of(lost.file_key).unlink()
    for export in (old, lost):
        response = hr.get(file_address(export), follow=True)
        assert response.redirect_chain == [(address(export), 302)]
        links = {link.get_text(strip=True): link["href"] for link in soup(response).select("main .actions a")}
        assert links["Buat lagi"] == "/laporan/pegawai.csv?tahun=2026"
        assert soup(response).select_one(".status").get_text(strip=True) == "Dihapus"
    lost.refresh_from_db()
    assert lost.file_key == ""


def test_the_page_tells_why_nothing_comes(world: World, hr: Client):
    failed = make_export(world.hr, failed_at=timezone.now(), problem=Export.Problem.DISK)
    assert "Diska atau penyimpanan berkas tidak menerima berkas ini." in text_of(hr.get(address(failed)))
    rests = make_export(world.hr, problem=Export.Problem.DATABASE, lease_until=timezone.now() + timedelta(minutes=5))
    page = text_of(hr.get(address(rests)))
    assert "Basis data tidak menjawab." in page
    assert "Menunggu giliran" in page


def test_cancelling_and_deleting_need_a_button_and_twice_is_once(
    world: World, hr: Client, django_capture_on_commit_callbacks
):
    owed, ready = make_export(world.hr), make_ready(world.hr, content=CONTENT, at=timezone.now())
    for export in (owed, ready):
        assert hr.get(f"{address(export)}hapus/").status_code == 405
        for _again in range(2):
            response = hr.post(f"{address(export)}hapus/", follow=True)
            assert response.redirect_chain == [(LIST, 302)]
        export.refresh_from_db()
    assert owed.state(at=timezone.now()) == Export.State.CANCELLED
    assert (ready.state(at=timezone.now()), ready.file_key) == (Export.State.DELETED, "")


def test_the_list_shows_own_files_in_every_state(world: World, hr: Client, django_assert_max_num_queries):
    assert "Belum ada berkas laporan" in text_of(hr.get(LIST))
    for number in range(export_views.PER_PAGE):
        make_ready(world.hr, content=b"x", at=timezone.now() - timedelta(days=number))
    make_export(world.hr, at=timezone.now(), failed_at=timezone.now())
    make_export(world.hr_alor, report="peserta")
    with django_assert_max_num_queries(10):
        page = hr.get(LIST)
    assert "26 berkas" in text_of(page)
    assert len(soup(page).select("main .rows > li")) == export_views.PER_PAGE
    assert len(soup(hr.get(f"{LIST}?page=2")).select("main .rows > li")) == 1
    states = {tag.get_text(strip=True) for tag in soup(page).select(".status")}
    assert states == {"Gagal dibuat", "Siap diunduh", "Dihapus"}


def took(person: Person, *units, **detail) -> AccessLog:
    given = {"report": "pegawai", "format": "xlsx", "rows": 1234, "sha256": "ab" * 32, "tahun": "2026"}
    scope = ", ".join(unit.name for unit in units)
    return log_file(person, scope=scope, at=timezone.now(), detail=given | detail, units=[unit.pk for unit in units])


def rows_of_others(client: Client) -> list[str]:
    table = soup(client.get(f"{LIST}?daftar=lain"))
    return [row.get_text(" ", strip=True) for row in table.select("main tbody tr")]


def test_whoever_is_over_a_unit_sees_which_files_others_took_of_it(world: World, hr: Client):
    assert rows_of_others(hr) == []
    took(world.hr, world.kupang)  # one's own
    took(world.hr_alor, world.alor)
    took(make_hr(world.kesehatan, name="Lusi"), world.puskesmas, pelatihan="x", unit=str(world.puskesmas.pk))
    took(world.hr_province, world.kupang, world.alor, q="Gita", unit=str(world.alor.pk))
    rows = rows_of_others(hr)
    assert len(rows) == 2
    province, lusi = rows
    assert "Ivon, S.Kom." in province
    assert "1.234" in province
    assert "ab" * 32 in province
    assert "Gita" not in province
    assert "Unit kerja" not in province
    assert "Lusi, S.Kom." in lusi
    assert "Pelatihan: Keamanan Informasi · Unit kerja: Puskesmas Tarus" in lusi


def test_the_head_of_a_part_sees_files_about_the_whole(world: World, client: Client):
    took(world.hr, world.kupang)
    took(make_hr(world.kominfo), world.kominfo)
    client.force_login(make_hr(world.puskesmas))
    (row,) = rows_of_others(client)
    assert "Hesti, S.Kom." in row


def test_what_is_taken_at_once_is_listed_too(world: World, hr: Client, client: Client):
    content(hr.get(f"/laporan/peserta.csv?unit={world.kesehatan.pk}"))
    content(hr.get("/laporan/unit.csv"))
    content(hr.get(f"/laporan/pegawai/{world.people['fani'].pk}/pelatihan.csv"))
    client.force_login(make_hr(world.kominfo))
    assert len(rows_of_others(client)) == 2
    client.force_login(make_hr(world.puskesmas))
    assert len(rows_of_others(client)) == 2
    client.force_login(world.hr_province)
    assert len(rows_of_others(client)) == 3


@pytest.mark.parametrize("who", ["hr", "hr_province"])
def test_the_list_of_others_asks_few_questions(world: World, client: Client, django_assert_max_num_queries, who):
    for number in range(60):
        took(world.hr_alor, world.kupang, pelatihan="x", unit=str(world.kesehatan.pk), rows=number)
    client.force_login(getattr(world, who))
    client.get("/belajar/")  # fills what is kept between requests
    with django_assert_max_num_queries(10):
        page = client.get(f"{LIST}?daftar=lain&page=2")
    assert "60 berkas" in text_of(page)
    assert len(soup(page).select("main tbody tr")) == export_views.PER_PAGE


def test_a_scope_of_two_roles_is_one_list(world: World, client: Client):
    officer = make_hr(world.puskesmas)
    Role.objects.create(person=officer, kind=Role.Kind.HR, unit=world.alor, from_at=LONG_AGO)
    took(world.hr, world.kupang)
    took(world.hr_alor, world.alor)
    client.force_login(officer)
    assert len(rows_of_others(client)) == 2


def test_asking_by_the_door_and_by_the_action_is_the_same(world: World, hr: Client, at_once):
    export = ask(world.hr, at=timezone.now())
    assert hr.get("/laporan/pegawai.csv?tahun=2026").status_code == 202
    assert Export.objects.get() == export
