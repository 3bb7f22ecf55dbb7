"""Counting the figures of agencies again, so that they follow the facts.

Nothing marks what changed: every agency is counted again in turn, the one counted longest ago first, so no change can be
missed, whatever caused it; and only rows that say something else by now are written. See docs/decisions.md. A round that
is lost is made up for by the next one, two at once take different agencies, and counting twice is counting once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from academy.people.models import Agency
from academy.reports import facts, reading
from academy.reports.models import AgencyCourseMonth, AgencyCourseYear, AgencyYear
from academy.reports.rollup.counting import Row, count

ROUND_SECONDS = 10.0  # a round of the clock begins no further agency after so long
REST_OF_YEAR, REST_OF_PAST_YEAR = timedelta(minutes=2), timedelta(hours=20)  # so past years are counted every night
Key = TypeVar("Key")


def refresh(*, at: datetime, seconds: float = ROUND_SECONDS, clock: Callable[[], float] = time.monotonic) -> int:
    """Count what has rested long enough, for so many seconds; the number of agencies and years that were counted."""
    _prepare(at=at)
    until, counted = clock() + seconds, 0
    while clock() < until and _count_next(at=at):
        counted += 1
    return counted


def rebuild(*, at: datetime) -> int:
    """Count every agency and year anew, which rounds of the clock do in turns; how many there are."""
    _prepare(at=at)
    keys = list(AgencyYear.objects.order_by("-year", "pk").values_list("pk", flat=True))
    for key in keys:
        recount(key, at=at)
    return len(keys)


@transaction.atomic
def recount(key: int, *, at: datetime) -> None:
    """Count one agency and year anew, by the key of its row; DoesNotExist if the agency is gone."""
    _write(AgencyYear.objects.select_for_update().get(pk=key), at=at)


@transaction.atomic
def _count_next(*, at: datetime) -> bool:
    """The agency and year counted longest ago, of those that are due; False if none is."""
    this_year = timezone.localdate(at).year
    rested = Q(year=this_year, counted_at__lte=at - REST_OF_YEAR) | Q(counted_at__lte=at - REST_OF_PAST_YEAR)
    due = AgencyYear.objects.filter(rested | Q(counted_at=None)).order_by(
        F("counted_at").asc(nulls_first=True), "-year"
    )
    row = due.select_for_update(skip_locked=True).first()
    if row is None:
        return False
    _write(row, at=at)
    return True


def _prepare(*, at: datetime) -> None:
    """A row for every agency and year there is something to report on."""
    with reading.apart():
        wanted = set(product(Agency.objects.values_list("pk", flat=True), _years(at)))
    missing = wanted - set(AgencyYear.objects.values_list("agency", "year"))
    rows = [AgencyYear(agency_id=agency, year=year) for agency, year in sorted(missing)]
    AgencyYear.objects.bulk_create(rows, ignore_conflicts=True)


def _years(at: datetime) -> list[int]:
    return facts.years(this_year=timezone.localdate(at).year)


def _write(row: AgencyYear, *, at: datetime) -> None:
    """The caller holds the row's lock."""
    with reading.apart():
        found = count(row.agency_id, year=row.year, today=timezone.localdate(at))
    AgencyYear.objects.filter(pk=row.pk).update(**found.year, counted_at=at)
    own = AgencyCourseYear.objects.filter(agency=row.agency_id, year=row.year)
    _replace(
        own,
        {each.course_id: each for each in own},
        found.courses,
        lambda course: {"agency_id": row.agency_id, "year": row.year, "course_id": course},
    )
    first, last = date(row.year, 1, 1), date(row.year, 12, 31)
    cells = AgencyCourseMonth.objects.filter(agency=row.agency_id, month__range=(first, last))
    _replace(
        cells,
        {(each.month, each.course_id): each for each in cells},
        found.months,
        lambda key: {"agency_id": row.agency_id, "month": key[0], "course_id": key[1]},
    )


def _replace(
    rows: models.QuerySet[Any],
    known: Mapping[Key, Any],
    found: Mapping[Key, Row],
    place: Callable[[Key], dict[str, Any]],
) -> None:
    """Let the rows say what was found; those that say so already stay untouched."""
    model: Any = rows.model
    gone = [known[key].pk for key in known.keys() - found.keys()]
    if gone:
        rows.filter(pk__in=gone).delete()
    changed = [known[key] for key in known.keys() & found.keys() if _changed(known[key], found[key])]
    if changed:
        model.objects.bulk_update(changed, fields=list(next(iter(found.values()))))
    model.objects.bulk_create((model(**place(key), **found[key]) for key in _missing(known, found)), batch_size=1000)


def _missing(known: Mapping[Key, Any], found: Mapping[Key, Row]) -> Iterable[Key]:
    return (key for key in found if key not in known)


def _changed(row: Any, values: Row) -> bool:
    """Whether the row said something else; it says the new values afterwards."""
    before = {name: getattr(row, name) for name in values}
    for name, value in values.items():
        setattr(row, name, value)
    return before != values
