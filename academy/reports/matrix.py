"""People and courses crosswise: how far each person is with each course."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from academy.people.models import Person
from academy.reports import facts
from academy.reports.columns import Column, Kind
from academy.reports.completion import ABOUT_EARNED
from academy.reports.filters import Filters, State
from academy.reports.people import (
    ELSEWHERE,
    PERSON_COLUMNS,
    earned,
    here_first,
    hidden,
    person_sources,
    search,
    who_earned,
)
from academy.reports.scope import Scope
from academy.reports.tables import QueryLines, Table
from courses.models import Course, Enrolment

NOT_ENROLLED = -1
WORDS: dict[int, str | Promise] = {
    NOT_ENROLLED: pgettext_lazy("report", "Not enrolled"),
    int(Enrolment.Reached.ENROLLED): pgettext_lazy("report", "Not started"),
    int(Enrolment.Reached.BEGUN): pgettext_lazy("report", "Running"),
    int(Enrolment.Reached.FINISHED): pgettext_lazy("report", "Finished"),
    int(Enrolment.Reached.CERTIFIED): pgettext_lazy("report", "Certified"),
}
FINISHED_COLUMN = Column("finished", pgettext_lazy("report column", "Finished"), Kind.INTEGER, totalled=True)


def people_and_courses(scope: Scope, filters: Filters, courses: Sequence[Course], *, today: date) -> Table:
    """One line per person, one column per course: the furthest state of the pair; how many courses are finished."""
    chosen = facts.enrolments(year=filters.year, course=filters.course)
    known = person_sources() | {"person": "pk"}
    found: QuerySet[Person]
    order: list[Any] = ["unit__path", "name"]
    if filters.by_earned_unit:
        is_here = facts.among(scope.units)
        chosen = earned(scope, filters)
        found = who_earned(chosen, is_here, filters)
        known, order = hidden(known, is_here, {"person_name": str(ELSEWHERE)}), here_first(is_here, *order)
    else:
        target = facts.roster(filters.units(scope)).filter(search(filters.search))
        found = facts.people_in(filters.state or State.TARGET, target, chosen, today=today)
    shown = [filters.course] if filters.course else courses
    columns = (
        *PERSON_COLUMNS,
        *(Column(f"course_{course.pk}", course.title, words=WORDS, width=18) for course in shown),
        FINISHED_COLUMN,
    )
    finished = chosen.filter(facts.FINISHED)
    lines = QueryLines(
        columns,
        found.order_by(*order, "pk"),
        known
        | {f"course_{course.pk}": _furthest(chosen, course) for course in shown}
        | {"finished": facts.courses_of(finished)},
        refs=("person",),
        summed=_one_per_pair(finished.filter(person_id__in=found.values("pk"))),
        totals={"finished": facts.PAIRS},
    )
    return Table(
        name="matriks",
        title=_("People and courses"),
        columns=columns,
        lines=lines,
        note=ABOUT_EARNED if filters.by_earned_unit else "",
    )


def _furthest(chosen: QuerySet[Enrolment], course: Course) -> Coalesce:
    own = chosen.filter(person=OuterRef("pk"), course=course).order_by().values("person")
    return Coalesce(Subquery(own.annotate(far=Max("reached")).values("far")), Value(NOT_ENROLLED))


def _one_per_pair(enrolments: QuerySet[Enrolment]) -> QuerySet[Any]:
    further = enrolments.filter(person=OuterRef("person"), course=OuterRef("course"), pk__gt=OuterRef("pk"))
    return enrolments.filter(~Exists(further))
