"""The demo academy: synthetic, repeatable, made by the real actions."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from academy.demo import accounts, histories, programme
from academy.demo.build import courses_of_the_demo
from academy.demo.people import ensure_people
from academy.demo.template import MARK, ensure_template
from academy.people import nip, scope
from academy.people.models import Person
from academy.people.seed import load_agencies
from courses.models import Attempt, Completion, Course, Enrolment, LearningPath, PathStep, Run
from courses.validity import RENEWED_BEFORE, last_day
from tests.courses.authoring import make_course_page
from tests.factories import CourseFactory, OrganiserFactory, PersonFactory, make_edition

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


def test_about_400_people_with_sound_numbers_are_made_once():
    load_agencies()
    people = ensure_people(today=TODAY)
    again = ensure_people(today=TODAY)
    assert 380 <= len(people) <= 440
    assert [person.pk for person in again] == [person.pk for person in people]
    assert Person.objects.count() == len(people)
    assert {nip.parse(person.nip or "").kind for person in people} == {nip.NipKind.PNS, nip.NipKind.PPPK}
    sizes = Counter(person.unit_id for person in people)
    assert max(sizes.values()) >= 5 * sorted(sizes.values())[len(sizes) // 2]


def test_accounts_see_what_they_are_printed_to_see(monkeypatch):
    group = load_agencies()
    people = accounts.ensure_accounts(group, today=TODAY)
    province = scope.units_visible_to(people[accounts.HR_PROVINCE.email], at=NOW)
    kupang = scope.units_visible_to(people[accounts.HR_KUPANG.email], at=NOW)
    assert province.values("agency").distinct().count() == 23
    assert set(kupang.values_list("agency__code", flat=True)) == {"7701"}
    assert people[accounts.ADMIN.email].is_superuser
    monkeypatch.setenv("DEMO_PASSWORD", "lain-kali-lain-kata")
    again = accounts.ensure_accounts(group, today=TODAY)
    assert all(person.check_password("lain-kali-lain-kata") for person in again.values())


@pytest.mark.parametrize(
    ("story", "completions", "attempts", "withdrawn"),
    [
        (histories.Story(1), 1, 1, False),
        (histories.Story(1, failures=1), 1, 2, False),
        (histories.Story(0.99, failures=3), 0, 3, False),
        (histories.Story(0.34), 0, 0, False),
        (histories.Story(0.34, withdraws=True), 0, 0, True),
        (histories.Story(0), 0, 0, False),
    ],
)
def test_a_story_is_told_by_the_real_actions(story, completions, attempts, withdrawn):
    course = make_edition(lessons=2, questions=10).course
    enrolment = histories.tell(PersonFactory(), course, story, at=NOW - timedelta(days=3), dice=random.Random(1))
    enrolment.refresh_from_db()
    assert (Completion.objects.count(), Attempt.objects.count()) == (completions, attempts)
    assert (enrolment.withdrawn_at is not None) == withdrawn


def test_who_has_an_enrolment_keeps_it():
    course = make_edition().course
    people = [PersonFactory(), PersonFactory()]
    first = histories.ensure_histories(people, [course], count=2, now=NOW)
    second = histories.ensure_histories(people, [course], count=2, now=NOW)
    assert (first, second, Enrolment.objects.count()) == (2, 0, 2)


def test_the_run_is_half_over_and_holds_learners_at_every_stage_once():
    course, elsewhere = make_edition(lessons=8, questions=10).course, PersonFactory()
    histories.tell(elsewhere, course, histories.Story(0), at=NOW, dice=random.Random(1))
    people = [elsewhere, *(PersonFactory() for _number in range(14))]
    run = programme.ensure_run(course, people, trainer=PersonFactory(), now=NOW)
    assert (run.name, run.opens_on, run.closes_on) == (
        "Angkatan I Tahun 2026",
        TODAY - timedelta(days=15),
        TODAY + timedelta(days=15),
    )
    rows = Enrolment.objects.filter(run=run)
    figures = {
        "passed": rows.filter(completed_at__isnull=False).count(),
        "on the way": rows.running().filter(started_at__isnull=False).count(),
        "untouched": rows.running().filter(started_at__isnull=True).count(),
        "gone": rows.filter(withdrawn_at__isnull=False).count(),
    }
    assert figures == {"passed": 2, "on the way": 6, "untouched": 3, "gone": 1}
    assert not rows.filter(person=elsewhere).exists()
    again = programme.ensure_run(course, people, trainer=PersonFactory(), now=NOW + timedelta(days=40))
    assert (again, Run.objects.filter(number=1).count(), rows.count()) == (run, 1, 12)


def test_certificates_of_a_course_end_within_the_histories():
    course = make_course_page().course
    programme.ensure_validity(course, by=PersonFactory(), now=NOW)
    assert course.editions.get().validity_months == 12
    longest = timedelta(days=histories.LONGEST_HISTORY_DAYS)
    assert last_day(TODAY - longest, months=12) - RENEWED_BEFORE < TODAY
    Course.objects.update(validity_months=24)
    programme.ensure_validity(Course.objects.get(), by=PersonFactory(), now=NOW)
    assert course.editions.count() == 1


def test_the_path_is_laid_once_and_stays_as_it_was_changed():
    courses = [make_edition().course, make_edition().course]
    path = programme.ensure_path(courses)
    assert [step.course for step in path.steps.all()] == courses
    assert path.is_public
    PathStep.objects.filter(course=courses[0]).delete()
    programme.ensure_path(courses)
    assert (LearningPath.objects.count(), PathStep.objects.count()) == (1, 1)


def test_a_course_that_a_trainer_began_does_not_stop_the_next_start():
    taught = CourseFactory(key="dasar-spbe")
    CourseFactory(key="baru-dimulai")
    assert courses_of_the_demo() == [taught]


def test_the_organiser_has_a_published_template_with_a_mark():
    organiser = OrganiserFactory()
    version = ensure_template(organiser, by=PersonFactory(), at=NOW)
    assert ensure_template(organiser, by=PersonFactory(), at=NOW) == version
    assert [logo["alt"] for logo in version.content["logos"]] == [MARK]
    assert version.checks
    assert all(check["ok"] for check in version.checks)
