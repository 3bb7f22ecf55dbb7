"""What the templates show: tables, figures and filters as plain lists of texts and addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.core.paginator import Page
from django.urls import reverse
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from academy.pages.templatetags.formats import grouped
from academy.people import nip
from academy.people.models import Person
from academy.reports.columns import Column, Kind, Value, percentage, readable
from academy.reports.completion import EARNED_COLUMNS, STATE_OF_COLUMN
from academy.reports.files import FORMATS
from academy.reports.filters import DIRECT, INACTIVE, Attribution, Filters, State
from academy.reports.links import from_pair
from academy.reports.registry import Report
from academy.reports.scope import Place, Scope
from academy.reports.tables import Line, Table
from courses.models import Course

Cell = dict[str, Any]
MOST_COLUMNS_OF_A_SUMMARY = 9
NOTHING_MORE: Cell = {"note": "", "bad": False, "bar": None, "share": None}


def as_context(
    table: Table,
    lines: Sequence[Line],
    links: Callable[[Column, Line], str],
    *,
    total_links: Callable[[Column], str],
    files: list[Cell],
) -> dict[str, Any]:
    """A table for components/table.html, with its total row, its number of lines and its files."""
    count = len(table.lines)
    draw = _drawing(table.columns)
    totals = table.total_row(table.lines.sums())
    return {
        "id": f"tabel-{table.name}",
        "title": table.title,
        "columns": [{"label": column.heading, "numeric": column.kind.is_number} for column in table.columns],
        "rows": [
            [
                _cell(column, value, links(column, line)) | drawn
                for column, value, drawn in zip(table.columns, line.values, draw(line), strict=True)
            ]
            for line in lines
        ],
        "totals": [
            _cell(column, value, total_links(column), dash=False)
            for column, value in zip(table.columns, totals, strict=True)
        ],
        "note": table.note,
        "wide": len(table.columns) > MOST_COLUMNS_OF_A_SUMMARY,
        "files": files,
        "lines": count_of_lines(count),
    }


def _cell(column: Column, value: Value, url: str, *, dash: bool = True) -> Cell:
    """With every key of a cell of components/table.html: a template looks twice for one that is missing."""
    text = readable(value, column.kind) if dash or value is not None else ""
    if column.key == "nip" and isinstance(value, str):
        text = value
    return NOTHING_MORE | {
        "value": text,
        "url": url if text else "",
        "numeric": column.kind.is_number,
        "whole": column.kind is Kind.DATE,
    }


def _drawing(columns: Sequence[Column]) -> Callable[[Line], list[Cell]]:
    """What is added to the cells of a line: a percentage is also drawn, on a phone below the name of the line."""
    keys = [column.key for column in columns]
    shared = next((column for column in columns if column.share), None)

    def draw(line: Line) -> list[Cell]:
        cells: list[Cell] = [{} for _key in keys]
        if shared is None or shared.share is None:
            return cells
        part, whole, share = (line.values[keys.index(key)] for key in (*shared.share, shared.key))
        if whole:
            drawn = {"value": part, "total": whole}
            words = _("%(share)s finished") % {"share": readable(share, Kind.PERCENT)}
            cells[0] = {"share": drawn | {"words": words}}
            cells[keys.index(shared.key)] = {"bar": drawn}
        return cells

    return draw


def count_of_lines(count: int) -> str:
    return ngettext("%(lines)s line", "%(lines)s lines", count) % {"lines": grouped(count)}


def _files(address: Callable[[str], str]) -> list[Cell]:
    return [{"label": form.label, "url": address(word), "primary": word == "xlsx"} for word, form in FORMATS.items()]


def report_table(report: Report, table: Table, filters: Filters, page: Page[Line] | None = None) -> dict[str, Any]:
    """The table of a report, or one page of it."""
    return as_context(
        table,
        list(page) if page is not None else table.lines[:],  # the truth of a page is its length
        lambda column, line: report.links(filters, column, line),
        total_links=lambda column: report.links(filters, column, None),
        files=_files(lambda word: filters.address(report.file_view, word)),
    )


def drawn(report: Report, page: Page[Line]) -> Cell:
    """The chart beside the table, where the report has one and there is something to draw."""
    lines = list(page)
    return {"chart": report.chart(lines)} if report.chart and lines else {}


def own_table(table: Table, subject: Person) -> dict[str, Any]:
    """The courses or the certificates of one person."""
    view = {"pelatihan": "report_own_courses_file", "sertifikat": "report_own_certificates_file"}[table.name]
    return as_context(
        table,
        table.lines[:],
        lambda column, line: from_pair(column, line, line.refs.get("course_key")),
        total_links=lambda _column: "",
        files=_files(lambda word: reverse(view, args=[subject.pk, word])),
    )


def headline(sums: Mapping[str, int], filters: Filters) -> str:
    if filters.by_earned_unit:
        count = sums["completions"]
        return ngettext("%(count)s completion in %(year)d", "%(count)s completions in %(year)d", count) % {
            "count": grouped(count),
            "year": filters.year,
        }
    return _("%(finished)s of %(target)s staff have finished") % {
        "finished": grouped(sums["finished"]),
        "target": grouped(sums["target"]),
    }


def bar(sums: Mapping[str, int], filters: Filters) -> list[Cell]:
    """The parts of the target, which add up to it."""
    parts = [
        ("done", State.FINISHED, sums["finished"]),
        ("running", State.RUNNING, sums["running"]),
        ("todo", State.NOT_STARTED, sums["not_started"]),
        ("none", State.NOT_ENROLLED, sums["target"] - sums["enrolled"]),
    ]
    return [
        {
            "kind": kind,
            "label": state.label,
            "count": grouped(count),
            "share": round(100 * count / sums["target"], 3) if sums["target"] else 0,
            "url": filters.with_(state=state).address("report_people"),
        }
        for kind, state, count in parts
    ]


def figures(sums: Mapping[str, int], filters: Filters) -> list[Cell]:
    """Figures, each the address of the people behind it."""
    if filters.by_earned_unit:
        return _figures_earned(sums, filters)

    def share(key: str, whole: str) -> str:
        return readable(percentage(sums[key], sums[whole]), Kind.PERCENT)

    notes = {
        "target": _("active staff"),
        "enrolled": _("%(share)s of the target") % {"share": share("enrolled", "target")},
        "not_started": _("%(share)s of those enrolled") % {"share": share("not_started", "enrolled")},
        "running": _("%(share)s of those enrolled") % {"share": share("running", "enrolled")},
        "finished": _("%(share)s of the target") % {"share": share("finished", "target")},
        "certified": _("%(share)s of those finished") % {"share": share("certified", "finished")},
        "overdue": _("assigned, and the day is over"),
    }
    return [
        {
            "label": state.label,
            "value": grouped(sums[key]),
            "url": filters.with_(state=state).address("report_people"),
            "note": notes[key],
        }
        for key, state in STATE_OF_COLUMN.items()
    ]


def _figures_earned(sums: Mapping[str, int], filters: Filters) -> list[Cell]:
    finished, certified = (
        filters.with_(state=state).address("report_participants") for state in (State.FINISHED, State.CERTIFIED)
    )
    share = readable(percentage(sums["certified"], sums["completions"]), Kind.PERCENT)
    figures = [
        ("completions", finished, _("courses finished in this scope")),
        ("certified", certified, _("%(share)s of the completions") % {"share": share}),
        ("credit_hours", finished, _("each course once a year")),
    ]
    headings = {column.key: column.heading for column in EARNED_COLUMNS}
    return [
        {"label": headings[key], "value": grouped(sums[key]), "url": url, "note": note} for key, url, note in figures
    ]


def crumbs(scope: Scope, place: Place, filters: Filters, *, here: str = "") -> list[Cell]:
    """From the whole scope down to the chosen unit, then the list one is in; the last is no link."""
    whole = filters.with_(unit=None, direct=False, state=None, search="", inactive=False, month=None)
    way = [{"label": _("Training report"), "url": whole.address("report_overview")}]
    for unit in place.way:
        if unit in scope.roots and len(scope.roots) == 1:
            continue
        way.append({"label": unit.name, "url": whole.with_(unit=unit).address("report_overview")})
    if here:
        return [*way, {"label": here}]
    return [*way[:-1], {"label": way[-1]["label"]}] if len(way) > 1 else []


def person_crumbs(scope: Scope, subject: Person) -> list[Cell]:
    return [
        {"label": _("Training report"), "url": reverse("report_overview")},
        {"label": pgettext("report", "People"), "url": reverse("report_people")},
        {"label": subject.full_name},
    ]


def summary(filters: Filters) -> str:
    """The filters in one line: 2026, Keamanan Informasi Dasar, Dinas Kesehatan."""
    return ", ".join(value for _name, value in filters.in_words())


def selects(place: Place, filters: Filters, courses: Sequence[Course] | None, years: Sequence[int]) -> list[Cell]:
    """The filters as fields of a form; of courses only where there are some to choose from."""
    units = list(place.choices)
    if filters.unit and filters.unit not in units:
        units.append(filters.unit)
    count, crowded = max(len(units), place.all_choices), place.all_choices > len(place.choices)
    return [
        {
            "id": "tahun",
            "name": "tahun",
            "label": pgettext("report", "Year"),
            "short": True,
            "options": [_option(str(year), str(year), year == filters.year) for year in years],
        },
        *([_course_select(filters, courses)] if courses is not None else []),
        {
            "id": "unit",
            "name": "unit",
            "label": pgettext("report", "Work unit"),
            "hint": _("Too many for a list: open one in the table by unit of the training report.") if crowded else "",
            "options": [
                _option("", _("All units (%(count)d)") % {"count": count}, filters.unit is None),
                *(_option(str(unit.pk), unit.name, unit == filters.unit) for unit in units),
            ],
        },
    ]


def _course_select(filters: Filters, courses: Sequence[Course]) -> Cell:
    return {
        "id": "pelatihan",
        "name": "pelatihan",
        "label": pgettext("report", "Course"),
        "options": [
            _option("", _("All courses (%(count)d)") % {"count": len(courses)}, filters.course is None),
            *(_option(course.key, course.title, course == filters.course) for course in courses),
        ],
    }


def month_select(filters: Filters) -> Cell:
    return {
        "id": "bulan",
        "name": "bulan",
        "label": pgettext("report", "Month"),
        "short": True,
        "options": [
            _option("", _("All months"), filters.month is None),
            *(_option(str(number), str(name), number == filters.month) for number, name in MONTHS.items()),
        ],
    }


def status_select(filters: Filters) -> Cell:
    """Active or inactive, for the list of people."""
    return {
        "id": "status",
        "name": "status",
        "label": pgettext("report", "Account"),
        "short": True,
        "options": [
            _option("", pgettext("report", "active"), not filters.inactive),
            _option(INACTIVE, pgettext("report", "inactive"), filters.inactive),
        ],
    }


def _option(value: str, label: str, selected: bool) -> Cell:
    return {"value": value, "label": label, "selected": selected}


def hidden_fields(filters: Filters) -> list[tuple[str, str]]:
    """What a new search in a list keeps, besides the visible fields."""
    fields = [
        ("keadaan", filters.state.value if filters.state else ""),
        ("langsung", DIRECT if filters.direct else ""),
        ("menurut", filters.attribution.value if filters.by_earned_unit else ""),
    ]
    return [(name, value) for name, value in fields if value]


def state_tabs(report: Report, filters: Filters) -> list[Cell]:
    """The lists of a report."""
    return [
        {
            "label": state.label,
            "url": filters.with_(state=state).address(report.page_view),
            "current": state == filters.state,
        }
        for state in report.choices.lists(filters.attribution)
    ]


def attribution_tabs(report: Report, filters: Filters) -> list[Cell]:
    """The two ways to reckon facts to units; a list that there is only in one of them is left."""
    if not report.choices.earned:
        return []

    def address(attribution: Attribution) -> str:
        state = filters.state if filters.state in report.choices.lists(attribution) else None
        return filters.with_(attribution=attribution, state=state, inactive=False).address(report.page_view)

    return [{"label": way.label, "url": address(way), "current": way == filters.attribution} for way in Attribution]


def other_reports(reports: Iterable[Report], filters: Filters) -> list[Cell]:
    """Every report with a page of its own, on the same unit, course and year."""
    plain = filters.with_(state=None, search="", inactive=False, attribution=Attribution.TODAY, month=None)
    of_all_courses = plain.with_(course=None)
    return [
        {
            "label": report.title,
            "url": (plain if report.choices.course else of_all_courses).address(report.page_view),
        }
        for report in reports
    ]


def person_facts(subject: Person) -> list[Cell]:
    unit: Any = subject.unit
    facts = [
        ("NIP", nip.grouped(subject.nip or "")),
        (pgettext("report", "Grade"), subject.grade),
        (pgettext("report", "Position"), subject.position),
        (pgettext("report", "Work unit"), unit.name),
        (pgettext("report", "Agency"), unit.agency.name),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]
