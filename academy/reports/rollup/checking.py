"""Whether the figures of agencies agree with each other, and with completions, certificates and the hours of years."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet, Sum

from academy.reports.models import AgencyCourseMonth, AgencyCourseYear, AgencyYear
from academy.reports.rollup import refreshing
from academy.reports.rollup.source import NOW, THEN
from certificates.models import Certificate
from courses.models import Completion, LearnerYear

TIMES = 3  # what differs so often, each time counted anew just before, is no change that came in between
OF_PARTS = (*NOW, *THEN)
IN_MONTHS = {column: column for column in OF_PARTS} | {"completions_certified": "certified"}
OF_FACTS = ("completions", "completions_certified", "credit_hours", "earned_completions", "earned_certified")
Sums = Mapping[tuple[int, int], int]  # by keys of agency and year


@dataclass(frozen=True)
class Disagreement:
    """A column of the row of an agency (its code) and a year: what it says, and what `by` counts."""

    by: str  # courses, months or facts
    agency: str
    year: int
    column: str
    stored: int
    counted: int


def of_parts(*, at: datetime) -> Iterator[Disagreement]:
    """Agencies to which their courses or their months do not add up; they are counted anew once they are named.

    Whoever counts holds the row of the agency: while it is ours, nothing comes in between.
    """
    for row in _differing(AgencyYear.objects.all(), _parts):
        with transaction.atomic():
            held = AgencyYear.objects.select_for_update().filter(pk=row)
            found = _differing(held, _parts).get(row, [])
            refreshing.recount(row, at=at)
        yield from found


def of_facts(*, at: datetime) -> Iterator[Disagreement]:
    """Agencies that say something else than the facts, and do so after they were counted anew.

    What is only behind follows here, as it does with the next round of the clock.
    """
    for row in _differing(AgencyYear.objects.all(), _facts):
        for _time in range(TIMES):
            refreshing.recount(row, at=at)
            found = _differing(AgencyYear.objects.filter(pk=row), _facts).get(row, [])
            if not found:
                break
        yield from found


def _differing(
    rows: QuerySet[AgencyYear], count: Callable[..., Iterator[tuple[str, str, Sums]]]
) -> dict[int, list[Disagreement]]:
    """By key of the row; in several statements, as the facts may be read from another database."""
    known = ["pk", "agency", "agency__code", "year"]
    stored = list(rows.filter(counted_at__isnull=False).order_by("agency__code", "year").values(*known, *OF_PARTS))
    only = {"agency": stored[0]["agency"], "year": stored[0]["year"]} if len(stored) == 1 else {}
    found: defaultdict[int, list[Disagreement]] = defaultdict(list)
    for by, column, sums in count(**only):
        for row in stored:
            counted = sums.get((row["agency"], row["year"]), 0)
            if row[column] != counted:
                found[row["pk"]].append(
                    Disagreement(by, row["agency__code"], row["year"], column, row[column], counted)
                )
    return dict(found)


def _parts(**only: int) -> Iterator[tuple[str, str, Sums]]:
    """What the courses and the months of agencies add up to."""
    courses, months = AgencyCourseYear.objects.all(), AgencyCourseMonth.objects.all()
    of_months = {column: Sum(name) for column, name in IN_MONTHS.items()}
    yield from _summed("courses", courses, ("agency", "year"), {column: Sum(column) for column in OF_PARTS}, **only)
    yield from _summed("months", months, ("agency", "month__year"), of_months, **only)


def _facts(**only: int) -> Iterator[tuple[str, str, Sums]]:
    """What is written when somebody finishes or a certificate changes; `facts` and `months` read copies of that."""
    hours = LearnerYear.objects.filter(person__is_active=True)
    of_hours = {"credit_hours": Sum("credit_hours")}
    yield from _summed("facts", hours, ("person__unit__agency", "year"), of_hours, **only)
    done, certificates = Completion.objects.all(), Certificate.objects.live().published()
    for rows, column, to in ((done, "completions", ""), (certificates, "certified", "completion__")):
        active, year = rows.filter(**{f"{to}person__is_active": True}), f"{to}completed_on__year"
        now = {"completions_certified" if to else column: Count("pk")}
        yield from _summed("facts", active, (f"{to}person__unit__agency", year), now, **only)
        yield from _summed("facts", rows, (f"{to}unit__agency", year), {f"earned_{column}": Count("pk")}, **only)


def _summed(
    by: str, rows: QuerySet[Any], of: tuple[str, str], sums: dict[str, Any], **only: int
) -> Iterator[tuple[str, str, Sums]]:
    """Each of the sums by agency and year, which are at the paths `of`; of all, or of one agency and year alone."""
    chosen = rows.filter(**{of[place]: only[name] for place, name in enumerate(("agency", "year")) if only})
    named = {f"sum_{column}": expression for column, expression in sums.items()}
    found = list(chosen.order_by().values_list(*of).annotate(**named))
    for place, column in enumerate(sums, start=2):
        yield by, column, {(row[0], row[1]): row[place] for row in found}
