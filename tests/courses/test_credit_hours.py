"""The rows that keep credit hours say what the completions say, whatever happened and however much at once."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection, transaction

from academy.people import units
from academy.people.models import Person
from academy.people.placements import place
from courses.credit_hours import annul, credit_hours, recount
from courses.models import Completion, Enrolment, LearnerYear
from tests.courses.test_races import all_at_once
from tests.factories import (
    AT,
    AgencyFactory,
    CourseFactory,
    PersonFactory,
    RunFactory,
    complete,
    make_edition,
    make_enrolment,
)  # fmt: skip

TODAY = date(2026, 11, 24)
DAYS = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 1)]


def counted_by_hand(person: Person) -> dict[int, int]:
    """Docs/rules.md, "Annual credit hours", in plain Python: of each course and year the most hours that stand."""
    best: dict[tuple[int, int], int] = defaultdict(int)
    for one in person.completions.all():
        pair = (one.completed_on.year, one.course_id)
        best[pair] = max(best[pair], 0 if one.credit_annulled_at else one.credit_hours)
    years: dict[int, int] = defaultdict(int)
    for (year, _course), hours in best.items():
        years[year] += hours
    return years


def check(people: list[Person]) -> None:
    for person in people:
        expected = counted_by_hand(person)
        kept = LearnerYear.objects.filter(person=person)
        assert {row.year: row.credit_hours for row in kept} == expected
        assert {year: credit_hours(person, year=year) for year in expected} == expected
        assert {row.unit_id for row in kept} <= {Person.objects.get(pk=person.pk).unit_id}
        for year, hours in expected.items():
            own = Enrolment.objects.filter(person=person, completed_on__year=year)
            assert sum(one.counted_hours or 0 for one in own) == hours


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_retakes_annulments_and_moves_are_counted_as_by_hand(seed: int):
    dice = random.Random(seed)
    root = units.ensure_root(AgencyFactory())
    places = [root, units.ensure_unit(root, "A"), None]
    people: list[Person] = [PersonFactory(unit=root) for _number in range(8)]
    editions = [make_edition(CourseFactory(credit_hours=hours), lessons=1, questions=0) for hours in (2, 3)]
    runs = [RunFactory(course=edition.course, number=number) for edition in editions for number in (None, 2, 3)]
    for person in people:
        for run in dice.sample(runs, dice.randint(0, 5)):
            edition = next(one for one in editions if one.course_id == run.course_id)
            enrolment = make_enrolment(person, edition=edition, run=run)
            hours = edition.credit_hours + dice.choice([0, 0, 1])
            done = complete(enrolment, completed_on=dice.choice(DAYS), credit_hours=hours)
            if dice.random() < 0.3:
                annul([done.pk], at=AT)
        if dice.random() < 0.4:
            place(person, unit=dice.choice(places), from_on=TODAY, today=TODAY)
    check(people)
    before = list(LearnerYear.objects.order_by("pk").values())
    recount([person.pk for person in people])
    assert list(LearnerYear.objects.order_by("pk").values()) == before


@pytest.mark.django_db
def test_annulling_again_changes_nothing():
    done = complete(make_enrolment())
    annul([done.pk], at=AT)
    annul([done.pk], at=AT.replace(year=2027))
    assert Completion.objects.get().credit_annulled_at == AT
    check([done.person])


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_courses_finished_at_once_are_all_counted():
    person = PersonFactory()
    editions = [make_edition(CourseFactory(credit_hours=hours), lessons=1, questions=0) for hours in (2, 3, 5)]
    first = [make_enrolment(person, edition=edition) for edition in editions]
    again = [
        make_enrolment(person, edition=edition, run=RunFactory(course=edition.course, number=2)) for edition in editions
    ]
    enrolments = [*first, *again]
    all_at_once(lambda number: transaction.atomic(complete)(enrolments[number]), count=len(enrolments))
    check([person])
    assert credit_hours(person, year=2026) == 10


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="one connection writes at a time")
def test_a_recount_waits_for_a_course_that_is_being_finished():
    """2 JP are kept. 5 JP more are finished and not committed yet, while another connection counts the person again."""
    person = PersonFactory()
    two, five = (make_edition(CourseFactory(credit_hours=hours), lessons=1, questions=0) for hours in (2, 5))
    complete(make_enrolment(person, edition=two))
    more = make_enrolment(person, edition=five)
    with ThreadPoolExecutor(max_workers=1) as other:
        with transaction.atomic():
            complete(more)
            recounted = other.submit(_recount_elsewhere, person)
            _wait_until_blocked(recounted)
        recounted.result(timeout=60)
    assert credit_hours(person, year=2026) == 7
    check([person])


def _recount_elsewhere(person: Person) -> None:
    try:
        recount([person.pk])
    finally:
        connection.close()


def _wait_until_blocked(work: Future[None]) -> None:
    """Until another connection waits for this one."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    for _attempt in range(600):
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone() != (0,):
                return
        assert not work.done(), "it waited for nobody"
        time.sleep(0.05)
    raise AssertionError("it never came to the lock")
