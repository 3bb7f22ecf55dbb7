"""Whether the figures of agencies agree with each other, and with completions, certificates and credit hours.

Whatever does not agree is counted anew here, as the next round of the clock would do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet, Sum

from academy.reports.models import AgencyCourseMonth, AgencyCourseYear, AgencyYear
from academy.reports.rollup import refreshing
from academy.reports.rollup.source import NOW, THEN
from certificates.models import Certificate
from courses.credit_hours import credited
from courses.models import Completion, LearnerYear

TIMES = 3  # what differs by as much so often, each time counted anew just before, is nothing that came in between
OF_PARTS = (*NOW, *THEN)
IN_MONTHS = {"completions_certified": "certified"}  # what AgencyCourseMonth calls otherwise
Agencies = Collection[int] | None  # keys; None: all
Sums = Mapping[tuple[int, int], int]  # by key of the agency and year


@dataclass(frozen=True)
class Disagreement:
    """A column of the row of an agency (its code) and a year: what it says, and what `by` counts."""

    by: str  # courses, months or facts
    agency: str
    year: int
    column: str
    stored: int
    counted: int

    @property
    def gap(self) -> tuple[str, int]:
        return self.column, self.counted - self.stored


def recount_unlike_parts(*, at: datetime) -> list[Disagreement]:
    """Agencies to which their courses or their months do not add up.

    Whoever counts holds the row of the agency: while it is ours, nothing comes in between.
    """
    found: list[Disagreement] = []
    for key in _differing(_parts):
        with transaction.atomic():
            AgencyYear.objects.select_for_update().get(pk=key)
            found += _differing(_parts, [key]).get(key, [])
            refreshing.recount(key, at=at)
    return found


def recount_unlike_facts(*, at: datetime) -> list[Disagreement]:
    """Agencies that say something else than the facts, and differ by as much whenever they are counted anew.

    What was only behind follows; while somebody finishes a course every second, the gap is another each time.
    """
    found = _differing(_facts)
    for time in range(TIMES):
        before = found
        for key in before:
            refreshing.recount(key, at=at)
        found = _differing(_facts, list(before))
        if time:  # the gaps of the first look were those of rows that were behind
            found = {key: [each for each in now if each.gap in _gaps(before[key])] for key, now in found.items()}
    return [each for disagreements in found.values() for each in disagreements]


def _gaps(found: Collection[Disagreement]) -> set[tuple[str, int]]:
    return {each.gap for each in found}


def _differing(
    count: Callable[[Agencies], Mapping[tuple[str, str], Sums]], keys: Collection[int] | None = None
) -> dict[int, list[Disagreement]]:
    """By key of the row; of all, or of these. In several statements: facts may be read from another database."""
    rows = AgencyYear.objects.filter(counted_at__isnull=False).order_by("agency__code", "year")
    if keys is not None:
        rows = rows.filter(pk__in=keys)
    stored = list(rows.values("pk", "agency", "agency__code", "year", "finished", "certified", *OF_PARTS))
    found: defaultdict[int, list[Disagreement]] = defaultdict(list)
    for (by, column), sums in count(None if keys is None else {row["agency"] for row in stored}).items():
        for row in stored:
            counted = sums.get((row["agency"], row["year"]), 0)
            if row[column] != counted:
                found[row["pk"]].append(
                    Disagreement(by, row["agency__code"], row["year"], column, row[column], counted)
                )
    return dict(found)


def _parts(of: Agencies) -> dict[tuple[str, str], Sums]:
    """What the courses and the months of agencies add up to."""
    courses, months = AgencyCourseYear.objects.all(), AgencyCourseMonth.objects.all()
    return {
        ("courses", column): _summed(courses, "agency", "year", Sum(column), of) for column in OF_PARTS
    } | {
        ("months", column): _summed(months, "agency", "month__year", Sum(IN_MONTHS.get(column, column)), of)
        for column in OF_PARTS
    }  # fmt: skip


def _facts(of: Agencies) -> dict[tuple[str, str], Sums]:
    """What is written when somebody finishes or a certificate changes; `facts` and `months` read copies of that."""
    done, held = Completion.objects.all(), Certificate.objects.live().published()
    active = {"person__is_active": True}
    done_by_active, held_by_active = done.filter(**active), held.filter(completion__person__is_active=True)
    now, then, to, rows = "person__unit__agency", "unit__agency", "completion__", Count("pk")
    sums = {
        column: _summed(chosen, f"{way}{agency}", f"{way}completed_on__year", total, of)
        for column, chosen, way, agency, total in (
            ("finished", done_by_active, "", now, Count("person", distinct=True)),
            ("certified", held_by_active, to, now, Count(f"{to}person", distinct=True)),
            ("completions", done_by_active, "", now, rows),
            ("completions_certified", held_by_active, to, now, rows),
            ("earned_completions", done, "", then, rows),
            ("earned_certified", held, to, then, rows),
            ("earned_hours", credited(), "", then, Sum("credit_hours")),
        )
    }
    hours = LearnerYear.objects.filter(**active)
    sums["credit_hours"] = _summed(hours, now, "year", Sum("credit_hours"), of)
    return {("facts", column): found for column, found in sums.items()}


def _summed(rows: QuerySet[Any], agency: str, year: str, total: Any, of: Agencies) -> Sums:
    """The total by agency and year, which are at these paths."""
    chosen = rows if of is None else rows.filter(**{f"{agency}__in": of})
    grouped = chosen.order_by().values_list(agency, year).annotate(total=total)
    return {(key, of_year): summed for key, of_year, summed in grouped}
