"""Many at the same moment, each on a connection of its own: one fact, and no error for anybody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TypeVar

import pytest
from django.db import connection

from academy.people.models import Person
from academy.people.placements import place
from courses import assigning
from courses.attempts import AttemptClosed, NoAttemptsLeft, save_responses, start_attempt, submit_attempt
from courses.enrolment import NotOpen, enrol
from courses.models import (
    ActivityProgress,
    AssignedEnrolment,
    Assignment,
    Attempt,
    Completion,
    Enrolment,
    Response,
    Run,
)
from courses.progress import complete_lesson
from courses.signals import course_completed
from tests.factories import AT, PersonFactory, make_edition, make_enrolment, make_hr, make_unit

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
AT_ONCE = 64
Made = TypeVar("Made")


def all_at_once(action: Callable[[int], Made], *, count: int = AT_ONCE) -> list[Made]:
    """What `action` returned in each thread; an exception in any of them fails the test."""
    together = threading.Barrier(count)

    def run(number: int) -> Made:
        try:
            together.wait(timeout=60)
            return action(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=count) as threads:
        return [future.result(timeout=120) for future in [threads.submit(run, number) for number in range(count)]]


@pytest.fixture
def heard():
    completions = []

    def hear(completion, **kwargs):
        completions.append(completion.pk)

    course_completed.connect(hear)
    yield completions
    course_completed.disconnect(hear)


def test_64_submissions_of_the_last_lesson_make_one_completion(heard):
    enrolment = make_enrolment(edition=make_edition(lessons=1, questions=0))
    lesson = enrolment.edition.activities.get()
    all_at_once(lambda _number: complete_lesson(Enrolment.objects.get(pk=enrolment.pk), lesson, at=AT))
    assert (ActivityProgress.objects.count(), Completion.objects.count(), len(heard)) == (1, 1, 1)


def test_two_last_lessons_at_the_same_moment_finish_the_course(heard):
    edition = make_edition(lessons=8, questions=0, sequential=False)
    enrolment = make_enrolment(edition=edition)
    lessons = list(edition.activities.order_by("position"))
    all_at_once(lambda number: complete_lesson(enrolment, lessons[number % 8], at=AT))
    assert (ActivityProgress.objects.count(), Completion.objects.count(), len(heard)) == (8, 1, 1)


def test_64_submissions_of_the_last_answer_make_one_completion(heard):
    enrolment = make_enrolment(edition=make_edition(lessons=0))
    attempt = start_attempt(enrolment, enrolment.edition.activities.get(), at=AT)
    *first, last = [question["version"] for question in attempt.served]
    save_responses(attempt, {version: ["a"] for version in first}, at=AT)

    def answer_and_send(_number: int) -> object:
        own = Attempt.objects.get(pk=attempt.pk)
        if own.submitted_at is None:
            save_once_open(own, last)
        return submit_attempt(own, at=AT).score

    scores = all_at_once(answer_and_send)
    assert len(set(scores)) == 1
    assert (Response.objects.count(), Completion.objects.count(), len(heard)) == (4, 1, 1)


def save_once_open(attempt: Attempt, version: int) -> None:
    try:
        save_responses(attempt, {version: ["a"]}, at=AT)
    except AttemptClosed:
        return  # another thread sent it: what a late save is told


def test_64_enrolments_of_one_person_make_one_row():
    course, person = make_edition().course, PersonFactory()
    enrolments = all_at_once(lambda _number: enrol(Person.objects.get(pk=person.pk), course, at=AT))
    assert len({enrolment.pk for enrolment in enrolments}) == 1
    assert (Enrolment.objects.count(), Run.objects.count()) == (1, 1)


def test_64_people_who_open_the_year_make_one_run():
    course = make_edition().course
    people = [PersonFactory() for _ in range(AT_ONCE)]
    all_at_once(lambda number: enrol(people[number], course, at=AT))
    assert (Enrolment.objects.count(), Run.objects.count()) == (AT_ONCE, 1)


def test_64_starts_open_one_attempt():
    enrolment = make_enrolment(edition=make_edition(lessons=0))
    quiz = enrolment.edition.activities.get()
    attempts = all_at_once(lambda _number: start_attempt(enrolment, quiz, at=AT))
    assert len({attempt.pk for attempt in attempts}) == 1
    assert Attempt.objects.count() == 1


def test_nobody_gets_more_attempts_by_being_quick():
    enrolment = make_enrolment(edition=make_edition(lessons=0, max_attempts=3))
    quiz = enrolment.edition.activities.get()

    def start_and_send(_number: int) -> bool:
        try:
            submit_attempt(start_attempt(enrolment, quiz, at=AT), at=AT)
        except NoAttemptsLeft:
            return False
        return True

    all_at_once(start_and_send)
    assert sorted(Attempt.objects.values_list("number", flat=True)) == [1, 2, 3]


def test_finishing_while_being_placed_elsewhere_does_not_block():
    person, units = PersonFactory(), [make_unit(), make_unit()]
    enrolments = [make_enrolment(person, edition=make_edition(lessons=1, questions=0)) for _ in range(16)]

    def finish_or_move(number: int) -> object:
        if number % 4 == 0:
            moved = Person.objects.get(pk=person.pk)
            return place(moved, unit=units[number // 4 % 2], from_on=AT.date(), today=AT.date())
        enrolment = enrolments[number % 16]
        return complete_lesson(enrolment, enrolment.edition.activities.get(), at=AT)

    all_at_once(finish_or_move)
    assert Completion.objects.count() == 12
    person.refresh_from_db()
    assert set(Enrolment.objects.values_list("unit", flat=True)) == {person.unit_id}


def test_two_workers_at_once_assign_everybody_once(monkeypatch):
    monkeypatch.setattr(assigning, "PORTION", 3)
    unit = make_unit()
    officer = make_hr(unit.get_parent())
    PersonFactory.create_batch(10, unit=unit)
    course = make_edition().course
    one = assigning.propose(course, due_on=date(2026, 12, 20), unit=unit, nips=[], by=officer, at=AT)
    assigning.confirm(one, by=officer, at=AT)

    def work(_number: int) -> None:  # as if every lease had run out: only the row's lock is left
        while assigning.assign_portion(one.pk, at=AT):
            pass

    all_at_once(work, count=4)
    one.refresh_from_db()
    assert (Enrolment.objects.count(), AssignedEnrolment.objects.count()) == (10, 10)
    assert (one.counts["new"], one.counts["running"], one.state) == (10, 0, "done")


def test_one_of_many_workers_takes_an_assignment():
    unit = make_unit()
    officer = make_hr(unit.get_parent())
    PersonFactory(unit=unit)
    course = make_edition().course
    one = assigning.propose(course, due_on=date(2026, 12, 20), unit=unit, nips=[], by=officer, at=AT)
    assigning.confirm(one, by=officer, at=AT)
    assert sum(all_at_once(lambda _number: assigning.carry_on(one.pk, clock=lambda: AT), count=8)) == 1


def test_enrolling_oneself_while_being_assigned_makes_one_enrolment():
    unit = make_unit()
    officer = make_hr(unit.get_parent())
    people = PersonFactory.create_batch(8, unit=unit)
    course = make_edition().course
    one = assigning.propose(course, due_on=date(2026, 12, 20), unit=unit, nips=[], by=officer, at=AT)
    assigning.confirm(one, by=officer, at=AT)

    def do(number: int) -> None:
        if number:
            enrol(people[number - 1], course, at=AT)
        else:
            assigning.carry_on(one.pk, clock=lambda: AT)

    all_at_once(do, count=9)
    assert Enrolment.objects.filter(due_on=date(2026, 12, 20)).count() == Enrolment.objects.count() == 8


def test_the_last_seats_go_to_one_assignment_or_to_single_people():
    """Two officers assign three people each and six join alone: five seats, whole assignments or none."""
    course = make_edition().course
    days = {"opens_on": date(2026, 12, 1), "closes_on": date(2026, 12, 31)}
    run = Run.objects.create(course=course, year=2026, number=1, seats=5, **days)
    assignments = []
    for _number in range(2):
        unit = make_unit()
        officer = make_hr(unit.get_parent())
        PersonFactory.create_batch(3, unit=unit)
        one = assigning.propose(course, run=run, due_on=date(2026, 12, 20), unit=unit, nips=[], by=officer, at=AT)
        assignments.append(assigning.confirm(one, by=officer, at=AT))
    alone = PersonFactory.create_batch(6)

    def do(number: int) -> bool:
        if number < 2:
            return assigning.carry_on(assignments[number].pk, clock=lambda: AT)
        try:
            enrol(alone[number - 2], course, at=AT, run=run)
        except NotOpen:
            return False
        return True

    joined = sum(all_at_once(do, count=8)[2:])
    states = [(one.state, one.counts.get("new", 0)) for one in Assignment.objects.order_by("pk")]
    assert set(states) <= {("done", 3), ("stopped", 0)}
    assigned = sum(new for _state, new in states)
    assert Enrolment.objects.filter(run=run).count() == joined + assigned
    assert joined + assigned == 5
    assert AssignedEnrolment.objects.count() == assigned
