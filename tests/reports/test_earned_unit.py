"""The view by the unit when earned: facts stay where they were earned, people are named only to whom they work under."""

from __future__ import annotations

import pytest
from django.test import Client

from academy.people.placements import place
from academy.reports.filters import State
from courses.models import Completion
from tests.factories import RunFactory, make_enrolment
from tests.reports.following import check_numbers
from tests.reports.world import AT, World, complete, content, make_certificate, page_table, read_csv, soup

EARNED = "menurut=unit-saat-selesai"
COUNTS = ["Penyelesaian", "Bersertifikat", "JP"]


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: AT)


@pytest.fixture
def moved(world: World) -> World:
    """Ana and Beni, who finished X in the root and in Kesehatan, now work in Alor and in Kominfo."""
    for name, unit in (("ana", world.people["gita"].unit), ("beni", world.kominfo)):
        place(world.people[name], unit=unit, from_on=AT.date(), today=AT.date())
    return world


def test_completions_stay_with_the_unit_in_which_they_were_earned(moved: World, hr: Client):
    response = hr.get(f"/laporan/?{EARNED}")
    hours = moved.course_x.editions.get().credit_hours
    table = page_table(response)
    assert table.headings == ["Unit Kerja", *COUNTS]
    assert table.rows == [
        ["Pemerintah Kab. Kupang (langsung)", "1", "1", str(hours)],
        ["Dinas Kesehatan", "1", "0", str(hours)],
        ["Dinas Kominfo", "0", "0", "0"],
    ]
    assert table.totals == page_table(response, 1).totals == ["Jumlah", "2", "1", str(2 * hours)]
    assert page_table(hr.get("/laporan/")).column("Selesai") == ["0", "1"]  # today both are elsewhere
    assert soup(response).select_one("#headline").get_text(strip=True) == "2 penyelesaian pada 2026"


def test_who_left_the_scope_is_counted_and_not_named(moved: World, hr: Client):
    for address in ("/laporan/pegawai", "/laporan/peserta"):
        table = page_table(hr.get(f"{address}/?{EARNED}"))
        assert sorted(table.column("Nama")) == ["Beni, S.Kom.", "Tidak lagi di lingkup Anda"]
        hidden = table.rows[table.column("Nama").index("Tidak lagi di lingkup Anda")]
        assert [hidden[0], *hidden[2:5]] == [""] * 4
        file = content(hr.get(f"{address}.csv?{EARNED}")).decode()
        ana = moved.people["ana"]
        for word in (ana.nip, "Ana,", "Alor", Completion.objects.get(person=ana).certificates.get().number):
            assert word not in file
        assert f'href="/laporan/pegawai/{ana.pk}/"' not in hr.get(f"{address}/?{EARNED}").content.decode()


def test_a_search_finds_only_people_of_the_scope(moved: World, hr: Client):
    for address in ("/laporan/pegawai/", "/laporan/peserta/"):
        assert len(page_table(hr.get(f"{address}?{EARNED}&q=beni")).rows) == 1
        assert soup(hr.get(f"{address}?{EARNED}&q=ana")).select("main tbody tr") == []


def test_the_new_agency_sees_its_person_without_what_was_earned_elsewhere(moved: World, client: Client):
    client.force_login(moved.hr_alor)
    earned = page_table(client.get(f"/laporan/pegawai/?{EARNED}")).column("Nama")
    finished = page_table(client.get("/laporan/pegawai/?keadaan=selesai")).column("Nama")
    assert set(finished) - set(earned) == {"Ana, S.Kom."}


def test_a_retake_is_two_completions_and_one_course_of_credit(world: World, hr: Client):
    beni, edition = world.people["beni"], world.course_x.editions.get()
    run = RunFactory(course=world.course_x, year=2026, number=7)
    make_certificate(complete(make_enrolment(beni, edition=edition, run=run)))
    table = page_table(hr.get(f"/laporan/?{EARNED}"))
    hours = edition.credit_hours
    assert table.totals == ["Jumlah", "3", "2", str(2 * hours)]
    assert page_table(hr.get(f"/laporan/pegawai/?{EARNED}&q=beni")).rows[0][5:] == ["2", "1", str(hours)]


@pytest.mark.parametrize("page", ["/laporan/", "/laporan/unit-pelatihan/"])
def test_every_number_leads_to_that_many_lines(moved: World, hr: Client, page: str):
    check_numbers(hr, f"{page}?{EARNED}")
    for link in soup(hr.get(f"{page}?{EARNED}")).select(".figures-row a, main td a, main tfoot a"):
        assert EARNED in link["href"]


def test_units_and_courses_together_add_up_to_each_alone(moved: World, hr: Client):
    for query in ("", EARNED):
        both = page_table(hr.get(f"/laporan/unit-pelatihan/?{query}"))
        courses = page_table(hr.get(f"/laporan/?{query}"), 1)
        assert both.totals[2:] == courses.totals[1:]
        for course in courses.rows:
            lines = [row for row in both.rows if row[1] == course[0]]
            summed = [str(sum(int(row[2 + place]) for row in lines)) for place in range(3)]
            assert summed == course[1:4]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("menurut=semaunya", "Cara menghitung pada alamat tidak dikenal"),
        (f"{EARNED}&keadaan=berjalan", "Keadaan pada alamat halaman tidak dikenal"),
        (f"{EARNED}&status=nonaktif", "akun nonaktif"),
    ],
)
def test_what_makes_no_sense_is_said(world: World, hr: Client, query: str, said: str):
    assert said in hr.get(f"/laporan/pegawai/?{query}").content.decode()
    assert hr.get(f"/laporan/pegawai.csv?{query}").status_code == 400


def test_files_say_by_which_unit_they_reckon(world: World, hr: Client):
    for query, word in (("", "Unit saat ini"), (EARNED, "Unit saat selesai")):
        file = hr.get(f"/laporan/unit.json?{query}")
        assert f'"Dihitung menurut": "{word}"' in content(file).decode()
    assert read_csv(content(hr.get(f"/laporan/unit.csv?{EARNED}"))).headings == ["Unit Kerja", *COUNTS]


def test_overdue_are_those_whose_assigned_day_is_over(world: World, hr: Client):
    citra = world.people["citra"].enrolments
    citra.update(due_on=AT.date())  # today still is in time
    assert page_table(hr.get("/laporan/")).column("Terlambat")[1] == "0"
    citra.update(due_on=AT.date().replace(day=23))
    world.people["beni"].enrolments.update(due_on=AT.date().replace(day=1))  # finished: no matter when
    response = hr.get("/laporan/")
    assert page_table(response).totals[7] == page_table(response, 1).totals[7] == "1"
    for address in ("pegawai", "peserta"):
        lines = page_table(hr.get(f"/laporan/{address}/?keadaan={State.OVERDUE.value}"))
        assert lines.column("Nama") == ["Citra, S.Kom."]
