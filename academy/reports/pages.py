"""What the templates show: tables, figures and filters as plain lists of texts and addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.paginator import Page
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from academy.pages.templatetags.formats import grouped
from academy.people import nip
from academy.people.models import Person
from academy.reports.columns import Column, Kind, Value, percentage, readable
from academy.reports.completion import STATE_OF_COLUMN
from academy.reports.files import FORMATS
from academy.reports.filters import DIRECT, INACTIVE, Filters, State
from academy.reports.scope import Place, Scope
from academy.reports.tables import Line, Table
from courses.models import Course

Cell = dict[str, Any]
MOST_COLUMNS_OF_A_SUMMARY = 8
# Where the value of this column in this line leads to, if anywhere.
Links = Callable[[Column, Line], str]


def as_context(
    table: Table, lines: Sequence[Line], links: Links, *, total_links: Callable[[Column], str], files: list[Cell]
) -> dict[str, Any]:
    """A table for components/table.html, with its total row, its number of lines and its files."""
    count = len(table.lines)
    totals = table.total_row(table.lines.sums())
    return {
        "id": f"tabel-{table.name}",
        "title": table.title,
        "columns": [{"label": column.heading, "numeric": column.kind.is_number} for column in table.columns],
        "rows": [
            [
                _cell(column, value, links(column, line)) | _drawn(column, table.columns, line)
                for column, value in zip(table.columns, line.values, strict=True)
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
    text = readable(value, column.kind) if dash or value is not None else ""
    url = url if text else ""
    if column.key == "nip" and isinstance(value, str):
        text = value
    return {"value": text, "url": url, "numeric": column.kind.is_number, "whole": column.kind is Kind.DATE}


def _drawn(column: Column, columns: Sequence[Column], line: Line) -> Cell:
    """A percentage is also drawn; on a phone, where its column is out of sight, below the name of the line."""
    shared = next((other for other in columns if other.share), None)
    if shared is None or shared.share is None or column not in {shared, columns[0]}:
        return {}
    values = dict(zip((other.key for other in columns), line.values, strict=True))
    part, whole, share = (values[key] for key in (*shared.share, shared.key))
    if not whole:
        return {}
    if column == shared:
        return {"bar": {"value": part, "total": whole}}
    words = _("%(share)s finished") % {"share": readable(share, Kind.PERCENT)}
    return {"share": {"value": part, "total": whole, "words": words}}


def count_of_lines(count: int) -> str:
    return ngettext("%(lines)s line", "%(lines)s lines", count) % {"lines": grouped(count)}


def _files(address: Callable[[str], str]) -> list[Cell]:
    return [{"label": form.label, "url": address(word), "primary": word == "xlsx"} for word, form in FORMATS.items()]


def unit_table(table: Table, filters: Filters, page: Page[Line]) -> dict[str, Any]:
    """One page of the units. Numbers lead to the people, a unit with units below it to its own table."""

    def link(column: Column, line: Line) -> str:
        here = filters.with_(unit=line.refs["unit"], direct=line.refs["direct"])
        if column.key in STATE_OF_COLUMN:
            return here.with_(state=STATE_OF_COLUMN[column.key]).address("report_people")
        if column.key != "name":
            return ""
        opens = not here.direct and here.unit and here.unit != filters.unit and here.unit.numchild
        return here.address("report_overview") if opens else here.with_(state=State.TARGET).address("report_people")

    return as_context(
        table,
        list(page),
        link,
        total_links=lambda column: _list_address("report_people", filters, column),
        files=_files(lambda word: filters.address("report_unit_file", word)),
    )


def course_table(table: Table, filters: Filters) -> dict[str, Any]:
    """Numbers lead to the pairs of person and course, a course to the report on it alone."""

    def link(column: Column, line: Line) -> str:
        here = filters.with_(course=line.refs["course"])
        return (
            here.address("report_overview")
            if column.key == "name"
            else _list_address("report_participants", here, column)
        )

    return as_context(
        table,
        table.lines[:],
        link,
        total_links=lambda column: _list_address("report_participants", filters, column),
        files=_files(lambda word: filters.address("report_course_file", word)),
    )


def _list_address(view: str, filters: Filters, column: Column) -> str:
    state = STATE_OF_COLUMN.get(column.key)
    return filters.with_(state=state).address(view) if state else ""


def list_table(table: Table, filters: Filters, page: Page[Line]) -> dict[str, Any]:
    """One page of a list of people or of people per course."""
    view = {"pegawai": "report_people_file", "peserta": "report_participants_file"}[table.name]

    def link(column: Column, line: Line) -> str:
        if column.key == "person_name":
            return reverse("report_person", args=[line.refs["person"]])
        course = filters.course.key if filters.course else line.refs.get("course_key")
        return _address_of_pair(column, line, course)

    return as_context(
        table,
        list(page),
        link,
        total_links=lambda _column: "",
        files=_files(lambda word: filters.address(view, word)),
    )


def own_table(table: Table, subject: Person) -> dict[str, Any]:
    """The courses or the certificates of one person."""
    view = {"pelatihan": "report_own_courses_file", "sertifikat": "report_own_certificates_file"}[table.name]
    return as_context(
        table,
        table.lines[:],
        lambda column, line: _address_of_pair(column, line, line.refs.get("course_key")),
        total_links=lambda _column: "",
        files=_files(lambda word: reverse(view, args=[subject.pk, word])),
    )


def _address_of_pair(column: Column, line: Line, course_key: str | None) -> str:
    """Of the certificate, or of what changed from edition to edition of the course."""
    if column.key == "edition" and course_key:
        return reverse("edition_history", args=[course_key])
    return certificate_address(line) if column.key == "number" else ""


def certificate_address(line: Line) -> str:
    """The public page of the certificate of this line, where anybody may check it."""
    return reverse("certificate_by_code", args=[line.refs["code"]]) if line.refs.get("code") else ""


def headline(sums: Mapping[str, int]) -> str:
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
    """Six figures, each the address of the people behind it."""

    def share(key: str, whole: str) -> str:
        return readable(percentage(sums[key], sums[whole]), Kind.PERCENT)

    notes = {
        "target": _("active staff"),
        "enrolled": _("%(share)s of the target") % {"share": share("enrolled", "target")},
        "not_started": _("%(share)s of those enrolled") % {"share": share("not_started", "enrolled")},
        "running": _("%(share)s of those enrolled") % {"share": share("running", "enrolled")},
        "finished": _("%(share)s of the target") % {"share": share("finished", "target")},
        "certified": _("%(share)s of those finished") % {"share": share("certified", "finished")},
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


def crumbs(scope: Scope, place: Place, filters: Filters, *, here: str = "") -> list[Cell]:
    """From the whole scope down to the chosen unit, then the list one is in; the last is no link."""
    whole = filters.with_(unit=None, direct=False, state=None, search="", inactive=False)
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


def selects(place: Place, filters: Filters, courses: Sequence[Course], years: Sequence[int]) -> list[Cell]:
    """The filters as fields of a form."""
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
        {
            "id": "pelatihan",
            "name": "pelatihan",
            "label": pgettext("report", "Course"),
            "options": [
                _option("", _("All courses (%(count)d)") % {"count": len(courses)}, filters.course is None),
                *(_option(course.key, course.title, course == filters.course) for course in courses),
            ],
        },
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
    fields = [("keadaan", filters.state.value if filters.state else ""), ("langsung", DIRECT if filters.direct else "")]
    return [(name, value) for name, value in fields if value]


def state_tabs(table: Table, filters: Filters) -> list[Cell]:
    view = {"pegawai": "report_people", "peserta": "report_participants"}[table.name]
    return [
        {
            "label": state.label,
            "url": filters.with_(state=state).address(view),
            "current": state == filters.state,
        }
        for state in State
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
