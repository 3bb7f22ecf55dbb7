"""Queries that were slow once, over tables too small to show it: the plan is looked at instead of the clock."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from academy.demo.nation import make_nation, tidy
from academy.people.models import Agency, WorkUnit
from academy.reports import facts, hours, people
from academy.reports.filters import Filters, State
from academy.reports.scope import scope_of
from courses.credit_hours import credited
from courses.models import Enrolment
from tests.factories import AT, PersonFactory, make_enrolment, make_hr, make_unit


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "index"),
    [("of a person", "completion_person_course (person_id=? AND course_id=?)"), ("of a pair", "(person_id=?)")],
)
def test_credit_hours_look_at_the_rows_of_one_person(name: str, index: str):
    """SQLite once chose the index on the course: a second per thousand people."""
    querysets = {
        "of a person": credited().filter(person=1, completed_on__year=2026),
        "of a pair": Enrolment.objects.annotate(hours=facts.counted_hours()),
    }
    plan = querysets[name].explain()
    if connection.vendor == "sqlite":  # PostgreSQL decides by its statistics, which an empty table has not
        assert index in plan
    assert "courses_completion_course_id" not in plan


@pytest.mark.django_db
def test_a_further_enrolment_of_a_pair_is_looked_for_under_its_unit_alone():
    pairs = facts.furthest(facts.of_roster(facts.enrolments(year=2026, course=None), UNITS), year=2026)
    if connection.vendor == "sqlite":  # PostgreSQL decides by its statistics, which an empty table has not
        assert "INDEX enrolment_of_unit (unit_id=? AND course_id=? AND person_id=?)" in pairs.explain()


UNITS = WorkUnit.objects.filter(path__startswith="0001")
OF_YEAR = facts.enrolments(year=2026, course=None)
COVERED: dict[str, tuple[str, Callable[[], Iterable[Any]]]] = {
    "people of each unit": (
        "enrolment_of_unit",
        lambda: facts.counted(facts.of_roster(OF_YEAR, UNITS), "unit_id", today=AT.date()),
    ),
    "people of each course": (
        "enrolment_of_unit",
        lambda: facts.counted(facts.of_roster(OF_YEAR, UNITS), "course_id", today=AT.date()),
    ),
    "people of each unit and course": (
        "enrolment_of_unit",
        lambda: facts.counted(facts.of_roster(OF_YEAR, UNITS), "unit_id", "course_id", today=AT.date()),
    ),
    "what a unit earned": (
        "enrolment_earned_in_unit",
        lambda: facts.earned_by(UNITS, "earned_unit", "course_id", year=2026, course=None),
    ),
    "the target of each unit": ("person_of_unit_by_name", lambda: facts.targets(UNITS)),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", COVERED)
def test_reports_of_a_unit_are_answered_by_an_index_alone(name: str):
    """The very statements of the reports; what is not in the index would send them to the table."""
    index, ask = COVERED[name]
    with CaptureQueriesContext(connection) as asked:
        list(ask())
    (statement,) = asked
    check_index(statement["sql"], index)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="without statistics SQLite takes the index of everybody")
@pytest.mark.django_db
def test_who_is_inactive_is_looked_for_among_them_alone():
    sql, params = facts.inactive(UNITS).order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        check_index(cursor.mogrify(sql, params), "person_inactive_of_unit")


@pytest.mark.django_db
def test_the_hours_of_units_are_those_of_their_rosters_and_years_each_by_an_index_alone():
    with CaptureQueriesContext(connection) as asked:
        hours._hours_of_units(UNITS, year=2026)
    rosters, years = asked
    check_index(rosters["sql"], "person_of_unit_by_name")
    check_index(years["sql"], "learner_year_of_unit")


def check_index(sql: str, index: str) -> None:
    if connection.vendor == "sqlite":  # it goes to the table for a generated column, even where the index holds it
        assert f"INDEX {index}" in plan_of(sql)
        return
    assert f"Index Only Scan using {index}" in plan_of(sql, without=("seqscan", "bitmapscan"))


def plan_of(sql: str, *, without: Sequence[str] = ()) -> str:
    """`without` leaves PostgreSQL what it would take by the statistics of a large table."""
    with connection.cursor() as cursor:
        for method in without:
            cursor.execute(f"SET LOCAL enable_{method} = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}")
        return "\n".join(row[-1] for row in cursor.fetchall())


@pytest.mark.django_db
def test_a_page_of_the_gap_list_walks_through_its_unit_by_name():
    """Its keys come in the order of the index; only the lines of the page are sorted."""
    unit = make_unit("Dinas Kominfo")
    scope = scope_of(make_hr(unit), at=AT)
    assert scope
    PersonFactory.create_batch(3, unit=unit)
    lines = hours.by_person(scope, Filters(2026, state=State.HOURS_SHORT)).lines
    assert len(lines) == 4
    with CaptureQueriesContext(connection) as asked:
        assert len(lines[1:3]) == 2
    (page,) = asked
    if connection.vendor == "sqlite":
        plan = plan_of(page["sql"])
        assert "person_of_unit_by_name (unit_id=?)" in plan
        assert plan.count("TEMP B-TREE") == 1
        return
    plan = plan_of(page["sql"], without=("seqscan", "bitmapscan", "sort"))
    assert "Index Only Scan using person_of_unit_by_name" in plan
    assert plan.count("Sort Key") == 1


@pytest.mark.django_db
def test_progress_is_looked_up_by_its_key_and_for_lines_alone():
    unit = make_unit("Dinas Kominfo")
    scope = scope_of(make_hr(unit), at=AT)
    assert scope
    make_enrolment(PersonFactory(unit=unit))
    lines = people.participants(scope, Filters(2026), [], today=AT.date()).lines
    with CaptureQueriesContext(connection) as asked:
        assert (len(lines), lines.sums(), len(lines[0:50])) == (1, {"credit_hours": 0}, 1)
    assert ["courses_enrolmentprogress" in query["sql"] for query in asked] == [False, False, True]
    assert asked[2]["sql"].count('LEFT OUTER JOIN "courses_enrolmentprogress"') == 1


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite neither vacuums for its indexes nor tells its reading"
)
@pytest.mark.django_db(transaction=True)
def test_after_a_vacuum_the_report_of_an_agency_reads_the_index_alone():
    """As PostgreSQL chooses by its own statistics, and as it counted while it did so."""
    make_nation(learners=3000, tell=lambda _text: None)
    tidy()
    agency = Agency.objects.get(code="90002")
    units = WorkUnit.objects.filter(agency=agency)
    with CaptureQueriesContext(connection) as asked:
        pairs = facts.counted(facts.of_roster(OF_YEAR, units), "unit_id", "course_id", today=AT.date())
    assert sum(counts.enrolled for _key, counts in pairs) > 100
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {asked[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    _before, scan = plan.split("Index Only Scan using enrolment_of_unit on courses_enrolment")
    fetched = re.search(r"Heap Fetches: (\d+)", scan)
    assert fetched
    assert fetched[1] == "0"
