"""What happened in each month of a year: new enrolments, completions, and the credit hours earned with them.

An enrolment is of the month of its day where the agency is, a completion of that of `Completion.completed_on`. See
docs/rules.md, "The month of a report".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import ExtractMonth

from academy.people.models import WorkUnit
from academy.reports import facts
from courses.models import Course, Enrolment

MONTHS = range(1, 13)


@dataclass(frozen=True)
class Month:
    """Enrolments that began (of those that are not withdrawn), completions, the certified ones of them, their hours."""

    enrolled: int = 0
    completions: int = 0
    certified: int = 0
    credit_hours: int = 0

    def __add__(self, other: Month) -> Month:
        return Month(*(one + another for one, another in zip(astuple(self), astuple(other), strict=True)))


def of_roster(units: QuerySet[WorkUnit], *by: str, year: int, course: Course | None) -> dict[tuple[Any, ...], Month]:
    """What people on the roster of these units did, wherever it was; by month and the columns `by`."""
    months: defaultdict[tuple[Any, ...], Month] = defaultdict(Month)
    done = facts.of_roster(finished(year=year, course=course), units)
    for key, earned in _completions(done, *by):
        months[key] += Month(0, earned.completions, earned.certified, earned.credit_hours)
    for zone in zones(units):
        begun = facts.of_roster(current(course).filter(begun_in(zone, year)), units.filter(agency__time_zone=zone))
        month = ExtractMonth("enrolled_at", tzinfo=ZoneInfo(zone))
        grouped = begun.order_by().annotate(month=month).values_list("month", *by).annotate(found=Count("person"))
        for *key, found in grouped:
            months[tuple(key)] += Month(enrolled=found)
    return dict(months)


def earned(units: QuerySet[WorkUnit], *by: str, year: int, course: Course | None) -> dict[tuple[Any, ...], Month]:
    """The completions that were earned in these units; by month and the columns `by`."""
    found = _completions(facts.earned(units, year=year, course=course), *by)
    return {key: Month(0, each.completions, each.certified, each.credit_hours) for key, each in found}


def completions_by_unit(units: QuerySet[WorkUnit], *, year: int, course: Course | None) -> dict[str, facts.Earned]:
    """The completions of the year of people on the roster, by the path of the unit where they work today."""
    done = facts.of_roster(finished(year=year, course=course), units).order_by()
    grouped = done.values_list("unit__path").annotate(**facts.TOTALS_OF_COMPLETIONS)
    return {path: facts.Earned(*figures) for path, *figures in grouped}


def _completions(finished: QuerySet[Enrolment], *by: str) -> list[tuple[tuple[Any, ...], facts.Earned]]:
    month = ExtractMonth("completed_on")
    grouped = (
        finished.order_by().annotate(month=month).values_list("month", *by).annotate(**facts.TOTALS_OF_COMPLETIONS)
    )
    return [(row[: 1 + len(by)], facts.Earned(*row[1 + len(by) :])) for row in grouped]


def zones(units: QuerySet[WorkUnit]) -> list[str]:
    """The time zones of the agencies of these units."""
    return list(units.order_by().values_list("agency__time_zone", flat=True).distinct())


def current(course: Course | None) -> QuerySet[Enrolment]:
    found: QuerySet[Enrolment] = Enrolment.objects.current()
    return found.filter(course=course) if course else found


def finished(*, year: int, course: Course | None, month: int | None = None) -> QuerySet[Enrolment]:
    """The completions of the year, or of one month of it."""
    found = current(course).filter(completed_on__year=year)
    return found.filter(completed_on__month=month) if month else found


def begun_in(zone: str, year: int, month: int | None = None) -> Q:
    """Enrolments that began in the year, or one month of it, as it is in that time zone."""
    there = ZoneInfo(zone)
    first, last = month or 1, month or 12
    since, until = datetime(year, first, 1, tzinfo=there), datetime(year + last // 12, last % 12 + 1, 1, tzinfo=there)
    return Q(enrolled_at__gte=since.astimezone(UTC), enrolled_at__lt=until.astimezone(UTC))
