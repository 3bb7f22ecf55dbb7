"""Where the figures of a report are read: counted as it is asked for, or beforehand where that would take too long.

Either source answers the same questions with the same figures; the one that counted beforehand says as of when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from academy.pages.templatetags.formats import clock, day
from academy.people.models import WorkUnit
from academy.reports import facts, months
from academy.reports.facts import Counts, Earned
from academy.reports.filters import Filters
from academy.reports.models import AgencyCourseMonth, AgencyCourseYear, AgencyYear
from academy.reports.months import Month
from academy.reports.scope import Scope

# Of so many people on the roster of whole agencies figures are read as they were counted last. Counting takes about
# two seconds for a million.
MANY_PEOPLE = 50_000

COUNTS = ("enrolled", "begun", "finished", "certified", "overdue")
NOW = ("completions", "completions_certified", "credit_hours")
THEN = ("earned_completions", "earned_certified", "earned_hours")


class Source(Protocol):
    """Figures by unit stand under the path of the unit: without those of the units below it."""

    @property
    def counted_at(self) -> datetime | None: ...
    @property
    def note(self) -> str: ...
    def counts_by_unit(self) -> dict[str, Counts]: ...
    def counts_by_course(self) -> dict[int, Counts]: ...
    def counts_by_unit_and_course(self) -> tuple[dict[str, Counts], list[tuple[str, int, Counts]]]:
        """The target by unit, and pairs without it."""

    def earned_by_unit(self) -> dict[str, Earned]: ...
    def earned_by_course(self) -> dict[int, Earned]: ...
    def earned_by_unit_and_course(self) -> list[tuple[str, int, Earned]]: ...
    def completions_by_unit(self) -> dict[str, Earned]:
        """Of people on the roster, by the unit where they work today."""

    def months(self) -> dict[int, Month]:
        """By number of the month; reckoned as the filters say."""


def source_of(scope: Scope, filters: Filters, *, today: date) -> Source:
    return _beforehand(scope, filters) or live_source(scope, filters, today=today)


def live_source(scope: Scope, filters: Filters, *, today: date) -> Source:
    """For what must agree with lists read at the same moment."""
    return Live(filters.units(scope), filters, today)


@dataclass(frozen=True)
class Live:
    units: QuerySet[WorkUnit]
    filters: Filters
    today: date
    counted_at: datetime | None = None
    note: str = ""

    @property
    def _chosen(self) -> dict[str, Any]:
        return {"year": self.filters.year, "course": self.filters.course}

    def counts_by_unit(self) -> dict[str, Counts]:
        return facts.counts_by_unit(self.units, today=self.today, **self._chosen)

    def counts_by_course(self) -> dict[int, Counts]:
        return facts.counts_by_course(self.units, today=self.today, **self._chosen)

    def counts_by_unit_and_course(self) -> tuple[dict[str, Counts], list[tuple[str, int, Counts]]]:
        paths, targets = facts.targets(self.units)
        found = facts.counts_by_unit_and_course(self.units, today=self.today, **self._chosen)
        return targets, [(paths[unit], course, counts) for unit, course, counts in found if unit in paths]

    def earned_by_unit(self) -> dict[str, Earned]:
        return {path: found for (path,), found in facts.earned_by(self.units, "earned_unit__path", **self._chosen)}

    def earned_by_course(self) -> dict[int, Earned]:
        return {course: found for (course,), found in facts.earned_by(self.units, "course_id", **self._chosen)}

    def earned_by_unit_and_course(self) -> list[tuple[str, int, Earned]]:
        found = facts.earned_by(self.units, "earned_unit__path", "course_id", **self._chosen)
        return [(path, course, earned) for (path, course), earned in found]

    def completions_by_unit(self) -> dict[str, Earned]:
        return months.completions_by_unit(self.units, **self._chosen)

    def months(self) -> dict[int, Month]:
        ask = months.earned if self.filters.by_earned_unit else months.of_roster
        return {month: found for (month,), found in ask(self.units, **self._chosen).items()}


def _beforehand(scope: Scope, filters: Filters) -> Beforehand | None:
    """None for parts of agencies, for few people, and while an agency was never counted."""
    roots = scope.roots
    if filters.unit or len(roots) < 2 or any(len(root.path) != WorkUnit.steplen for root in roots):
        return None
    rows = AgencyYear.objects.filter(
        year=filters.year, counted_at__isnull=False, agency__units__path__in=[root.path for root in roots]
    )
    found = list(rows.values_list("agency", "agency__units__path", "counted_at", "target", *COUNTS, *NOW, *THEN))
    if len(found) < len(roots) or sum(target for _agency, _path, _at, target, *_rest in found) < MANY_PEOPLE:
        return None
    return Beforehand(
        filters,
        counted_at=min(at for _agency, _path, at, *_rest in found),
        paths={agency: path for agency, path, *_rest in found},
        targets={path: Counts(target) for _agency, path, _at, target, *_rest in found},
        people={path: figures for _agency, path, _at, _target, *figures in found},
    )


@dataclass(frozen=True)
class Beforehand:
    """Whole agencies, by the path of their root: `paths` by key of the agency, `people` in the order of the columns."""

    filters: Filters
    counted_at: datetime
    paths: Mapping[int, str]
    targets: Mapping[str, Counts]
    people: Mapping[str, list[int]]

    @property
    def note(self) -> str:
        return _("Counted at %(clock)s on %(day)s or later; the lists behind are as of now.") % {
            "clock": clock(self.counted_at),
            "day": day(self.counted_at),
        }

    def counts_by_unit(self) -> dict[str, Counts]:
        found = self._by_unit(COUNTS)
        return {path: target + Counts(0, *found.get(path, ())) for path, target in self.targets.items()}

    def counts_by_course(self) -> dict[int, Counts]:
        return {course: Counts(0, *figures) for course, *figures in self._by_course(COUNTS)}

    def counts_by_unit_and_course(self) -> tuple[dict[str, Counts], list[tuple[str, int, Counts]]]:
        pairs = self._pairs.values_list("agency", "course", *COUNTS)
        return dict(self.targets), [
            (self.paths[agency], course, Counts(0, *figures)) for agency, course, *figures in pairs
        ]

    def earned_by_unit(self) -> dict[str, Earned]:
        return {path: Earned(*figures) for path, figures in self._by_unit(THEN).items()}

    def earned_by_course(self) -> dict[int, Earned]:
        return {course: Earned(*figures) for course, *figures in self._by_course(THEN)}

    def earned_by_unit_and_course(self) -> list[tuple[str, int, Earned]]:
        pairs = self._pairs.values_list("agency", "course", *THEN)
        return [(self.paths[agency], course, Earned(*figures)) for agency, course, *figures in pairs]

    def completions_by_unit(self) -> dict[str, Earned]:
        return {path: Earned(*figures) for path, figures in self._by_unit(NOW).items()}

    def months(self) -> dict[int, Month]:
        year, course = self.filters.year, self.filters.course
        cells = AgencyCourseMonth.objects.filter(
            agency__in=list(self.paths), month__range=(date(year, 1, 1), date(year, 12, 31))
        )
        if course:
            cells = cells.filter(course=course)
        earned = self.filters.by_earned_unit
        keys = THEN if earned else ("enrolled", "completions", "certified", "credit_hours")
        grouped = cells.order_by().values_list("month").annotate(**{f"sum_{key}": Sum(key) for key in keys})
        return {month.month: Month(0, *figures) if earned else Month(*figures) for month, *figures in grouped}

    @property
    def _pairs(self) -> QuerySet[AgencyCourseYear]:
        pairs = AgencyCourseYear.objects.filter(year=self.filters.year, agency__in=list(self.paths))
        return pairs.filter(course=self.filters.course) if self.filters.course else pairs

    def _by_unit(self, keys: Iterable[str]) -> dict[str, list[int]]:
        if self.filters.course:
            rows = self._pairs.values_list("agency", *keys)
            return {self.paths[agency]: figures for agency, *figures in rows}
        places = [(*COUNTS, *NOW, *THEN).index(key) for key in keys]
        return {path: [figures[place] for place in places] for path, figures in self.people.items()}

    def _by_course(self, keys: Iterable[str]) -> list[tuple[int, ...]]:
        sums = {f"sum_{key}": Sum(key) for key in keys}
        return list(self._pairs.order_by().values_list("course").annotate(**sums))
