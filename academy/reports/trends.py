"""What happened month by month in a year, beside its chart."""

from __future__ import annotations

from datetime import date

from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from academy.pages import charts
from academy.pages.charts import Bar, Chart
from academy.pages.templatetags.formats import grouped
from academy.reports.columns import Column, Kind
from academy.reports.completion import ABOUT_EARNED, EARNED_COLUMNS, noted
from academy.reports.filters import Filters
from academy.reports.links import to_events
from academy.reports.months import Month
from academy.reports.rollup.source import source_of
from academy.reports.scope import Scope
from academy.reports.tables import Line, MadeLines, Table

MONTH_COLUMN = Column("month", pgettext_lazy("report column", "Month"), width=20)
ENROLLED_COLUMN = Column(
    "enrolled", pgettext_lazy("report column", "New enrolments"), Kind.INTEGER, totalled=True, width=20
)
ABOUT_TODAY = _(
    "Of staff of today, wherever they worked then. A course that was taken twice in the year counts twice, its credit hours once. Certified are those completions of the month whose certificate is valid now."
)


def by_month(scope: Scope, filters: Filters, *, today: date) -> Table:
    """The twelve months; by the unit when earned there are no enrolments."""
    source = source_of(scope, filters, today=today)
    found = source.months()
    columns = (MONTH_COLUMN, *(() if filters.by_earned_unit else (ENROLLED_COLUMN,)), *EARNED_COLUMNS)
    rows = [
        {"month": str(name), "number": number}
        | {column.key: getattr(found.get(number, Month()), column.key) for column in columns[1:]}
        for number, name in MONTHS.items()
    ]
    return Table(
        name="tren",
        title=_("Month by month"),
        columns=columns,
        lines=MadeLines(columns, rows, refs=("number", "completions")),
        note=noted(ABOUT_EARNED if filters.by_earned_unit else ABOUT_TODAY, source),
        as_of=source.counted_at,
    )


def chart(lines: list[Line]) -> Chart:
    """The completions of each month."""
    bars = []
    for line in lines:
        name, completions = str(line.values[0]), line.refs["completions"]
        bars.append(Bar(name[:3], completions, grouped(completions), short=name[:1]))
    return charts.columns(bars, title=_("Completions by month"))


def from_month(filters: Filters, column: Column, line: Line | None) -> str:
    """Numbers lead to what was begun or finished in the month, those of the total row to that of the year."""
    month = line.refs["number"] if line else None
    return to_events(filters.with_(month=month), column)
