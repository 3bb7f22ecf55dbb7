"""What happened in a year or one month of it, one line each: courses finished, and courses begun."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, DateField, Q, QuerySet, Value, When
from django.db.models.functions import TruncDate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from academy.people.models import WorkUnit
from academy.reports import facts, months
from academy.reports.columns import Column, Kind
from academy.reports.filters import Filters, State
from academy.reports.people import PAIR_COLUMNS, PAIR_SOURCES, PERSON_COLUMNS, completions, person_sources, search
from academy.reports.scope import Scope
from academy.reports.tables import QueryLines, Table

TITLE = _("Enrolments and completions")
COLUMNS = (
    *PERSON_COLUMNS,
    Column("enrolled_on", pgettext_lazy("report column", "Enrolled on"), Kind.DATE),
    *PAIR_COLUMNS,
)
STATES = (State.FINISHED, State.CERTIFIED, State.NEW)
ABOUT = _(
    "Of staff of today, wherever they worked then. Who took a course twice stands here twice; its credit hours count once."
)


def events(scope: Scope, filters: Filters) -> Table:
    """The lines behind `trends.by_month`: of staff of today, or the completions that were earned in these units."""
    if filters.by_earned_unit:
        return replace(completions(scope, filters), name="penyelesaian", title=TITLE)
    units = filters.units(scope)
    zones = months.zones(units)
    found = _chosen(units, filters, zones).filter(search(filters.search, "person__"))
    lines = QueryLines(
        COLUMNS,
        facts.with_certificate(found).order_by("unit__path", "person__name", "person", "course__code", "pk"),
        PAIR_SOURCES
        | person_sources("person__", unit="unit")
        | {"enrolled_on": _enrolled_on(zones), "credit_hours": "counted_hours", "person": "person_id"},
        refs=("person", "code", "course_key"),
        summed=found,
        totals={"credit_hours": facts.TOTALS_OF_COMPLETIONS["credit_hours"]},
        at_once=True,
    )
    return Table(name="penyelesaian", title=TITLE, columns=COLUMNS, lines=lines, note=ABOUT)


def _chosen(units: QuerySet[WorkUnit], filters: Filters, zones: list[str]) -> QuerySet[Any]:
    if filters.state == State.NEW:
        begun = Q(pk__in=())
        for zone in zones:
            begun |= months.begun_in(zone, filters.year, filters.month) & Q(unit__agency__time_zone=zone)
        return facts.of_roster(months.current(filters.course).filter(begun), units)
    finished = facts.of_roster(months.finished(year=filters.year, month=filters.month, course=filters.course), units)
    return finished.filter(facts.CERTIFIED) if filters.state == State.CERTIFIED else finished


def _enrolled_on(zones: list[str]) -> Case:
    """The day on which somebody enrolled, as it was where the agency is."""
    days = (When(unit__agency__time_zone=zone, then=TruncDate("enrolled_at", tzinfo=ZoneInfo(zone))) for zone in zones)
    return Case(*days, default=Value(None), output_field=DateField())  # a group may have no agency
