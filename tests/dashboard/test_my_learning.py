"""My learning: hours of the year, running courses, what was earned."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone

from academy.people.models import Person
from certificates.models import Certificate
from courses.credit_hours import credit_hours
from courses.models import Completion, Enrolment, Run
from courses.progress import complete_lesson
from tests.factories import (
    AT,
    CourseFactory,
    PersonFactory,
    complete,
    make_completion,
    make_edition,
    make_enrolment,
)
from tests.reports.world import make_certificate

pytestmark = pytest.mark.django_db
THIS_YEAR = timezone.localdate().year


@pytest.fixture
def person() -> Person:
    return PersonFactory()


@pytest.fixture
def learner(client, person):
    client.force_login(person)
    return client


def earn(person: Person, hours: int, *, on: date | None = None, edition=None) -> Completion:
    edition = edition or make_edition(CourseFactory(credit_hours=hours), questions=0)
    return make_completion(person, edition=edition, credit_hours=hours, completed_on=on or date(THIS_YEAR, 3, 1))


def certify(completion: Completion, *, published: bool = True, **fields) -> Certificate:
    if not published:
        fields = {"published_at": None, "file": None} | fields
    return make_certificate(completion, **fields)


def test_signed_out_one_is_asked_to_sign_in(client):
    response = client.get("/belajar/")
    assert (response.status_code, response.url) == (302, "/masuk/?next=/belajar/")


def test_nothing_yet_says_what_to_do(learner):
    page = learner.get("/belajar/").text
    assert 'href="/katalog/"' in page
    assert "0 JP selesai" in page
    assert "Belum ada sertifikat" in page


def test_a_running_course_links_its_open_lessons_and_goes_on_where_one_stopped(learner, person):
    enrolment = make_enrolment(person)
    first, second, quiz = enrolment.edition.activities.order_by("position")
    complete_lesson(enrolment, first, at=timezone.now())
    response = learner.get("/belajar/")
    links = re.findall(rf'href="(/belajar/{enrolment.pk}/[0-9a-f-]+/)"', response.text)
    base = f"/belajar/{enrolment.pk}/"
    assert links[0] == f"{base}{second.activity}/"  # Lanjutkan
    assert set(links) == {f"{base}{first.activity}/", f"{base}{second.activity}/"}
    assert f"{base}{quiz.activity}/" not in response.text
    assert "1 dari 3 kegiatan selesai" in response.text
    assert "Lanjutkan" in response.text
    assert response.headers["Cache-Control"] == "private, no-store"


def test_only_the_course_learned_in_last_has_the_primary_button(learner, person):
    make_enrolment(person)
    recent = make_enrolment(person)
    complete_lesson(recent, recent.edition.activities.get(position=1), at=timezone.now())
    page = learner.get("/belajar/").text
    assert page.count("button--primary") == 1
    assert page.index(recent.edition.title) < page.index("button--primary")
    assert "Mulai" in page


def test_withdrawn_and_foreign_courses_are_not_shown(learner, person):
    gone = make_enrolment(person, withdrawn_at=AT)
    foreign = make_enrolment()
    page = learner.get("/belajar/").text
    assert gone.edition.title not in page
    assert foreign.edition.title not in page


def test_a_dated_run_shows_its_deadline_a_self_paced_one_has_none(learner, person):
    edition = make_edition()
    closes_on = timezone.localdate() + timedelta(days=7)
    run = Run.objects.create(
        course=edition.course, year=THIS_YEAR, number=1, opens_on=date(THIS_YEAR, 1, 1), closes_on=closes_on
    )
    make_enrolment(person, edition=edition, run=run)
    make_enrolment(person)
    page = learner.get("/belajar/").text
    assert page.count("Batas waktu") == 1
    assert "7 hari lagi" in page


def test_a_published_certificate_has_its_file_and_its_verification(learner, person):
    certificate = certify(earn(person, 4))
    page = learner.get("/belajar/").text
    assert f'href="/sertifikat/{certificate.code}.pdf"' in page
    assert f"/V/{certificate.code}" in page
    assert "Unduh (180 kB)" in page
    assert certificate.number in page
    assert "1 sertifikat · 4 JP" in page


def test_a_certificate_being_made_says_so(learner, person):
    earn(person, 4)
    certify(earn(person, 3), published=False)
    page = learner.get("/belajar/").text
    assert page.count("Sertifikat sedang diterbitkan") == 2
    assert "/sertifikat/0" not in page
    assert "0 sertifikat · 7 JP" in page


def test_a_revoked_certificate_cannot_be_downloaded(learner, person):
    certify(earn(person, 4), revoked_at=AT, annuls_credit=True)
    page = learner.get("/belajar/").text
    assert "Sertifikat dicabut" in page
    assert not re.search(r'href="/sertifikat/[0-9A-Z]{16}\.pdf"', page)
    assert "0 JP selesai" in page


def test_a_replaced_certificate_gives_way_to_the_new_one(learner, person):
    completion = earn(person, 4)
    old = certify(completion, superseded_at=AT)
    new = certify(completion, revision=2)
    page = learner.get("/belajar/").text
    assert new.code in page
    assert old.code not in page


def test_the_ring_counts_earned_running_and_open_hours(learner, person):
    earn(person, 12)
    make_enrolment(person, edition=make_edition(CourseFactory(credit_hours=4)))
    page = learner.get("/belajar/").text
    for words in ("12 JP selesai", "4 JP sedang berjalan", "4 JP belum dimulai"):
        assert words in page
    assert f"Masih 8 JP lagi sampai 31 Desember {THIS_YEAR}." in page
    assert "sudah cukup" not in page
    make_enrolment(person, edition=make_edition(CourseFactory(credit_hours=4)))
    assert "sudah cukup" in learner.get("/belajar/").text


def test_more_than_the_target_is_fine(learner, person):
    earn(person, 15)
    earn(person, 9)
    page = learner.get("/belajar/").text
    assert "24 JP selesai" in page
    assert f"Anda sudah mencapai 20 JP untuk tahun {THIS_YEAR}." in page


def test_a_pppk_is_told_the_ceiling(learner, person):
    assert "paling banyak 24 JP" not in learner.get("/belajar/").text
    Person.objects.filter(pk=person.pk).update(kind=Person.Kind.PPPK)
    assert "paling banyak 24 JP" in learner.get("/belajar/").text


def test_the_number_of_queries_does_not_grow(learner, person, django_assert_num_queries):
    """Session, person, enrolments, progress, newer editions, completions, certificates, hours; roles come with the person."""
    for _ in range(3):
        make_enrolment(person)
        certify(earn(person, 2))
    learner.get("/belajar/")
    with django_assert_num_queries(8):
        learner.get("/belajar/")


# Credit hours of the year


def test_hours_count_in_the_year_of_the_day_of_completion(person):
    earn(person, 4, on=date(2026, 12, 31))
    earn(person, 3, on=date(2027, 1, 1))
    earn(PersonFactory(), 9, on=date(2026, 6, 1))
    assert [credit_hours(person, year=year) for year in (2025, 2026, 2027)] == [0, 4, 3]


def test_a_course_counts_once_a_year(person):
    first = earn(person, 4, on=date(2026, 2, 1))
    run = Run.objects.create(
        course=first.course, year=2026, number=2, opens_on=date(2026, 5, 1), closes_on=date(2026, 6, 1)
    )
    again = make_enrolment(person, edition=first.edition, run=run)
    complete(again, credit_hours=4, completed_on=date(2026, 6, 1))
    assert (Enrolment.objects.count(), credit_hours(person, year=2026)) == (2, 4)


def test_annulled_credit_does_not_count(person):
    certify(earn(person, 4, on=date(2026, 2, 1)), revoked_at=AT, annuls_credit=True)
    certify(earn(person, 3, on=date(2026, 2, 1)), revoked_at=AT, annuls_credit=False)
    assert credit_hours(person, year=2026) == 3
