"""Joining and leaving courses."""

from datetime import UTC, date, datetime, timedelta

import pytest

from academy.people.models import Person
from academy.people.placements import place
from courses.enrolment import NotOpen, enrol, withdraw
from courses.models import Course, Enrolment, Run
from courses.runs import open_run
from tests.factories import AT, CourseFactory, PersonFactory, make_completion, make_edition, make_enrolment, make_unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def course() -> Course:
    return make_edition().course


def last_year(course: Course) -> Run:
    return Run.objects.create(course=course, year=2025, opens_on=date(2025, 1, 1), closes_on=date(2025, 12, 31))


def test_enrolling_takes_the_self_paced_run_of_the_year_and_the_newest_edition(course):
    make_edition(course, major=1, minor=1, questions=0)
    newest = make_edition(course, major=2, minor=0, questions=0)
    person = PersonFactory()
    enrolment = enrol(person, course, at=AT)
    assert (enrolment.run.year, enrolment.run.number, enrolment.edition) == (2026, None, newest)
    assert (enrolment.run.opens_on, enrolment.run.closes_on) == (date(2026, 1, 1), date(2026, 12, 31))
    assert (enrolment.unit, enrolment.agency, enrolment.enrolled_at) == (person.unit, person.unit.agency, AT)


def test_enrolling_twice_yields_one_enrolment(course):
    person = PersonFactory()
    first = enrol(person, course, at=AT)
    assert (enrol(person, course, at=AT + timedelta(days=1)), Enrolment.objects.count()) == (first, 1)


def test_two_people_share_the_run(course):
    enrol(PersonFactory(), course, at=AT)
    enrol(PersonFactory(), course, at=AT)
    assert Run.objects.count() == 1


def test_a_course_without_an_edition_is_not_open():
    with pytest.raises(NotOpen, match="belum dibuka"):
        enrol(PersonFactory(), CourseFactory(), at=AT)
    assert (Run.objects.count(), Enrolment.objects.count()) == (0, 0)


def test_a_person_without_a_unit_may_learn(course):
    enrolment = enrol(PersonFactory(unit=None), course, at=AT)
    assert (enrolment.unit, enrolment.agency) == (None, None)


def test_a_stale_person_is_enrolled_where_they_work_now(course):
    person, unit = PersonFactory(), make_unit()
    place(Person.objects.get(pk=person.pk), unit=unit, from_on=AT.date(), today=AT.date())
    assert enrol(person, course, at=AT).unit == unit


def test_leaving_keeps_the_row_and_rejoining_clears_it(course):
    person = PersonFactory()
    enrolment = enrol(person, course, at=AT)
    withdraw(enrolment, at=AT)
    withdraw(enrolment, at=AT + timedelta(days=1))
    assert (enrolment.withdrawn_at, Enrolment.objects.current().count()) == (AT, 0)
    newest = make_edition(course, major=2, minor=0, questions=0)
    again = enrol(person, course, at=AT + timedelta(days=2))
    assert (again, again.withdrawn_at, again.edition, again.enrolled_at) == (enrolment, None, newest, AT)


def test_a_finished_course_cannot_be_left():
    enrolment = make_completion().enrolment
    withdraw(enrolment, at=AT)
    enrolment.refresh_from_db()
    assert enrolment.withdrawn_at is None


def test_a_course_completed_this_year_is_not_begun_again():
    completion = make_completion()
    assert enrol(completion.person, completion.course, at=AT) == completion.enrolment


def test_who_is_still_running_in_last_years_run_goes_on_there(course):
    person = PersonFactory()
    enrolment = make_enrolment(person, edition=course.editions.get(), run=last_year(course))
    assert enrol(person, course, at=AT) == enrolment


def test_a_completion_counts_in_the_year_it_was_earned_whatever_its_run(course):
    completion = make_completion(edition=course.editions.get())
    Enrolment.objects.update(run=last_year(course))
    assert enrol(completion.person, course, at=AT) == completion.enrolment


def test_a_retake_in_a_later_year_is_a_later_run():
    completion = make_completion()
    retake = enrol(completion.person, completion.course, at=datetime(2027, 2, 1, tzinfo=UTC))
    assert (retake.run.year, retake == completion.enrolment) == (2027, False)


def test_the_year_of_a_run_is_the_organisers(course):
    """31 December 16.30 UTC is 1 January 00.30 in Kupang."""
    enrolment = enrol(PersonFactory(), course, at=datetime(2026, 12, 31, 16, 30, tzinfo=UTC))
    assert enrolment.run.year == 2027


def test_open_run_is_made_once(course):
    assert open_run(course, on=date(2026, 3, 1)) == open_run(course, on=date(2026, 12, 31))


def test_a_course_archived_a_moment_ago_takes_nobody(course):
    """The row that the caller fetched before does not know it yet."""
    left, learning = enrol(PersonFactory(), course, at=AT), enrol(PersonFactory(), course, at=AT)
    withdraw(left, at=AT)
    Course.objects.update(archived_at=AT)
    for person in (PersonFactory(), left.person):
        with pytest.raises(NotOpen, match=f"“{course.title}” diarsipkan.*tidak dapat kembali"):
            enrol(person, course, at=AT)
    left.refresh_from_db()
    assert left.withdrawn_at == AT
    assert enrol(learning.person, course, at=AT) == learning
