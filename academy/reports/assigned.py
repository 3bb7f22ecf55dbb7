"""Assigned learning: who was to finish what by when. The year is that of the assigned day.

There is no view by the unit when earned: what is not finished was earned nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from academy.reports import facts
from academy.reports.columns import Column, Kind
from academy.reports.completion import UNIT_COLUMN, unit_rows, unit_sums
from academy.reports.facts import BEGUN, FINISHED
from academy.reports.filters import Filters, State
from academy.reports.people import PERSON_COLUMNS, person_sources, search
from academy.reports.scope import Scope, Unit
from academy.reports.tables import MadeLines, QueryLines, Table
from courses.models import Enrolment

LATE = "selesai-terlambat"
WORDS = {
    State.IN_TIME.value: State.IN_TIME.label,
    LATE: pgettext_lazy("report", "Finished late"),
    State.OVERDUE.value: pgettext_lazy("report", "Overdue"),
    State.RUNNING.value: pgettext_lazy("report", "Running"),
    State.NOT_STARTED.value: pgettext_lazy("report", "Not started"),
}
ASSIGNED_COLUMNS = (
    *PERSON_COLUMNS,
    Column("course", pgettext_lazy("report column", "Course"), width=40),
    Column("due_on", pgettext_lazy("report column", "To be finished by"), Kind.DATE),
    Column("state", pgettext_lazy("report column", "State"), words=WORDS, width=20),
    Column("completed_on", pgettext_lazy("report column", "Completed on"), Kind.DATE),
)
UNIT_ASSIGNED_COLUMNS = (
    UNIT_COLUMN,
    Column("assigned", pgettext_lazy("report column", "Assigned"), Kind.INTEGER, totalled=True),
    Column("not_started", pgettext_lazy("report column", "Not started"), Kind.INTEGER, totalled=True),
    Column("running", pgettext_lazy("report column", "Running"), Kind.INTEGER, totalled=True),
    Column("finished", pgettext_lazy("report column", "Finished"), Kind.INTEGER, totalled=True),
    Column("in_time", pgettext_lazy("report column", "Of these in time"), Kind.INTEGER, totalled=True),
    Column("overdue", pgettext_lazy("report column", "Overdue"), Kind.INTEGER, totalled=True),
    Column(
        "share",
        pgettext_lazy("report column", "Finished of assigned (%)"),
        Kind.PERCENT,
        share=("finished", "assigned"),
    ),
)
STATES = (State.ASSIGNED, State.OVERDUE, State.NOT_STARTED, State.RUNNING, State.FINISHED, State.IN_TIME)
STATE_OF_COLUMN = {
    "assigned": State.ASSIGNED,
    "not_started": State.NOT_STARTED,
    "running": State.RUNNING,
    "finished": State.FINISHED,
    "in_time": State.IN_TIME,
    "overdue": State.OVERDUE,
}
WAS_IN_TIME = FINISHED & Q(completed_on__lte=F("due_on"))
ABOUT = _("Courses that were assigned to be finished in this year. Overdue are those not finished on their day.")


def assigned(scope: Scope, filters: Filters) -> QuerySet[Enrolment]:
    """The enrolments with an assigned day in the year, of those on the roster."""
    due = Enrolment.objects.current().filter(due_on__isnull=False, due_on__year=filters.year)
    found = facts.of_roster(due, filters.units(scope))
    return found.filter(course=filters.course) if filters.course else found


def by_person(scope: Scope, filters: Filters, *, today: date) -> Table:
    """One line per person and assigned course, the earliest day first."""
    found = assigned(scope, filters).filter(_in(filters.state, today=today), search(filters.search, "person__"))
    state = Case(
        When(WAS_IN_TIME, then=Value(State.IN_TIME.value)),
        When(FINISHED, then=Value(LATE)),
        When(facts.overdue(today=today), then=Value(State.OVERDUE.value)),
        When(BEGUN, then=Value(State.RUNNING.value)),
        default=Value(State.NOT_STARTED.value),
    )
    sources: dict[str, Any] = person_sources("person__") | {
        "course": "course__title",
        "due_on": "due_on",
        "state": state,
        "completed_on": "completed_on",
        "person": "person_id",
    }
    return Table(
        name="penugasan",
        title=_("Assigned courses"),
        columns=ASSIGNED_COLUMNS,
        lines=QueryLines(
            ASSIGNED_COLUMNS,
            found.order_by("due_on", "unit__path", "person__name", "person", "course__code", "pk"),
            sources,
            refs=("person",),
        ),
        note=ABOUT,
    )


def _in(state: State | None, *, today: date) -> Q:
    match state:
        case State.OVERDUE:
            return facts.overdue(today=today)
        case State.NOT_STARTED:
            return ~BEGUN
        case State.RUNNING:
            return BEGUN & ~FINISHED
        case State.FINISHED:
            return FINISHED
        case State.IN_TIME:
            return WAS_IN_TIME
        case _:
            return Q()


def by_unit(scope: Scope, filters: Filters, below: Sequence[Unit], *, today: date) -> Table:
    """The same per unit."""
    grouped = (
        assigned(scope, filters)
        .order_by()
        .values_list("unit__path")
        .annotate(
            all_of_them=Count("person"),  # "assigned" is a relation of the enrolment
            not_started=Count("person", filter=~BEGUN),
            running=Count("person", filter=BEGUN & ~FINISHED),
            finished=Count("person", filter=FINISHED),
            in_time=Count("person", filter=WAS_IN_TIME),
            overdue=Count("person", filter=facts.overdue(today=today)),
        )
    )
    keys = [column.key for column in UNIT_ASSIGNED_COLUMNS[1:] if not column.share]
    found = {path: dict(zip(keys, figures, strict=True)) for path, *figures in grouped}
    rows = unit_sums(unit_rows(scope, filters, below), found, keys)
    return Table(
        name="penugasan-unit",
        title=_("Assigned courses by work unit"),
        columns=UNIT_ASSIGNED_COLUMNS,
        lines=MadeLines(UNIT_ASSIGNED_COLUMNS, rows, refs=("unit", "direct")),
        note=ABOUT,
    )
