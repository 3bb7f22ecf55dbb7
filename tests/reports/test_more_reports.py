"""Credit hours, the matrix, assigned courses and certificates: figures worked out by hand, and numbers that lead to them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from academy.people.models import Person
from academy.people.placements import place
from academy.reports.filters import Filters, State
from academy.reports.hours import by_person
from academy.reports.scope import scope_of
from certificates.models import Certificate
from courses.models import LearnerYear
from tests.factories import make_completion
from tests.reports.following import check_numbers
from tests.reports.world import AT, World, content, make_certificate, page_table, read_csv, soup

EARNED = "menurut=unit-saat-selesai"


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: AT)


@pytest.fixture
def hours(world: World) -> World:
    """Of the seven: ana 20 (PNS), beni 3 (PNS), fani 26 (PPPK), the others none; citra is PPPK."""
    people = world.people
    Person.objects.filter(pk__in=[people["citra"].pk, people["fani"].pk]).update(kind=Person.Kind.PPPK)
    for name, amount in (("ana", 20), ("beni", 3), ("fani", 26)):
        unit = people[name].unit
        LearnerYear.objects.update_or_create(
            person=people[name],
            year=2026,
            defaults={"unit": unit, "agency": unit.agency, "credit_hours": amount},
        )
    return world


def test_the_duty_of_credit_hours_by_unit(hours: World, hr: Client):
    table = page_table(hr.get("/laporan/jp-unit/"))
    assert table.headings[1:] == [
        "Sasaran", "JP", "PNS", "Memenuhi", "Belum memenuhi", "Kurang (JP)", "PPPK di atas batas", "Memenuhi dari PNS (%)",
    ]  # fmt: skip
    assert table.rows == [
        ["Pemerintah Kab. Kupang (langsung)", "1", "20", "1", "1", "0", "0", "0", "100,0%"],
        ["Dinas Kesehatan", "4", "3", "3", "0", "3", "57", "0", "0,0%"],  # beni lacks 17, dedi and elsa 20 each
        ["Dinas Kominfo", "2", "26", "1", "0", "1", "20", "1", "0,0%"],
    ]
    assert table.totals == ["Jumlah", "7", "49", "5", "1", "4", "77", "1", "20,0%"]


def test_the_list_of_those_who_lack_hours(hours: World, hr: Client):
    table = page_table(hr.get("/laporan/jp/?keadaan=belum-memenuhi"))
    assert dict(zip(table.column("Nama"), table.column("Kurang (JP)"), strict=True)) == {
        "Beni, S.Kom.": "17",
        "Dedi, S.Kom.": "20",
        "Elsa, S.Kom.": "20",
        "Hesti, S.Kom.": "20",
    }
    everybody = page_table(hr.get("/laporan/jp/"))
    assert [everybody.totals[place] for place in (6, 7, 8)] == ["49", "100", "77"]
    (above,) = page_table(hr.get("/laporan/jp/?keadaan=di-atas-batas")).rows
    assert above[5:] == ["PPPK", "26", "–", "0", "24"]
    LearnerYear.objects.filter(person=hours.people["fani"]).update(credit_hours=24)
    assert soup(hr.get("/laporan/jp/?keadaan=di-atas-batas")).select("main tbody tr") == []
    assert page_table(hr.get("/laporan/jp-unit/")).totals[7] == "0"


def test_hours_earned_elsewhere_stay_there(world: World, hr: Client):
    place(world.people["beni"], unit=world.people["gita"].unit, from_on=AT.date(), today=AT.date())
    hours = world.course_x.editions.get().credit_hours
    assert page_table(hr.get(f"/laporan/jp-unit/?{EARNED}")).column("JP") == [str(hours), str(hours), "0"]
    assert page_table(hr.get("/laporan/jp-unit/")).column("JP")[1:] == ["0", "0"]


@pytest.mark.parametrize("page", ["jp-unit", "penugasan-unit", "sertifikat-pelatihan"])
@pytest.mark.parametrize("query", ["", EARNED])
def test_every_number_leads_to_that_many_lines(hours: World, hr: Client, page: str, query: str):
    if page == "penugasan-unit":
        hours.people["citra"].enrolments.update(due_on=date(2026, 11, 1))
        query = ""
    check_numbers(hr, f"/laporan/{page}/?{query}")


def test_people_and_courses_crosswise(world: World, hr: Client):
    table = page_table(hr.get("/laporan/matriks/"))
    assert table.headings[5:] == ["Keamanan Informasi", "Dasar SPBE", "Selesai"]
    assert {row[1].split(",")[0]: row[5:] for row in table.rows} == {
        "Ana": ["Bersertifikat", "Belum dimulai", "1"],
        "Beni": ["Selesai", "Belum terdaftar", "1"],
        "Citra": ["Sedang berjalan", "Belum terdaftar", "0"],
        "Dedi": ["Belum dimulai", "Sedang berjalan", "0"],
        "Elsa": ["Belum dimulai", "Belum terdaftar", "0"],
        "Fani": ["Belum terdaftar", "Belum terdaftar", "0"],
        "Hesti": ["Belum terdaftar", "Belum terdaftar", "0"],
    }
    assert table.totals[-1] == "2"
    assert [row[1] for row in page_table(hr.get("/laporan/matriks/?keadaan=berjalan")).rows] == [
        "Citra, S.Kom.",
        "Dedi, S.Kom.",
    ]


@pytest.mark.parametrize("query", ["", "keadaan=terdaftar", "keadaan=selesai", "q=ana", "unit={unit}"])
def test_what_a_matrix_says_is_finished_leads_to_that_many_lines(world: World, hr: Client, query: str):
    page = hr.get(f"/laporan/matriks/?{query.format(unit=world.people['ana'].unit_id)}")
    cell = soup(page).select("main tfoot tr > *")[-1]
    behind = page_table(hr.get(cell.select_one("a")["href"]))
    assert cell.get_text(strip=True) == str(len(behind.rows)) != "0"


def test_a_matrix_of_some_has_no_list_of_all_that_they_finished(world: World, hr: Client):
    page = hr.get("/laporan/matriks/?keadaan=bersertifikat")
    assert (page_table(page).totals[-1], soup(page).select("main tfoot a")) == ("1", [])


def test_the_matrix_by_the_unit_when_earned_names_nobody_who_left(world: World, hr: Client):
    place(world.people["ana"], unit=world.people["gita"].unit, from_on=AT.date(), today=AT.date())
    table = page_table(hr.get(f"/laporan/matriks/?{EARNED}"))
    assert [row[1:2] + row[5:] for row in table.rows] == [
        ["Beni, S.Kom.", "Selesai", "Belum terdaftar", "1"],
        ["Tidak lagi di lingkup Anda", "Bersertifikat", "Belum terdaftar", "1"],
    ]


def test_assigned_courses(world: World, hr: Client):
    """Ana finished X in time, Beni late; Citra is overdue, Dedi's day is today."""
    yesterday = AT.date() - timedelta(days=1)
    for name, day in (("ana", AT.date()), ("beni", yesterday), ("citra", yesterday), ("dedi", AT.date())):
        world.people[name].enrolments.filter(course=world.course_x).update(due_on=day)
    world.people["beni"].enrolments.update(completed_on=AT.date())
    table = page_table(hr.get("/laporan/penugasan/"))
    words = {row[1].split(",")[0]: row[7] for row in table.rows}
    assert words == {
        "Ana": "Selesai tepat waktu",
        "Beni": "Selesai terlambat",
        "Citra": "Terlambat",
        "Dedi": "Belum dimulai",
    }
    units = page_table(hr.get("/laporan/penugasan-unit/"))
    assert units.headings[1:] == [
        "Ditugaskan", "Belum dimulai", "Sedang berjalan", "Selesai", "Di antaranya tepat waktu", "Terlambat",
        "Selesai dari ditugaskan (%)",
    ]  # fmt: skip
    assert units.totals == ["Jumlah", "4", "1", "1", "2", "1", "1", "50,0%"]
    assert page_table(hr.get("/laporan/penugasan-unit/?pelatihan=y")).totals[1] == "0"


