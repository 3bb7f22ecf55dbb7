"""The overview: counts worked out by hand, and every number leads to a list of that many lines."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from academy.people import units
from academy.people.models import WorkUnit
from academy.people.placements import place
from courses.credit_hours import credit_hours
from tests.factories import PersonFactory, make_completion, make_enrolment
from tests.reports.world import AT, World, complete, content, make_certificate, page_table, read_csv, soup

COUNTS = ["Sasaran", "Terdaftar", "Belum dimulai", "Sedang berjalan", "Selesai", "Bersertifikat", "Terlambat"]


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: AT)


def test_units_count_people_in_their_furthest_state(hr: Client):
    table = page_table(hr.get("/laporan/"))
    assert table.headings == ["Unit Kerja", *COUNTS, "Selesai dari sasaran (%)"]
    assert table.rows == [
        ["Pemerintah Kab. Kupang (langsung)", "1", "1", "0", "0", "1", "1", "0", "100,0%"],
        ["Dinas Kesehatan", "4", "4", "1", "2", "1", "0", "0", "25,0%"],
        ["Dinas Kominfo", "2", "0", "0", "0", "0", "0", "0", "0,0%"],
    ]
    assert table.totals == ["Jumlah", "7", "5", "1", "2", "2", "1", "0", "28,6%"]


def test_courses_count_pairs_of_person_and_course(hr: Client):
    table = page_table(hr.get("/laporan/"), 1)
    assert table.headings == ["Pelatihan", *COUNTS, "Selesai dari sasaran (%)"]
    assert table.rows == [
        ["Keamanan Informasi", "7", "5", "2", "1", "2", "1", "0", "28,6%"],
        ["Dasar SPBE", "7", "2", "1", "1", "0", "0", "0", "0,0%"],
    ]
    assert table.totals == ["Jumlah", "14", "7", "3", "2", "2", "1", "0", "14,3%"]


def test_the_headline_the_bar_and_the_figures_say_the_same(hr: Client):
    page = soup(hr.get("/laporan/"))
    assert page.select_one("#headline").get_text(strip=True) == "2 dari 7 pegawai sudah selesai"
    legend = [part.get_text(" ", strip=True) for part in page.select(".stacked-bar__legend li")]
    assert legend == ["Selesai 2", "Sedang berjalan 2", "Belum dimulai 1", "Belum terdaftar 2"]
    figures = {
        item.select_one(".figures-row__label").get_text(strip=True): item.select_one("a").get_text(strip=True)
        for item in page.select(".figures-row li")
    }
    assert figures == dict(zip(COUNTS, ["7", "5", "1", "2", "2", "1", "0"], strict=True))


@pytest.mark.parametrize(
    "query", ["", "pelatihan=x", "pelatihan=y", "unit=kesehatan", "unit=puskesmas", "unit=kupang&langsung=ya"]
)
@pytest.mark.parametrize("who", ["hr", "hr_province"])
def test_every_number_leads_to_a_list_of_that_many_lines(world: World, client: Client, query: str, who: str):
    client.force_login(getattr(world, who))
    query = re.sub(r"unit=(\w+)", lambda match: f"unit={getattr(world, match[1]).pk}", query)
    followed = 0
    pages: dict[str, Any] = {}
    for link in soup(client.get(f"/laporan/?{query}")).select(
        ".stacked-bar a, .figures-row a, main td a, main tfoot a"
    ):
        number = re.search(r"[\d.]+$", link.get_text(strip=True))
        assert number, link
        address = link["href"]
        page = pages.get(address) or soup(client.get(address))
        pages[address] = page  # many numbers lead to the same list
        lines = page.select("main tbody tr")
        assert len(lines) == int(number[0]), link
        assert f"{number[0]} baris" in page.get_text()
        followed += 1
    assert followed >= 4 + 7 + 4 * 7


def test_a_unit_opens_its_own_units_and_the_way_leads_back(world: World, hr: Client):
    page = soup(hr.get("/laporan/"))
    link = page.find("a", string="Dinas Kesehatan")
    response = hr.get(link["href"])
    assert [row[:2] for row in page_table(response).rows] == [
        ["Dinas Kesehatan (langsung)", "2"],
        ["Puskesmas Tarus", "2"],
    ]
    crumbs = soup(response).select(".breadcrumbs li")
    assert [crumb.get_text(strip=True) for crumb in crumbs] == ["Laporan pelatihan", "Dinas Kesehatan"]
    assert page_table(hr.get(crumbs[0].a["href"])).totals == page_table(hr.get("/laporan/")).totals


def test_the_group_reports_per_agency_and_opens_each(world: World, client: Client):
    client.force_login(world.hr_province)
    response = client.get("/laporan/")
    assert [row[:2] for row in page_table(response).rows] == [
        ["Pemerintah Kab. Kupang", "7"],
        ["Pemerintah Kab. Alor", "3"],
    ]
    opened = page_table(client.get(soup(response).find("a", string="Pemerintah Kab. Kupang")["href"]))
    assert opened.totals[:3] == ["Jumlah", "7", "5"]


def test_a_course_narrows_both_tables(hr: Client):
    response = hr.get("/laporan/?pelatihan=y")
    assert page_table(response).totals[:5] == ["Jumlah", "7", "2", "1", "1"]
    assert [row[0] for row in page_table(response, 1).rows] == ["Dasar SPBE"]


def test_withdrawn_enrolments_and_inactive_people_do_not_count(world: World, hr: Client):
    world.people["elsa"].enrolments.update(withdrawn_at=AT)
    type(world.hr).objects.filter(pk=world.people["ana"].pk).update(is_active=False)
    assert page_table(hr.get("/laporan/")).totals[:7] == ["Jumlah", "6", "3", "0", "2", "1", "0"]


def test_two_runs_of_a_course_are_one_pair_in_its_furthest_state(world: World, hr: Client):
    fani, edition = world.people["fani"], world.course_x.editions.get()
    second = world.course_x.runs.create(year=2026, number=2, opens_on=AT.date(), closes_on=AT.date())
    make_certificate(make_completion(fani, edition=edition))
    make_enrolment(fani, edition=edition, run=second)
    response = hr.get("/laporan/")
    assert page_table(response).rows[2][1:7] == ["2", "1", "0", "0", "1", "1"]
    assert page_table(response, 1).rows[0][1:7] == ["7", "6", "2", "1", "3", "2"]
    assert len(page_table(hr.get("/laporan/peserta/?keadaan=terdaftar&pelatihan=x")).rows) == 6
    assert len(page_table(hr.get("/laporan/peserta/?keadaan=selesai&pelatihan=x")).rows) == 3


def test_a_transfer_moves_a_person_with_the_next_request(world: World, hr: Client):
    place(world.people["citra"], unit=world.kominfo, from_on=AT.date(), today=AT.date())
    table = page_table(hr.get("/laporan/"))
    assert [row[4] for row in table.rows] == ["0", "1", "1"]


def test_who_finishes_after_new_year_counts_in_the_new_year_alone(world: World, hr: Client):
    """Enrolled on 20 December 2025 in the run of 2025, finished on 10 January 2026."""
    fani, edition = world.people["fani"], world.course_x.editions.get()
    run = world.course_x.runs.create(year=2025, opens_on=AT.date(), closes_on=AT.date())
    enrolment = make_enrolment(fani, edition=edition, run=run, enrolled_at=datetime(2025, 12, 20, tzinfo=UTC))
    assert fani_in(hr, 2025) == fani_in(hr, 2026) == (1, ["1", "0", "0"], 0)  # not finished: in every year since
    make_certificate(complete(enrolment, at=datetime(2026, 1, 10, tzinfo=UTC)))
    assert fani_in(hr, 2025) == (0, ["0", "0", "0"], 0)
    assert fani_in(hr, 2026) == (1, ["1", "1", "3"], 1)
    assert [credit_hours(fani, year=year) for year in (2025, 2026)] == [0, 3]
    courses = page_table(hr.get(f"/laporan/pegawai/{fani.pk}/"))
    assert [courses.column(name) for name in ("Tahun", "JP")] == [["2026"], ["3"]]


def fani_in(hr: Client, year: int) -> tuple[int, list[str], int]:
    """Enrolled in Kominfo; courses enrolled in, courses finished and JP; certified in the list of pairs."""
    kominfo = next(row for row in page_table(hr.get(f"/laporan/?tahun={year}")).rows if row[0] == "Dinas Kominfo")
    (person,) = page_table(hr.get(f"/laporan/pegawai/?tahun={year}&q=fani")).rows
    certified = soup(hr.get(f"/laporan/peserta/?tahun={year}&q=fani&keadaan=bersertifikat")).select("main tbody tr")
    return int(kominfo[2]), person[5:], len(certified)


def test_the_years_to_choose_go_from_the_first_run_to_the_present(world: World, hr: Client):
    assert years_to_choose(hr) == [str(timezone.localdate().year)]
    for year in (2024, 2030):
        world.course_x.runs.create(year=year, opens_on=AT.date(), closes_on=AT.date())
    assert years_to_choose(hr) == [str(year) for year in range(timezone.localdate().year, 2023, -1)]


def years_to_choose(hr: Client) -> list[str]:
    return [option["value"] for option in soup(hr.get("/laporan/")).select("#tahun option")]


def test_a_closed_unit_is_shown_while_it_still_counts_somebody(world: World, hr: Client):
    WorkUnit.objects.filter(pk=world.kominfo.pk).update(closed_on=AT.date())
    assert "Dinas Kominfo" in [row[0] for row in page_table(hr.get("/laporan/")).rows]
    type(world.hr).objects.filter(unit=world.kominfo).update(unit=world.kesehatan)
    assert "Dinas Kominfo" not in [row[0] for row in page_table(hr.get("/laporan/")).rows]


@pytest.mark.parametrize("people", [1, 30])
def test_queries_stay_the_same_whatever_the_size(world: World, hr: Client, django_assert_num_queries, people: int):
    edition = world.course_x.editions.get()
    for _number in range(people):
        make_enrolment(PersonFactory(unit=world.puskesmas), edition=edition)
    hr.get("/laporan/")
    with django_assert_num_queries(9):  # session, person, roles, units, courses, years; people, enrolments × 2
        hr.get("/laporan/")


def test_very_many_units_are_shown_in_pages_and_not_in_the_filter(world: World, hr: Client):
    for number in range(200):
        units.ensure_unit(world.kupang, f"Seksi {number:03}")
    first, last = hr.get("/laporan/"), hr.get("/laporan/?page=3")
    assert [len(page_table(response).rows) for response in (first, last)] == [100, 3]
    assert page_table(first).totals == page_table(last).totals == ["Jumlah", "7", "5", "1", "2", "2", "1", "0", "28,6%"]
    assert "203 baris" in soup(last).get_text()
    assert "Halaman itu tidak ada" in hr.get("/laporan/?page=4").content.decode()
    options = [
        option.get_text() for option in soup(hr.get(f"/laporan/?unit={world.kominfo.pk}")).select("#unit option")
    ]
    assert options == ["Semua unit kerja (202)", "Dinas Kominfo"]
    assert "Terlalu banyak" in soup(hr.get("/laporan/pegawai/")).select_one("#unit_helptext").get_text()
    assert len(read_csv(content(hr.get("/laporan/unit.csv"))).rows) == 203
