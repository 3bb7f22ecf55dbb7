"""Agencies side by side, the furthest first, with their chart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from academy.pages import charts
from academy.pages.charts import Bar, Chart
from academy.pages.templatetags.formats import grouped
from academy.people.models import WorkUnit
from academy.reports.columns import Column, Kind, percentage, readable
from academy.reports.completion import ABOUT_EARNED, COUNT_COLUMNS, EARNED_COLUMNS, noted
from academy.reports.facts import Counts, Earned
from academy.reports.filters import Filters
from academy.reports.links import from_unit, to_events
from academy.reports.rollup.source import Source, source_of
from academy.reports.scope import Scope, Unit
from academy.reports.tables import Line, MadeLines, Table

AGENCY_COLUMN = Column("unit_name", pgettext_lazy("report column", "Agency"), width=48)
OF_PEOPLE = tuple(
    column for column in COUNT_COLUMNS if column.key in {"target", "enrolled", "finished", "certified", "share"}
)
OF_COMPLETIONS = tuple(column for column in EARNED_COLUMNS if column.key in {"completions", "credit_hours"})
TODAY_COLUMNS = (AGENCY_COLUMN, *OF_PEOPLE[:-1], *OF_COMPLETIONS, OF_PEOPLE[-1])
ABOUT_TODAY = _(
    "Staff, each counted once, and the completions and credit hours of the year of the same people. Sorted by the share that finished."
)
MOST_BARS = 30
WHOLE_SHARE = 100  # per cent fill the width of the chart; completions are drawn beside the most
Figures = TypeVar("Figures", Counts, Earned)


def by_agency(scope: Scope, filters: Filters, *, today: date) -> Table:
    """One line per agency; none where there is one agency alone, which cannot be compared."""
    source = source_of(scope, filters, today=today)
    agencies = _agencies(scope, filters)
    columns = (AGENCY_COLUMN, *EARNED_COLUMNS) if filters.by_earned_unit else TODAY_COLUMNS
    if not agencies:
        rows = []
    elif filters.by_earned_unit:
        rows = _of_earned(agencies, source)
    else:
        rows = _of_today(agencies, source)
    return Table(
        name="instansi",
        title=_("Agencies compared"),
        columns=columns,
        lines=MadeLines(columns, rows, refs=("unit", "direct", "drawn", "text", "whole")),
        note=noted(ABOUT_EARNED if filters.by_earned_unit else ABOUT_TODAY, source),
        as_of=source.counted_at,
    )


def chart(lines: list[Line]) -> Chart:
    """The share that finished, or the completions, of the first agencies of a page."""
    bars = [Bar(str(line.values[0]), line.refs["drawn"], line.refs["text"]) for line in lines[:MOST_BARS]]
    return charts.rows(bars, title=_("Agencies compared"), whole=lines[0].refs["whole"] if lines else None)


def from_agency(filters: Filters, column: Column, line: Line | None) -> str:
    """The name leads to the report of the agency, numbers to the people."""
    if column.key == AGENCY_COLUMN.key and line is not None:
        return filters.with_(unit=line.refs["unit"]).address("report_overview")
    if column.key in {"completions", "credit_hours"} and not filters.by_earned_unit:
        return to_events(filters.with_(unit=line.refs["unit"]) if line else filters, column)
    return from_unit(filters, column, line)


def _agencies(scope: Scope, filters: Filters) -> list[Unit]:
    """Those that can be compared: whole ones, and more than one."""
    whole = [root for root in scope.roots if len(root.path) == WorkUnit.steplen]
    return whole if len(whole) > 1 and not filters.unit else []


def _of_today(agencies: Sequence[Unit], source: Source) -> list[dict[str, Any]]:
    counts, done = _by_root(source.counts_by_unit(), Counts()), _by_root(source.completions_by_unit(), Earned())
    rows = []
    for agency in agencies:
        people, events = counts.get(agency.path, Counts()), done.get(agency.path, Earned())
        share = percentage(people.finished, people.target)
        figures = {column.key: getattr(people, column.key) for column in OF_PEOPLE if not column.share}
        figures |= {column.key: getattr(events, column.key) for column in OF_COMPLETIONS}
        rows.append(
            _place(agency)
            | figures
            | {"drawn": float(share or 0), "text": readable(share, Kind.PERCENT), "whole": WHOLE_SHARE}
        )
    return sorted(rows, key=lambda row: (-row["drawn"], row["unit_name"]))


def _of_earned(agencies: Sequence[Unit], source: Source) -> list[dict[str, Any]]:
    earned = _by_root(source.earned_by_unit(), Earned())
    rows = []
    for agency in agencies:
        found = earned.get(agency.path, Earned())
        figures = {column.key: getattr(found, column.key) for column in EARNED_COLUMNS}
        rows.append(
            _place(agency) | figures | {"drawn": found.completions, "text": grouped(found.completions), "whole": None}
        )
    return sorted(rows, key=lambda row: (-row["drawn"], row["unit_name"]))


def _place(agency: Unit) -> dict[str, Any]:
    return {"unit_name": agency.name, "unit": agency, "direct": False}


def _by_root(by_path: Mapping[str, Figures], nothing: Figures) -> dict[str, Figures]:
    sums: defaultdict[str, Figures] = defaultdict(lambda: nothing)
    for path, found in by_path.items():
        sums[path[: WorkUnit.steplen]] += found
    return dict(sums)