def test_certificates_in_every_state(world: World, hr: Client):
    """Ana's is valid, Beni has none yet; Fani's was revoked, Hesti's replaced by one that waits for its file."""
    edition = world.course_y.editions.get()
    make_certificate(make_completion(world.people["fani"], edition=edition), revoked_at=AT)
    hesti = make_completion(world.hr, edition=edition)
    make_certificate(hesti, superseded_at=AT)
    make_certificate(hesti, revision=2, published_at=None)
    table = page_table(hr.get("/laporan/sertifikat/"))
    assert sorted((row[1].split(",")[0], row[-1]) for row in table.rows) == [
        ("Ana", "Berlaku"),
        ("Beni", "Sedang diterbitkan"),
        ("Fani", "Dicabut"),
        ("Hesti", "Diganti"),
        ("Hesti", "Sedang diterbitkan"),
    ]
    by_course = page_table(hr.get("/laporan/sertifikat-pelatihan/"))
    assert by_course.headings[1:] == [
        "Penyelesaian", "Berlaku", "Sedang diterbitkan", "Habis masa berlaku", "Dicabut", "Diganti",
    ]  # fmt: skip
    assert by_course.totals == ["Jumlah", "4", "1", "2", "0", "1", "1"]


def test_a_certificate_expires_the_day_after_its_last(world: World, hr: Client):
    ana = world.people["ana"].completions
    for last_day, state in ((AT.date(), "Berlaku"), (AT.date() - timedelta(days=1), "Habis masa berlaku")):
        ana.update(valid_until=last_day)
        assert page_table(hr.get("/laporan/sertifikat/")).rows[0][-1] == state


