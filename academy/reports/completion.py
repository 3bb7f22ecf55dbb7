"""The two tables of the overview: completion by unit (people) and by course (pairs of person and course)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from academy.reports.columns import Column, Kind
from academy.reports.facts import Counts, counts_by_course, counts_by_unit
from academy.reports.filters import Filters, State
from academy.reports.scope import Scope, Unit
from academy.reports.tables import MadeLines, Table
from courses.models import Course

COUNT_COLUMNS = (
    Column("target", pgettext_lazy("report column", "Target"), Kind.INTEGER, totalled=True),
    Column("enrolled", pgettext_lazy("report column", "Enrolled"), Kind.INTEGER, totalled=True),
    Column("not_started", pgettext_lazy("report column", "Not started"), Kind.INTEGER, totalled=True),
    Column("running", pgettext_lazy("report column", "Running"), Kind.INTEGER, totalled=True),
    Column("finished", pgettext_lazy("report column", "Finished"), Kind.INTEGER, totalled=True),
    Column("certified", pgettext_lazy("report column", "Certified"), Kind.INTEGER, totalled=True),
    Column(
        "share", pgettext_lazy("report column", "Finished of target (%)"), Kind.PERCENT, share=("finished", "target")
    ),
)
UNIT_COLUMNS = (Column("name", pgettext_lazy("report column", "Work unit"), width=48), *COUNT_COLUMNS)
COURSE_COLUMNS = (Column("name", pgettext_lazy("report column", "Course"), width=48), *COUNT_COLUMNS)

# The list behind each count.
STATE_OF_COLUMN = {
    "target": State.TARGET,
    "enrolled": State.ENROLLED,
    "not_started": State.NOT_STARTED,
    "running": State.RUNNING,
    "finished": State.FINISHED,
    "certified": State.CERTIFIED,
}


@dataclass(frozen=True)
class UnitRow:
    """A unit with all below it; `direct`: the unit alone, beside its children."""

    unit: Unit
    direct: bool = False


def unit_rows(scope: Scope, filters: Filters, below: Sequence[Unit]) -> list[UnitRow]:
    """One row per unit below the chosen one, or below the top of the scope; a unit without children is its own row."""
    if filters.unit is None and len(scope.roots) != 1:
        return [UnitRow(root) for root in scope.roots]
    top = filters.unit or scope.roots[0]
    if filters.direct or not below:
        return [UnitRow(top, direct=filters.direct)]
    return [UnitRow(top, direct=True), *(UnitRow(child) for child in below)]


def by_unit(scope: Scope, filters: Filters, below: Sequence[Unit]) -> Table:
    """People per unit; `below` are those below the chosen one, or below the only root.

    Closed units and the unit above its children are left out where they count nobody.
    """
    shown = unit_rows(scope, filters, below)
    counts = counts_by_unit(filters.units(scope), year=filters.year, course=filters.course)
    sums = _sums(counts, {len(row.unit.path) for row in shown if not row.direct})
    rows = []
    for row in shown:
        found = (counts if row.direct else sums).get(row.unit.path, Counts())
        if found == Counts() and (row.unit.closed_on or row.direct):
            continue
        name = pgettext("report", "%(unit)s (directly)") % {"unit": row.unit.name} if row.direct else row.unit.name
        rows.append(_raw(name, found) | {"unit": row.unit, "direct": row.direct})
    return Table(
        name="unit",
        title=_("By work unit"),
        columns=UNIT_COLUMNS,
        lines=MadeLines(UNIT_COLUMNS, rows, refs=("unit", "direct")),
        note=_(
            "People, each counted once. Enrolled = not started + running + finished; who finished one course counts as finished."
        ),
    )


def _sums(counts: Mapping[str, Counts], lengths: Iterable[int]) -> dict[str, Counts]:
    """What stands below each beginning of these lengths."""
    sums: defaultdict[str, Counts] = defaultdict(Counts)
    for length in lengths:
        for path, found in counts.items():
            if len(path) >= length:
                sums[path[:length]] += found
    return sums


def by_course(scope: Scope, filters: Filters, courses: Sequence[Course], *, target: int) -> Table:
    """Pairs of person and course per course; every official of the target could take every course."""
    counts = counts_by_course(filters.units(scope), year=filters.year, course=filters.course)
    chosen = [filters.course] if filters.course else courses
    rows = [
        _raw(course.title, counts.get(course.pk, Counts()) + Counts(target=target)) | {"course": course}
        for course in chosen
    ]
    return Table(
        name="pelatihan",
        title=_("By course"),
        columns=COURSE_COLUMNS,
        lines=MadeLines(COURSE_COLUMNS, rows, refs=("course",)),
        note=_("People per course: who is in two courses counts in both lines, and twice in the total."),
    )


def _raw(name: str, counts: Counts) -> dict[str, Any]:
    return {"name": name} | {key: getattr(counts, key) for key in STATE_OF_COLUMN}
