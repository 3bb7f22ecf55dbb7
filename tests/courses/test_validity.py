"""Courses whose certificates end: when they end, and taking the course again before that."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from courses.assigning import Reach, carry_on, confirm, preview, propose
from courses.credit_hours import credit_hours
from courses.enrolment import enrol
from courses.models import Assignment, Completion, Course, CoursePage, Enrolment, Run
from courses.progress import complete_lesson
from courses.publishing import EditionInvalid, publish_edition
from courses.runs import close_run
from courses.validity import RENEWED_BEFORE, last_day
from tests.courses.authoring import make_course_page
from tests.factories import AT, PersonFactory, make_completion, make_edition, make_enrolment, make_hr, make_unit

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [
        (date(2026, 11, 24), 24, date(2028, 11, 24)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 8, 31), 13, date(2027, 9, 30)),
        (date(2026, 12, 1), 12, date(2027, 12, 1)),
    ],
)
def test_months_are_those_of_the_calendar_and_end_with_it(first: date, months: int, last: date):
    assert last_day(first, months=months) == last


def run_of(course: Course, *, number: int, opens_on: date, days: int = 60) -> Run:
    closes_on = opens_on + timedelta(days=days)
    return Run.objects.create(course=course, year=opens_on.year, number=number, opens_on=opens_on, closes_on=closes_on)


def pass_now(enrolment: Enrolment, *, at: datetime) -> Completion:
    for lesson in enrolment.edition.activities.order_by("position"):
        complete_lesson(enrolment, lesson, at=at)
    return Completion.objects.get(enrolment=enrolment)


def test_a_completion_ends_as_its_edition_says_in_the_time_of_its_agency():
    late = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # the next day in Kupang
    bounded = make_enrolment(edition=make_edition(lessons=1, questions=0, validity_months=24))
    endless = make_enrolment(edition=make_edition(lessons=1, questions=0))
    assert pass_now(bounded, at=late).valid_until == date(2028, 11, 25)
    assert pass_now(endless, at=late).valid_until is None


def test_having_attended_does_not_end():
    edition = make_edition(lessons=1, questions=1, validity_months=12)
    run = run_of(edition.course, number=1, opens_on=date(2026, 10, 1), days=30)
    enrolment = enrol(PersonFactory(), edition.course, at=datetime(2026, 10, 2, tzinfo=UTC), run=run)
    complete_lesson(enrolment, edition.activities.get(kind="lesson"), at=datetime(2026, 10, 3, tzinfo=UTC))
    close_run(run, by=PersonFactory(), at=AT)
    completion = Completion.objects.get()
    assert (completion.outcome, completion.valid_until) == ("attended", None)


def test_another_validity_is_for_new_learners_only(now):
    page = make_course_page(lessons=1, questions=0)
    first = publish_edition(page.course, kind="minor", by=None, at=now)
    enrolment = make_enrolment(edition=first)
    Course.objects.update(validity_months=24)
    with pytest.raises(EditionInvalid, match="masa berlaku"):
        publish_edition(page.course, kind="minor", by=None, at=now)
    second = publish_edition(page.course, kind="material", by=None, at=now)
    assert (first.validity_months, second.number, second.validity_months) == (None, "2.0", 24)
    assert second.changes == ["Sertifikat: “Berlaku tanpa batas waktu” menjadi “Berlaku 24 bulan”"]
    assert pass_now(enrolment, at=now).valid_until is None


@pytest.mark.parametrize("months", [0, 121])
def test_a_validity_that_makes_no_sense_is_refused(months: int):
    course = make_edition().course
    course.validity_months = months
    with pytest.raises(ValidationError) as refusal:
        course.full_clean()
    assert "validity_months" in refusal.value.message_dict


def test_authors_give_a_validity_in_the_course_form(client: Client):
    course = make_course_page().course
    client.force_login(PersonFactory(is_superuser=True))
    address = f"/cms/snippets/courses/course/edit/{course.pk}/"
    form = client.get(address)
    assert "Dihitung sejak hari selesai" in form.text
    sent = {
        "title": course.title, "key": course.key, "code": course.code, "organiser": course.organiser_id,
        "level": course.level, "credit_hours": 1, "pass_mark": 70, "sequential": "on", "self_paced": "on",
    }  # fmt: skip
    refused = client.post(address, sent | {"validity_months": "0"})
    assert 'value="0"' in refused.text
    assert "lebih besar" in refused.text
    client.post(address, sent | {"validity_months": "24"})
    course.refresh_from_db()
    assert course.validity_months == 24


class TestRenewal:
    """Passed on 24 November 2026 and valid for 24 months: to 24 November 2028, to be renewed from 26 August 2028."""

    @pytest.fixture
    def completion(self) -> Completion:
        return make_completion(edition=make_edition(lessons=1, questions=0, validity_months=24))

    def test_in_a_later_year_the_course_is_taken_again_with_one_press(self, completion: Completion):
        at = datetime(2028, 9, 1, tzinfo=UTC)
        again = enrol(completion.person, completion.course, at=at)
        assert (again.run.year, again == completion.enrolment) == (2028, False)
        assert enrol(completion.person, completion.course, at=at) == again
        renewed = pass_now(again, at=at)
        assert (renewed.valid_until, completion.valid_until) == (date(2030, 9, 1), date(2028, 11, 24))
        assert enrol(completion.person, completion.course, at=at) == again  # until that one ends

    def test_credit_counts_once_a_year_however_often_it_is_renewed(self):
        edition = make_edition(lessons=1, questions=0, validity_months=3)
        first = make_completion(edition=edition, completed_on=date(2026, 2, 1))
        opens_on = date(2026, 4, 15)
        run = run_of(edition.course, number=1, opens_on=opens_on)
        at = datetime(2026, 4, 20, tzinfo=UTC)
        second = pass_now(enrol(first.person, edition.course, at=at, run=run), at=at)
        assert second != first
        assert credit_hours(first.person, year=2026) == edition.credit_hours

    def test_within_a_year_it_takes_another_run(self):
        edition = make_edition(lessons=1, questions=0, validity_months=6)
        first = make_completion(edition=edition, completed_on=date(2026, 3, 1))  # to 1 September 2026
        person, course = first.person, edition.course
        run = run_of(course, number=1, opens_on=date(2026, 5, 1), days=90)
        early = datetime(2026, 9, 1, tzinfo=UTC) - RENEWED_BEFORE - timedelta(days=1)
        assert enrol(person, course, at=early, run=run) == first.enrolment
        soon = datetime(2026, 9, 1, tzinfo=UTC) - RENEWED_BEFORE
        assert enrol(person, course, at=soon) == first.enrolment  # the self-paced run of the year is used up
        assert enrol(person, course, at=soon, run=run).run == run

    def test_the_course_page_offers_what_is_open_and_tells_when_it_is_not(self, client: Client):
        page: CoursePage = make_course_page(lessons=1, questions=0)
        Course.objects.update(validity_months=1)
        edition = publish_edition(page.course, kind="material", by=None, at=AT)
        today = timezone.localdate()
        completion = make_completion(edition=edition, completed_on=today)
        Run.objects.update(year=today.year)
        client.force_login(completion.person)
        closed = client.get(page.url).text
        assert f"mengikutinya lagi mulai 1 Januari {today.year + 1}" in closed
        assert "Berlaku 1 bulan" in closed
        run = run_of(page.course, number=1, opens_on=today)
        offered = client.get(page.url).text
        assert f'value="{run.pk}"' in offered
        assert "Ikuti lagi" not in offered
        client.post(f"/ikuti/{page.course.key}/", {"run": run.pk})
        assert Enrolment.objects.running().get(person=completion.person).run == run
        Course.objects.update(self_paced=False)
        other = make_completion(edition=edition, completed_on=today)
        Run.objects.filter(pk=run.pk).update(self_enrolment=False)
        client.force_login(other.person)
        assert "ketika angkatan berikutnya" in client.get(page.url).text

    def test_who_has_to_renew_is_reached_by_an_assignment(self):
        unit = make_unit()
        officer = make_hr(unit.get_parent())
        edition = make_edition(lessons=1, questions=0, validity_months=4)
        valid, ending = PersonFactory(unit=unit), PersonFactory(unit=unit)
        make_completion(valid, edition=edition, completed_on=date(2026, 11, 20))
        make_completion(ending, edition=edition, completed_on=date(2026, 5, 1))
        run = run_of(edition.course, number=1, opens_on=AT.date())
        due_on = AT.date() + timedelta(days=30)

        def asked(into: Run | None) -> Assignment:
            return propose(edition.course, run=into, due_on=due_on, unit=unit, nips=[], by=officer, at=AT)

        assert preview(asked(None), at=AT).counts[Reach.FINISHED] == 2  # both did the self-paced run of this year
        one = asked(run)
        assert preview(one, at=AT).counts[Reach.NEW] == 1
        confirm(one, by=officer, at=AT)
        carry_on(one.pk, clock=lambda: AT)
        assert Enrolment.objects.running().get().person == ending
