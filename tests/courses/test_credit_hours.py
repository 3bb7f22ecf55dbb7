"""The rows that keep credit hours say what the completions say, whatever happened and however much at once."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from typing import Any

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
def test_a_course_finished_while_the_person_is_counted_again_is_not_lost():
    """2 JP are kept. Another connection finishes 5 JP right before the recount writes the sum, and commits after."""
    person = PersonFactory()
    two, five = (make_edition(CourseFactory(credit_hours=hours), lessons=1, questions=0) for hours in (2, 5))
    complete(make_enrolment(person, edition=two))
    more = make_enrolment(person, edition=five)
    finished, recounted = threading.Event(), threading.Event()
    begun: list[Future[None]] = []

    def finish() -> None:
        try:
            with transaction.atomic():
                complete(more)
                finished.set()
                _wait_for(lambda: recounted.is_set() or _somebody_waits_for_me())
        finally:
            connection.close()

    def before_the_sum(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith('UPDATE "courses_learneryear"'):
            begun.append(other.submit(finish))
            _wait_for(lambda: finished.is_set() or _somebody_waits_for_me())
        return execute(sql, *rest)

    with ThreadPoolExecutor(max_workers=1) as other:
        with connection.execute_wrapper(before_the_sum):
            recount([person.pk])
        recounted.set()
        assert [one.result(timeout=60) for one in begun] == [None]
    assert credit_hours(person, year=2026) == 7
    check([person])


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _somebody_waits_for_me() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
        return bool(cursor.fetchone()[0])
