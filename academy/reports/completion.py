"""Completion by unit (people), by course, and by both (pairs of person and course); or what was earned in them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from academy.reports.columns import Column, Kind
from academy.reports.facts import Counts, Earned
from academy.reports.filters import Filters, State
from academy.reports.rollup.source import Source, source_of
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
    Column("overdue", pgettext_lazy("report column", "Overdue"), Kind.INTEGER, totalled=True),
    Column(
        "share", pgettext_lazy("report column", "Finished of target (%)"), Kind.PERCENT, share=("finished", "target")
    ),
)
EARNED_COLUMNS = (
    Column("completions", pgettext_lazy("report column", "Completions"), Kind.INTEGER, totalled=True),
    Column("certified", pgettext_lazy("report column", "Certified"), Kind.INTEGER, totalled=True),
    Column("credit_hours", pgettext_lazy("report column", "Credit hours"), Kind.INTEGER, totalled=True),
)
UNIT_COLUMN = Column("unit_name", pgettext_lazy("report column", "Work unit"), width=48)
COURSE_COLUMN = Column("course", pgettext_lazy("report column", "Course"), width=48)

# The list behind each count.
STATE_OF_COLUMN = {
    "target": State.TARGET,
    "enrolled": State.ENROLLED,
    "not_started": State.NOT_STARTED,
    "running": State.RUNNING,
    "finished": State.FINISHED,
    "certified": State.CERTIFIED,
    "overdue": State.OVERDUE,
}
EARNED_STATE_OF_COLUMN = {
    "completions": State.FINISHED,
    "certified": State.CERTIFIED,
    "credit_hours": State.FINISHED,
}
ABOUT_PEOPLE = _(
    "People, each counted once. Enrolled = not started + running + finished; who finished one course counts as finished."
)
ABOUT_PAIRS = _("People per course: who is in two courses counts in both lines, and twice in the total.")
ABOUT_EARNED = _(
    "Completions by the unit in which they were earned, also of people who work elsewhere today. A course that was taken twice in the year counts twice as a completion, its credit hours once."
)
Figures = TypeVar("Figures", Counts, Earned)


@dataclass(frozen=True)
class UnitRow:
    """A unit with all below it; `direct`: the unit alone, beside its children."""

    unit: Unit
    direct: bool = False

    @property
    def name(self) -> str:
        return pgettext("report", "%(unit)s (directly)") % {"unit": self.unit.name} if self.direct else self.unit.name


def unit_rows(scope: Scope, filters: Filters, below: Sequence[Unit]) -> list[UnitRow]:
    """One row per unit below the chosen one, or below the top of the scope; a unit without children is its own row."""
    if filters.unit is None and len(scope.roots) != 1:
        return [UnitRow(root) for root in scope.roots]
    top = filters.unit or scope.roots[0]
    if filters.direct or not below:
        return [UnitRow(top, direct=filters.direct)]
    return [UnitRow(top, direct=True), *(UnitRow(child) for child in below)]


def by_unit(
    scope: Scope, filters: Filters, below: Sequence[Unit], *, today: date, source: Source | None = None
) -> Table:
    """People per unit, or what was earned there; `below` are those below the chosen one, or below the only root.

    Closed units and the unit above its children are left out where they count nobody.
    """
    source, shown = source or source_of(scope, filters, today=today), unit_rows(scope, filters, below)
    rows: list[dict[str, Any]]
    if filters.by_earned_unit:
        rows = _unit_rows(shown, source.earned_by_unit(), Earned())
    else:
        rows = _unit_rows(shown, source.counts_by_unit(), Counts())
    columns = (UNIT_COLUMN, *figure_columns(filters))
    return Table(
        name="unit",
        title=_("By work unit"),
        columns=columns,
        lines=MadeLines(columns, rows, refs=("unit", "direct")),
        note=noted(ABOUT_EARNED if filters.by_earned_unit else ABOUT_PEOPLE, source),
        as_of=source.counted_at,
    )


def by_course(
    scope: Scope,
    filters: Filters,
    courses: Sequence[Course],
    *,
    target: int,
    today: date,
    source: Source | None = None,
) -> Table:
    """Pairs of person and course per course, or what was earned; every official of the target could take every course."""
    source = source or source_of(scope, filters, today=today)
    chosen = [filters.course] if filters.course else courses
    rows: list[dict[str, Any]]
    if filters.by_earned_unit:
        earned = source.earned_by_course()
        rows = [_course_row(each, earned.get(each.pk, Earned())) for each in chosen]
    else:
        counts = source.counts_by_course()
        rows = [_course_row(each, counts.get(each.pk, Counts()) + Counts(target)) for each in chosen]
    columns = (COURSE_COLUMN, *figure_columns(filters))
    return Table(
        name="pelatihan",
        title=_("By course"),
        columns=columns,
        lines=MadeLines(columns, rows, refs=("course_ref",)),
        note=noted(ABOUT_EARNED if filters.by_earned_unit else ABOUT_PAIRS, source),
        as_of=source.counted_at,
    )


def by_unit_and_course(
    scope: Scope, filters: Filters, below: Sequence[Unit], courses: Sequence[Course], *, today: date
) -> Table:
    """Pairs of person and course, or what was earned, per unit of `by_unit` and course.

    A unit with nobody in it who could take or took a course is left out.
    """
    source = source_of(scope, filters, today=today)
    chosen = [filters.course] if filters.course else courses
    shown = unit_rows(scope, filters, below)
    rows: list[dict[str, Any]]
    if filters.by_earned_unit:
        rows = _pair_rows(shown, chosen, source.earned_by_unit_and_course(), {}, Earned())
    else:
        targets, counts = source.counts_by_unit_and_course()
        rows = _pair_rows(shown, chosen, counts, targets, Counts())
    columns = (UNIT_COLUMN, COURSE_COLUMN, *figure_columns(filters))
    return Table(
        name="unit-pelatihan",
        title=_("By work unit and course"),
        columns=columns,
        lines=MadeLines(columns, rows, refs=("unit", "direct", "course_ref")),
        note=noted(ABOUT_EARNED if filters.by_earned_unit else ABOUT_PAIRS, source),
        as_of=source.counted_at,
    )


def figure_columns(filters: Filters) -> tuple[Column, ...]:
    return EARNED_COLUMNS if filters.by_earned_unit else COUNT_COLUMNS


def noted(about: str | Promise, source: Source) -> str:
    """What the figures count and, of those counted beforehand, when."""
    return " ".join(filter(None, (str(about), source.note)))


def state_behind(column: Column, filters: Filters) -> State | None:
    """The list behind the numbers of a column."""
    return (EARNED_STATE_OF_COLUMN if filters.by_earned_unit else STATE_OF_COLUMN).get(column.key)


def _unit_rows(shown: Sequence[UnitRow], by_path: Mapping[str, Figures], nothing: Figures) -> list[dict[str, Any]]:
    sums = _sums(by_path, {len(row.unit.path) for row in shown if not row.direct}, nothing)
    rows = []
    for row in shown:
        found = (by_path if row.direct else sums).get(row.unit.path, nothing)
        if found == nothing and (row.unit.closed_on or row.direct):
            continue
        rows.append({"unit_name": row.name, "unit": row.unit, "direct": row.direct} | _figures(found))
    return rows


def _pair_rows(
    shown: Sequence[UnitRow],
    courses: Sequence[Course],
    found: Iterable[tuple[str, int, Figures]],
    targets: Mapping[str, Figures],
    nothing: Figures,
) -> list[dict[str, Any]]:
    """`targets`: what every course of a unit begins with."""
    by_course: defaultdict[int, dict[str, Figures]] = defaultdict(dict)
    for path, key, figures in found:
        by_course[key][path] = figures
    lengths = {len(row.unit.path) for row in shown if not row.direct}
    every = _sums(targets, lengths, nothing)
    sums = {key: _sums(by_path, lengths, nothing) for key, by_path in by_course.items()}
    rows = []
    for row in shown:
        start = (targets if row.direct else every).get(row.unit.path, nothing)
        for course in courses:
            of_course: Mapping[str, Figures] = (by_course if row.direct else sums).get(course.pk, {})
            figures = start + of_course.get(row.unit.path, nothing)
            if figures != nothing:
                rows.append(
                    {"unit_name": row.name, "unit": row.unit, "direct": row.direct} | _course_row(course, figures)
                )
    return rows


def unit_sums(
    shown: Sequence[UnitRow], by_path: Mapping[str, Mapping[str, int]], keys: Sequence[str]
) -> list[dict[str, Any]]:
    """A row per unit with the sums of what stands by path within it; empty closed units are left out."""
    below: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for length in {len(row.unit.path) for row in shown if not row.direct}:
        for path, figures in by_path.items():
            if len(path) >= length:
                below[path[:length]].update(figures)
    rows: list[dict[str, Any]] = []
    for row in shown:
        found = (by_path if row.direct else below).get(row.unit.path)
        if found or not (row.direct or row.unit.closed_on):
            sums = {key: found[key] if found else 0 for key in keys}
            rows.append({"unit_name": row.name, "unit": row.unit, "direct": row.direct} | sums)
    return rows


def _course_row(course: Course, figures: Counts | Earned) -> dict[str, Any]:
    return {"course": course.title, "course_ref": course} | _figures(figures)


def _figures(figures: Counts | Earned) -> dict[str, int]:
    keys = EARNED_COLUMNS if isinstance(figures, Earned) else COUNT_COLUMNS
    return {column.key: getattr(figures, column.key) for column in keys if not column.share}


def _sums(by_path: Mapping[str, Figures], lengths: Iterable[int], nothing: Figures) -> dict[str, Figures]:
    """What stands below each beginning of these lengths."""
    sums: defaultdict[str, Figures] = defaultdict(lambda: nothing)
    for length in lengths:
        for path, found in by_path.items():
            if len(path) >= length:
                sums[path[:length]] += found
    return sums
