"""The pages of trends and of agencies compared: figures worked out by hand, in both views and from both sources."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from academy.people.models import Person
from academy.people.placements import place
from academy.reports.exports import jobs, making
from academy.reports.rollup import refreshing, source
from academy.reports.scope import scope_of
from courses.models import Course, Enrolment
from tests.factories import make_unit
from tests.reports.exporting import ask, files
from tests.reports.test_recount import TODAY
from tests.reports.world import AT, World, complete, content, page_table, read_csv, soup

MONTHS = ["Januari", "Februari", "Maret", "April", "Mei", "Juni"]
MONTHS += ["Juli", "Agustus", "September", "Oktober", "November", "Desember"]


@pytest.fixture
def province(world: World, client: Client) -> Client:
    client.force_login(world.hr_province)
    return client


@pytest.fixture(params=["now", "beforehand"])
def counted(request: Any, world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """Either source; `again` for those that change the world."""
    if request.param == "beforehand":
        monkeypatch.setattr(source, "MANY_PEOPLE", 1)
        refreshing.rebuild(at=AT)
    return str(request.param)


def test_a_year_month_by_month(world: World, counted: str, province: Client):
    """Ana, Beni and Gita finished X in November, Ana and Gita with a certificate; six enrolments began with them."""
    Enrolment.objects.filter(person=world.people["elsa"]).update(enrolled_at=AT.replace(month=3))
    refreshing.rebuild(at=AT)
    table = page_table(province.get("/laporan/tren/?tahun=2026"))
    assert table.column("Bulan") == MONTHS
    began = Enrolment.objects.exclude(person=world.people["elsa"]).values_list("enrolled_at__month", flat=True)
    expected = {name: list(began).count(number) for number, name in enumerate(MONTHS, 1)}
    expected["Maret"] += 1
    assert dict(zip(MONTHS, map(int, table.column("Pendaftaran baru")), strict=True)) == expected
    assert table.column("Penyelesaian") == ["0"] * 10 + ["3", "0"]
    assert table.column("Bersertifikat") == ["0"] * 10 + ["2", "0"]
    assert (table.total("Penyelesaian"), table.total("Pendaftaran baru")) == ("3", "8")


@pytest.mark.parametrize("way", ["unit-kini", "unit-saat-selesai"])
def test_the_lines_behind_every_number(world: World, province: Client, way: str):
    """What a number of a month, of the year or of an agency leads to holds so many lines, or so many credit hours."""
    Enrolment.objects.filter(person=world.people["elsa"]).update(enrolled_at=AT.replace(month=3))
    followed = set()
    for page in (f"/laporan/tren/?menurut={way}", "/laporan/instansi/"):
        response = province.get(page)
        table = page_table(response)
        for row in soup(response).select("main tbody tr, main tfoot tr"):
            for heading, cell in zip(table.headings, row.select("th, td"), strict=True):
                link = cell.select_one("a[href^='/laporan/penyelesaian/']")
                if link is None:
                    continue
                behind = province.get(link["href"])
                if link.get_text(strip=True) == "0":
                    assert not soup(behind).select("main table"), link["href"]
                    continue
                lines = page_table(behind)
                found = lines.total(heading) if heading.startswith("JP") else str(len(lines.rows))
                assert found == link.get_text(strip=True), link["href"]
                followed.add(heading)
    assert followed == {"Penyelesaian", "Bersertifikat", "JP"} | ({"Pendaftaran baru"} if way == "unit-kini" else set())


@pytest.mark.parametrize(
    ("zone", "month", "day"),
    [("Asia/Makassar", 2, "1 Februari 2026"), ("Asia/Jakarta", 1, "31 Januari 2026")],
)
def test_an_enrolment_is_of_the_month_it_was_where_the_agency_is(
    world: World, province: Client, zone: str, month: int, day: str
):
    """At 16.30 UTC of 31 January: half past midnight in Makassar, half past eleven in the evening in Jakarta."""
    world.alor.agency.time_zone = zone
    world.alor.agency.save()
    Enrolment.objects.filter(person=world.people["gita"]).update(enrolled_at=datetime(2026, 1, 31, 16, 30, tzinfo=UTC))
    for each in (1, 2):
        response = province.get(f"/laporan/penyelesaian/?keadaan=baru&bulan={each}")
        shown = page_table(response).column("Terdaftar pada") if soup(response).select("main table") else []
        assert shown == ([day] if each == month else [])


def test_what_somebody_earned_elsewhere_moves_only_in_the_view_of_today(world: World, counted: str, client: Client):
    place(world.people["beni"], unit=world.alor, from_on=TODAY, today=TODAY)
    refreshing.rebuild(at=AT)
    client.force_login(world.hr)
    assert page_table(client.get("/laporan/tren/")).total("Penyelesaian") == "1"
    earned = page_table(client.get("/laporan/tren/?menurut=unit-saat-selesai"))
    assert earned.total("Penyelesaian") == "2"
    assert "Pendaftaran baru" not in earned.headings


def test_agencies_side_by_side_the_furthest_first(world: World, counted: str, province: Client):
    """Alor: Gita of three (Ivon, Joni) finished; Kupang: Ana and Beni of seven."""
    response = province.get("/laporan/instansi/")
    table = page_table(response)
    assert table.column("Instansi")[0].startswith("Pemerintah Kab. Alor")
    assert table.column("Sasaran") == ["3", "7"]
    assert table.column("Selesai") == ["1", "2"]
    assert table.column("Penyelesaian") == ["1", "2"]
    assert [share.split()[0] for share in table.column("Selesai dari sasaran (%)")] == ["33,3%", "28,6%"]
    assert table.total("Sasaran") == "10"
    links = [link["href"] for link in soup(response).select("main tbody th a, main tbody td:first-child a")]
    assert f"/laporan/?tahun=2026&unit={world.alor.pk}" in links
    assert len(soup(response).select("svg.chart--rows .chart__bar")) == 2
    earned = page_table(province.get("/laporan/instansi/?menurut=unit-saat-selesai"))
    assert earned.column("Penyelesaian") == ["2", "1"]
    assert [cell.split("%")[0] for cell in earned.headings[1:]] == ["Penyelesaian", "Bersertifikat", "JP"]


def test_of_one_course(world: World, counted: str, province: Client):
    table = page_table(province.get("/laporan/instansi/?pelatihan=y"))
    assert (table.column("Sasaran"), table.column("Terdaftar")) == (["3", "7"], ["0", "2"])


def test_one_agency_cannot_be_compared(world: World, hr: Client, province: Client):
    for client, query in ((province, f"?unit={world.kupang.pk}"),):
        page = soup(client.get(f"/laporan/instansi/{query}")).get_text()
        assert "belum ada yang dapat dibandingkan" in page
    province.force_login(world.hr)
    assert "belum ada yang dapat dibandingkan" in soup(province.get("/laporan/instansi/")).get_text()


def test_the_overview_of_very_many_people_says_when_it_was_counted(
    world: World, province: Client, monkeypatch: pytest.MonkeyPatch
):
    now = soup(province.get("/laporan/"))
    figures = [cell.get_text(" ", strip=True) for cell in now.select("main table td, main table th")]
    monkeypatch.setattr(source, "MANY_PEOPLE", 1)
    refreshing.rebuild(at=AT)
    Enrolment.objects.update(withdrawn_at=AT)  # nobody counted since
    before = soup(province.get("/laporan/"))
    assert [cell.get_text(" ", strip=True) for cell in before.select("main table td, main table th")] == figures
    assert "Dihitung pukul 14.30" in before.get_text()
    assert "Dihitung pukul" not in now.get_text()


@pytest.mark.parametrize("name", ["tren", "instansi"])
@pytest.mark.parametrize("way", ["unit-kini", "unit-saat-selesai"])
def test_files_say_what_the_page_says(world: World, counted: str, province: Client, name: str, way: str):
    shown = page_table(province.get(f"/laporan/{name}/?menurut={way}"))
    for word in ("csv", "xlsx", "json"):
        response: Any = province.get(f"/laporan/{name}.{word}?menurut={way}")
        assert response.status_code == 200
        assert response["X-Report-Rows"] == str(len(shown.rows))
        assert (response["X-Report-As-Of"] == AT.isoformat()) == (counted == "beforehand")
        assert content(response)


@pytest.mark.parametrize("address", ["/laporan/", "/laporan/tren/", "/laporan/instansi/", "/laporan/unit-pelatihan/"])
def test_pages_of_groups_ask_little(
    world: World, province: Client, address: str, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
):
    province.get("/belajar/")  # fills what is kept between requests
    with django_assert_max_num_queries(10):
        province.get(address)
    monkeypatch.setattr(source, "MANY_PEOPLE", 1)
    refreshing.rebuild(at=AT)
    with django_assert_max_num_queries(10):
        province.get(address)
    assert (Person.objects.count(), Course.objects.count()) == (10, 2)


def test_a_file_made_later_says_when_its_figures_were_counted(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(source, "MANY_PEOPLE", 1)
    refreshing.rebuild(at=AT)
    yesterday, later = AT.date() - timedelta(days=1), AT + timedelta(days=1)
    place(world.people["beni"], unit=make_unit("Dinas Lain"), from_on=yesterday, today=AT.date())
    export = ask(world.hr_province, report="instansi", word="json", at=later)
    assert jobs.work_on_next(clock=lambda: later)
    export.refresh_from_db()
    assert (export.as_of, export.ready_at) == (AT, later)
    (file,) = files()
    assert datetime.fromisoformat(json.loads(file.read_bytes())["as_of"]) == AT
    scope = scope_of(world.hr_province, at=later)
    assert scope
    assert making.withheld(export, scope) == "", "nobody left since"


def test_the_dossier_of_very_many_counts_its_tables_when_it_reads_its_annex(
    world: World, province: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(source, "MANY_PEOPLE", 1)
    refreshing.rebuild(at=AT)
    complete(world.people["citra"].enrolments.get(course=world.course_x))
    page = soup(province.get("/laporan/bukti-dukung/"))
    figures = [value.get_text(strip=True) for value in page.select(".figures-row__value")]
    sheet = read_csv(content(province.get("/laporan/bukti-dukung.csv")))
    pdf: Any = province.get("/laporan/bukti-dukung.pdf")
    assert content(pdf).startswith(b"%PDF"), "made at once, for tables and annex agree"
    assert figures[2] == str(len(set(sheet.column("NIP"))))
