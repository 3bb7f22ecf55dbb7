"""Runs inside the measured academy: a nation of learners, its reports, and the best that can be done without us."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import xlsxwriter
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from academy.demo.nation import make_nation, tidy
from academy.people.models import Agency, AgencyGroup, Person, Role
from academy.reports import facts, hours, people
from academy.reports.files import FORMATS, Circumstances, write
from academy.reports.filters import Filters, State
from academy.reports.rollup.refreshing import rebuild
from academy.reports.scope import Scope, scope_of
from academy.reports.tables import QueryLines, Table
from courses.models import Course
from tests.bench.beside import begin_export, end_export, exports_at_work, lines_written, make_readers  # noqa: F401  asked for by name

AT = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
YEAR = 2026
OF_YEAR = """e.withdrawn_at IS NULL AND (e.completed_on BETWEEN '2026-01-01' AND '2026-12-31'
             OR (e.completed_on IS NULL AND e.enrolled_at <= '2026-12-31 15:59:59.999999+00'))"""
IS_LATE = "e.due_on < '2026-11-24' AND e.reached < 2"
COUNTED = """COUNT(*), COUNT(*) FILTER (WHERE furthest >= 1), COUNT(*) FILTER (WHERE furthest >= 2),
             COUNT(*) FILTER (WHERE furthest = 3), COUNT(*) FILTER (WHERE late = 1)"""
# The best there is by hand: one walk through the index, in whose order both groupings are.
BARE = f"""
    SELECT unit_id, course_id, {COUNTED} FROM (
        SELECT e.unit_id, e.course_id, e.person_id, MAX(e.reached) AS furthest,
               MAX(CASE WHEN {IS_LATE} THEN 1 ELSE 0 END) AS late
        FROM courses_enrolment e
        WHERE e.unit_id = ANY(%(units)s) AND {OF_YEAR}
              AND e.person_id NOT IN (SELECT id FROM people_person WHERE NOT is_active AND unit_id = ANY(%(units)s))
        GROUP BY e.unit_id, e.course_id, e.person_id
    ) AS people GROUP BY unit_id, course_id"""  # noqa: S608  ours
# The same figures as the ORM writes them without a unit on the enrolment: from the tree to its people, their enrolments
# and the runs of these. With our two groupings instead of DISTINCT these joins take a third longer.
JOINED = f"""
    SELECT p.unit_id, r.course_id, COUNT(DISTINCT p.id), COUNT(DISTINCT p.id) FILTER (WHERE e.reached >= 1),
           COUNT(DISTINCT p.id) FILTER (WHERE e.reached >= 2), COUNT(DISTINCT p.id) FILTER (WHERE e.reached = 3),
           COUNT(DISTINCT p.id) FILTER (WHERE {IS_LATE})
    FROM courses_enrolment e JOIN courses_run r ON r.id = e.run_id
    JOIN people_person p ON p.id = e.person_id JOIN people_workunit u ON u.id = p.unit_id
    WHERE u.path LIKE %(path)s AND p.is_active AND {OF_YEAR} GROUP BY p.unit_id, r.course_id"""  # noqa: S608  ours


def prepare_nation(learners: int) -> dict[str, int]:
    nation = make_nation(learners=learners, tell=lambda _text: None)
    group = AgencyGroup.objects.create(name="Seluruh Indonesia")
    group.agencies.set(Agency.objects.all())
    minister = Person.objects.create(name="Ivon", email="nation@nation.test", unit=nation.officer.unit)
    Role.objects.create(person=minister, kind=Role.Kind.HR, group=group, from_at=datetime(2024, 1, 1, tzinfo=UTC))
    tidy()
    largest = facts.roster(_scope("hr@nation.test").units).count()
    return {
        "agencies": nation.agencies,
        "learners": nation.learners,
        "enrolments": nation.enrolments,
        "largest": largest,
    }


@cache
def _scope(email: str) -> Scope:
    scope = scope_of(Person.objects.get(email=email), at=AT)
    assert scope
    return scope


def _timed(action: Callable[[], Any]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _ask(sql: str, **params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def rebuild_round() -> dict[str, float]:
    """Seconds to count every agency and year, by how many there are."""
    began = time.perf_counter()
    counted = rebuild(at=timezone.now())
    return {"seconds": time.perf_counter() - began, "counted": counted}


def dashboard_round(address: str) -> dict[str, float]:
    """Seconds until a page of the officer of all agencies is there, and its queries."""
    with CaptureQueriesContext(connection) as captured:
        client = _minister()
        seconds = _timed(lambda: _get(client, address))
    return {"seconds": seconds, "queries": len(captured)}


@cache
def _minister() -> Client:
    """One for all rounds, as a server builds its middleware once; before the first page is asked for, too."""
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(Person.objects.get(email="nation@nation.test"))
    return client


def _get(client: Client, address: str) -> None:
    status = client.get(address).status_code
    if status != 200:
        raise ValueError(f"{address}: {status}")


def agency_round() -> dict[str, float]:
    """Seconds of the report by unit and course of the largest agency, of the same question by hand, and by joins."""
    units = Filters(YEAR).units(_scope("hr@nation.test"))
    keys, root = list(units.values_list("pk", flat=True)), _scope("hr@nation.test").roots[0]
    enrolments = facts.of_roster(facts.enrolments(year=YEAR, course=None), units)
    taken = {"ours": _timed(lambda: facts.counted(enrolments, "unit_id", "course_id", today=AT.date()))}
    taken["by unit, whole"] = _timed(lambda: facts.counts_by_unit(units, year=YEAR, course=None, today=AT.date()))
    if connection.vendor == "postgresql":
        taken["bare"] = _timed(lambda: _ask(BARE, units=keys))
        taken["joined"] = _timed(lambda: _ask(JOINED, path=f"{root.path}%"))
    return taken


def hours_round() -> dict[str, float]:
    """Seconds of the duty of credit hours of the agency by unit, to count its people, and of a page of the gap list.

    Of the page: of its statement, and with all that Python does around it.
    """
    scope = _scope("hr@nation.test")
    short = hours.by_person(scope, Filters(YEAR, state=State.HOURS_SHORT)).lines
    middle = len(short) // 2
    statements: list[float] = []

    def watched(execute: Callable[..., Any], *call: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*call)
        finally:
            statements.append(time.perf_counter() - began)

    with connection.execute_wrapper(watched):
        whole = _timed(lambda: short[middle : middle + 50])
    return {
        "hours": _timed(lambda: hours.by_unit(scope, Filters(YEAR), scope.place(None, below=True).below)),
        "page": sum(statements),
        "page, whole": whole,
        "count": _timed(Person.objects.filter(facts.among(scope.units)).count),
    }


def _table(scope: str) -> Table:
    courses = list(Course.objects.order_by("code"))
    return people.participants(_scope(scope), Filters(YEAR, state=State.ENROLLED), courses, today=AT.date())


def file_round(scope: str, word: str) -> dict[str, float]:
    """Seconds for the file, for COPY of its bare query, and for XlsxWriter; resident MiB the first one grew by, and its rows."""
    table = _table(scope)
    assert isinstance(table.lines, QueryLines)
    taken = _apart(lambda: _write(table, word))
    if connection.vendor == "postgresql":
        taken["copy"] = _timed(lambda: _copy(table.lines))
    if word == "xlsx":
        taken["xlsxwriter"] = _timed(lambda: _xlsxwriter(table))
    return taken


def _write(table: Table, word: str) -> int:
    with tempfile.TemporaryFile() as out:
        _file, control = write(table, Circumstances("Nasional", [], AT), FORMATS[word], out=out)
    return control.rows


def _copy(lines: Any) -> None:
    query = lines.queryset.values_list(*(lines.sources[column.key] for column in lines.columns))
    sql, params = query.query.get_compiler(query.db).as_sql()
    copy_sql = f"COPY ({sql}) TO STDOUT WITH (FORMAT csv)"
    with tempfile.TemporaryFile() as out, connection.cursor() as cursor, cursor.copy(copy_sql, params) as copy:
        for data in copy:
            out.write(data)


def _xlsxwriter(table: Table) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with tempfile.TemporaryFile() as out, xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet()
        for number, line in enumerate(table.lines):
            sheet.write_row(number % 1_000_000, 0, ["" if value is None else value for value in line.values])


def _apart(action: Callable[[], int]) -> dict[str, float]:
    """Seconds of the action in a child of its own, by how many MiB the child's memory grew, and what it returned."""
    connection.close()
    read, out = os.pipe()
    child = os.fork()
    if child == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        rows = action()
        seconds = time.perf_counter() - began
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(out, f"{seconds} {grown / 1024} {rows}".encode())
        os._exit(0)
    os.close(out)
    with os.fdopen(read) as answer:
        told = answer.read().split()
    os.waitpid(child, 0)
    return dict(zip(("ours", "grown", "rows"), map(float, told), strict=True))