def test_certificates_of_who_left_the_scope_are_not_named(world: World, hr: Client):
    place(world.people["ana"], unit=world.people["gita"].unit, from_on=AT.date(), today=AT.date())
    rows = page_table(hr.get(f"/laporan/sertifikat/?{EARNED}")).rows
    assert [(row[1], row[7], row[-1]) for row in rows] == [
        ("Tidak lagi di lingkup Anda", "", "Berlaku"),
        ("Beni, S.Kom.", "", "Sedang diterbitkan"),
    ]


def test_every_report_is_reached_from_the_overview(world: World, hr: Client):
    for link in soup(hr.get("/laporan/?tahun=2026")).select("#reports ~ nav a"):
        response = hr.get(link["href"])
        assert response.status_code == 200
        assert soup(response).select_one(".breadcrumbs a")["href"].startswith("/laporan/")


@pytest.mark.parametrize("state", ["sasaran", "belum-memenuhi", "memenuhi", "di-atas-batas"])
def test_pages_of_the_list_of_hours_hold_everybody_once(hours: World, state: str):
    """A page reads the units it shows alone; together they are what a file reads in one go."""
    scope = scope_of(hours.hr, at=AT)
    assert scope
    lines = by_person(scope, Filters(2026, state=State(state))).lines
    whole = [line.values for line in iter(lines)]
    assert len(lines) == len(whole)
    for size in (1, 2, 3, 50):
        pages = [line.values for start in range(0, len(lines), size) for line in lines[start : start + size]]
        assert pages == whole


def test_credit_hours_are_of_all_courses_together(world: World, hr: Client):
    """The duty knows no courses: one in the address is left out and a file refused, and no link leads there with one."""
    for name in ("jp", "jp-unit"):
        response = hr.get(f"/laporan/{name}/?pelatihan=x")
        assert "semua pelatihan sekaligus" in response.content.decode()
        assert soup(response).select("#pelatihan") == []
        assert hr.get(f"/laporan/{name}.csv?pelatihan=x").status_code == 400
    overview = soup(hr.get("/laporan/?pelatihan=x"))
    leading = {link["href"].split("?")[0]: link["href"] for link in overview.select("#reports ~ nav a")}
    assert "pelatihan=x" not in leading["/laporan/jp/"] + leading["/laporan/jp-unit/"]
    assert "pelatihan=x" in leading["/laporan/matriks/"]


def test_a_certificate_is_issued_on_the_day_it_prints(world: World, hr: Client):
    """Half an hour before the new year in Jakarta it has begun in Makassar, where the academy is."""
    Certificate.objects.update(issued_at=datetime(2026, 12, 31, 16, 30, tzinfo=UTC))
    certificate = Certificate.objects.earliest("pk")
    Certificate.objects.update(facts=certificate.facts | {"issued_on": "2026-12-31"})
    person = certificate.completion.person
    shown = page_table(hr.get("/laporan/sertifikat/")).column("Tanggal terbit")
    assert set(shown) == {"31 Desember 2026", ""}  # Beni's waits
    assert read_csv(content(hr.get("/laporan/sertifikat.csv"))).column("Tanggal terbit")[0] == "2026-12-31"
    assert "2026-12-31" in content(hr.get(f"/laporan/pegawai/{person.pk}/sertifikat.csv")).decode()
