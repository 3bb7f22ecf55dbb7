"""Activities in order, and the completion of a course."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from courses.enrolment import Withdrawn, withdraw
from courses.models import ActivityProgress, Attempt, Completion, Enrolment
from courses.outline import outline_of
from courses.progress import (
    ActivityLocked,
    NotInEdition,
    complete_course,
    complete_lesson,
    done_activities,
    next_activity,
)
from courses.signals import course_completed
from tests.factories import AT, AgencyFactory, PersonFactory, make_edition, make_enrolment, make_unit

pytestmark = pytest.mark.django_db


def lessons_of(enrolment: Enrolment):
    return list(enrolment.edition.activities.filter(kind="lesson").order_by("position"))


@pytest.fixture
def enrolment() -> Enrolment:
    return make_enrolment(edition=make_edition(lessons=3, questions=0))


@pytest.fixture
def heard():
    completions = []

    def hear(completion, **kwargs):
        completions.append(completion)

    course_completed.connect(hear)
    yield completions
    course_completed.disconnect(hear)


def test_a_lesson_is_done_once(enrolment):
    lesson = lessons_of(enrolment)[0]
    first = complete_lesson(enrolment, lesson, at=AT)
    again = complete_lesson(enrolment, lesson, at=AT + timedelta(hours=1))
    assert (first.done_at, again, ActivityProgress.objects.count()) == (AT, first, 1)
    enrolment.refresh_from_db()
    assert enrolment.started_at == AT


def test_a_later_lesson_waits_for_the_one_before(enrolment):
    with pytest.raises(ActivityLocked) as refusal:
        complete_lesson(enrolment, lessons_of(enrolment)[2], at=AT)
    assert refusal.value.first.number == "1.1"
    assert "1.1 Materi 1" in str(refusal.value)
    enrolment.refresh_from_db()
    assert (ActivityProgress.objects.count(), enrolment.started_at) == (0, None)


def test_a_course_without_order_is_open_everywhere():
    enrolment = make_enrolment(edition=make_edition(lessons=2, sequential=False))
    complete_lesson(enrolment, lessons_of(enrolment)[1], at=AT)
    following = next_activity(outline_of(enrolment.edition_id), done_activities(enrolment))
    assert following == outline_of(enrolment.edition_id).activities[0]


def test_an_activity_of_another_course_is_refused(enrolment):
    foreign = make_edition().activities.get(position=1)
    with pytest.raises(NotInEdition):
        complete_lesson(enrolment, foreign, at=AT)
    assert ActivityProgress.objects.count() == 0


def test_a_quiz_is_not_done_by_reading():
    enrolment = make_enrolment(edition=make_edition(lessons=0))
    with pytest.raises(NotInEdition):
        complete_lesson(enrolment, enrolment.edition.activities.get(), at=AT)
    assert ActivityProgress.objects.count() == 0


def test_who_left_completes_nothing(enrolment):
    withdraw(enrolment, at=AT)
    with pytest.raises(Withdrawn):
        complete_lesson(enrolment, lessons_of(enrolment)[0], at=AT)
    assert ActivityProgress.objects.count() == 0


def test_the_last_activity_completes_the_course_once(enrolment, heard):
    for lesson in lessons_of(enrolment):
        complete_lesson(enrolment, lesson, at=AT)
    complete_lesson(enrolment, lessons_of(enrolment)[2], at=AT + timedelta(days=1))
    completion = Completion.objects.get()
    assert complete_course(enrolment, at=AT + timedelta(days=1)) == completion
    assert heard == [completion]
    assert (completion.outcome, completion.person, completion.course, completion.edition) == (
        "passed",
        enrolment.person,
        enrolment.run.course,
        enrolment.edition,
    )
    assert (completion.unit, completion.agency) == (enrolment.person.unit, enrolment.person.unit.agency)
    assert (completion.completed_at, completion.completed_on) == (AT, date(2026, 11, 24))
    enrolment.refresh_from_db()
    assert (enrolment.completed_at, enrolment.score, enrolment.credit_hours) == (AT, Decimal(100), 3)


def test_an_unfinished_course_is_not_completed(enrolment, heard):
    complete_lesson(enrolment, lessons_of(enrolment)[0], at=AT)
    assert (complete_course(enrolment, at=AT), Completion.objects.count(), heard) == (None, 0, [])


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Asia/Jayapura", date(2027, 1, 1)), ("Asia/Makassar", date(2026, 12, 31)), ("Asia/Jakarta", date(2026, 12, 31))],
)
def test_the_day_of_completion_is_the_agencys(zone, day):
    """15.30 UTC on New Year's Eve is 00.30 in Jayapura, 23.30 in Kupang."""
    person = PersonFactory(unit=make_unit(agency=AgencyFactory(time_zone=zone)))
    enrolment = make_enrolment(person, edition=make_edition(lessons=1, questions=0))
    complete_lesson(enrolment, lessons_of(enrolment)[0], at=datetime(2026, 12, 31, 15, 30, tzinfo=UTC))
    assert Completion.objects.get().completed_on == day


def test_the_unit_that_earned_is_todays_not_that_of_enrolment(enrolment):
    moved_to = make_unit()
    type(enrolment.person).objects.filter(pk=enrolment.person_id).update(unit=moved_to)
    for lesson in lessons_of(enrolment):
        complete_lesson(enrolment, lesson, at=AT)
    assert Completion.objects.get().unit == moved_to


def test_the_course_score_is_the_best_graded_post_test():
    enrolment = make_enrolment(edition=make_edition(lessons=1))
    quiz = enrolment.edition.activities.get(kind="quiz")
    for number, score in enumerate(["40.00", "91.67", None], start=1):
        Attempt.objects.create(
            enrolment=enrolment,
            edition_activity=quiz,
            activity=quiz.activity,
            number=number,
            served=[],
            started_at=AT,
            submitted_at=AT if score else None,
            score=score,
            passed=score == "91.67" if score else None,
        )
    ActivityProgress.objects.create(enrolment=enrolment, activity=quiz.activity, done_at=AT)
    complete_lesson(enrolment, lessons_of(enrolment)[0], at=AT)
    assert Completion.objects.get().score == Decimal("91.67")


def test_completing_a_lesson_costs_six_statements_with_its_transaction(enrolment, django_assert_num_queries):
    """Begin, lock, read, write, keep, commit; the request adds session, person and enrolment (page.complete: 8 + 2)."""
    lessons = lessons_of(enrolment)
    outline_of(enrolment.edition_id)
    with django_assert_num_queries(6):
        complete_lesson(enrolment, lessons[0], at=AT)
    with django_assert_num_queries(4):
        complete_lesson(enrolment, lessons[0], at=AT)
