"""The pages and files of HR. Each asks for its table and shows it; what is counted stands in `facts`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

from django.core.paginator import Page, Paginator
from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from academy.people.models import AccessLog, Person
from academy.reports import completion, pages
from academy.reports import people as lists
from academy.reports.files import FORMATS, Circumstances, file_name, in_words, write
from academy.reports.filters import Filters, State
from academy.reports.inquiry import Inquiry, for_hr
from academy.reports.tables import Table

LINES_PER_PAGE = 50
UNITS_PER_PAGE = 100


@for_hr
def overview(inquiry: Inquiry) -> HttpResponseBase:
    courses, years = inquiry.courses(), inquiry.years()
    filters, problems = inquiry.filters(courses, years)
    place = inquiry.scope.place(filters.unit, below=True)
    units = completion.by_unit(inquiry.scope, filters, place.below)
    page, numbers = _page(inquiry, units, UNITS_PER_PAGE, problems)
    sums = units.lines.sums()
    by_course = completion.by_course(inquiry.scope, filters, courses, target=sums["target"])
    context = {
        "problems": problems,
        "scope": inquiry.scope.label,
        "as_of": in_words(inquiry.at),
        "crumbs": pages.crumbs(inquiry.scope, place, filters),
        "filter_summary": pages.summary(filters),
        "selects": pages.selects(place, filters, courses, years),
        "headline": pages.headline(sums),
        "parts": pages.bar(sums, filters),
        "figures": pages.figures(sums, filters),
        "tables": [
            pages.unit_table(units, filters, page) | {"page": page, "numbers": numbers},
            pages.course_table(by_course, filters),
        ],
    }
    return render(inquiry.request, "reports/overview.html", context)


@for_hr
def people(inquiry: Inquiry) -> HttpResponseBase:
    courses, years = inquiry.courses(), inquiry.years()
    filters, problems = inquiry.filters(courses, years, State.TARGET)
    return _list(inquiry, lists.people(inquiry.scope, filters), filters, courses, years, problems)


@for_hr
def participants(inquiry: Inquiry) -> HttpResponseBase:
    courses, years = inquiry.courses(), inquiry.years()
    filters, problems = inquiry.filters(courses, years, State.ENROLLED)
    return _list(inquiry, lists.participants(inquiry.scope, filters, courses), filters, courses, years, problems)


def _list(
    inquiry: Inquiry, table: Table, filters: Filters, courses: list[Any], years: list[int], problems: list[str]
) -> HttpResponseBase:
    place = inquiry.scope.place(filters.unit)
    page, numbers = _page(inquiry, table, LINES_PER_PAGE, problems)
    context = {
        "problems": problems,
        "title": table.title,
        "scope": inquiry.scope.label,
        "as_of": in_words(inquiry.at),
        "crumbs": pages.crumbs(inquiry.scope, place, filters, here=str(table.title)),
        "filter_summary": pages.summary(filters),
        "selects": [
            *pages.selects(place, filters, courses, years),
            *([pages.status_select(filters)] if table.name == "pegawai" else []),
        ],
        "hidden": pages.hidden_fields(filters),
        "search": filters.search,
        "tabs": pages.state_tabs(table, filters),
        "table": pages.list_table(table, filters, page),
        "page": page,
        "numbers": numbers,
    }
    return render(inquiry.request, "reports/list.html", context)


def _page(inquiry: Inquiry, table: Table, size: int, problems: list[str]) -> tuple[Page[Any], Iterator[int | str]]:
    """The page of lines that was asked for, or one that is there, and the numbers to choose from."""
    paginator: Paginator[Any] = Paginator(table.lines, size)  # type: ignore[arg-type]
    asked = inquiry.request.GET.get("page", "1")
    page = paginator.get_page(asked)
    if asked != str(page.number):
        problems.append(_("There is no such page; you see page %(page)d.") % {"page": page.number})
    return page, paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)


@for_hr
def person(inquiry: Inquiry, pk: int) -> HttpResponseBase:
    subject = _person(inquiry, pk)
    _log(inquiry, AccessLog.Action.PERSON_PAGE, subject=subject)
    tables = (lists.own_courses(subject), lists.own_certificates(subject, at=inquiry.at))
    context = {
        "subject": subject,
        "scope": inquiry.scope.label,
        "as_of": in_words(inquiry.at),
        "crumbs": pages.person_crumbs(inquiry.scope, subject),
        "facts": pages.person_facts(subject),
        "tables": [pages.own_table(table, subject) for table in tables],
    }
    return render(inquiry.request, "reports/person.html", context)


def _person(inquiry: Inquiry, pk: int) -> Person:
    """Anybody who works in the scope today, active or not; others do not exist."""
    people = Person.objects.filter(unit__in=inquiry.scope.units).select_related("unit__agency")
    subject: Person = get_object_or_404(people, pk=pk)
    return subject


@for_hr
def unit_file(inquiry: Inquiry, word: str) -> HttpResponseBase:
    return _filtered_file(inquiry, word, None, lambda filters, _courses: _by_unit(inquiry, filters))


@for_hr
def course_file(inquiry: Inquiry, word: str) -> HttpResponseBase:
    def table(filters: Filters, courses: list[Any]) -> Table:
        target = _by_unit(inquiry, filters).lines.sums()["target"]
        return completion.by_course(inquiry.scope, filters, courses, target=target)

    return _filtered_file(inquiry, word, None, table)


def _by_unit(inquiry: Inquiry, filters: Filters) -> Table:
    return completion.by_unit(inquiry.scope, filters, inquiry.scope.place(filters.unit, below=True).below)


@for_hr
def people_file(inquiry: Inquiry, word: str) -> HttpResponseBase:
    return _filtered_file(inquiry, word, State.TARGET, lambda filters, _courses: lists.people(inquiry.scope, filters))


@for_hr
def participants_file(inquiry: Inquiry, word: str) -> HttpResponseBase:
    return _filtered_file(
        inquiry, word, State.ENROLLED, lambda filters, courses: lists.participants(inquiry.scope, filters, courses)
    )


@for_hr
def own_courses_file(inquiry: Inquiry, pk: int, word: str) -> HttpResponseBase:
    subject = _person(inquiry, pk)
    return _file(inquiry, lists.own_courses(subject), word, subject=subject)


@for_hr
def own_certificates_file(inquiry: Inquiry, pk: int, word: str) -> HttpResponseBase:
    subject = _person(inquiry, pk)
    return _file(inquiry, lists.own_certificates(subject, at=inquiry.at), word, subject=subject)


def _filtered_file(
    inquiry: Inquiry, word: str, state: State | None, table: Callable[[Filters, list[Any]], Table]
) -> HttpResponseBase:
    """A file never shows more than what was asked for: filters that make no sense are refused."""
    courses = inquiry.courses()
    filters, problems = inquiry.filters(courses, inquiry.years(), state)
    if problems:
        return render(inquiry.request, "reports/refused.html", {"problems": problems}, status=400)
    return _file(inquiry, table(filters, courses), word, filters=filters)


def _file(
    inquiry: Inquiry, table: Table, word: str, *, filters: Filters | None = None, subject: Person | None = None
) -> HttpResponseBase:
    """The file, with what it states about itself in the headers as well (percent-encoded), logged."""
    form = FORMATS[word]
    words = filters.in_words() if filters else [(pgettext("report", "Person"), subject.full_name if subject else "")]
    circumstances = Circumstances(scope=inquiry.scope.label, filters=words, as_of=inquiry.at)
    content, control = write(table, circumstances, form)
    chosen = filters.as_query() if filters else {}
    _log(
        inquiry,
        AccessLog.Action.REPORT_FILE,
        subject=subject,
        detail={"report": table.name, "format": word, "rows": control.rows, "sha256": control.sha256} | chosen,
    )
    response = FileResponse(
        content,
        as_attachment=True,
        filename=file_name(table, circumstances, form, year=filters.year if filters else None),
        content_type=form.content_type,
    )
    response["X-Report-Scope"] = quote(inquiry.scope.label)
    response["X-Report-Filters"] = urlencode(chosen)
    response["X-Report-As-Of"] = inquiry.at.isoformat(timespec="seconds")
    response["X-Report-Rows"] = str(control.rows)
    response["X-Report-SHA256"] = control.sha256
    return response


def _log(
    inquiry: Inquiry, action: AccessLog.Action, *, subject: Person | None = None, detail: dict[str, Any] | None = None
) -> None:
    AccessLog.objects.create(
        person=inquiry.person,
        action=action,
        scope=inquiry.scope.label[:300],
        at=inquiry.at,
        subject=subject,
        detail=detail or {},
    )
