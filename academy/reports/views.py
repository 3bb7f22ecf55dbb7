"""The pages and files of HR. Each asks for its table and shows it; what is counted stands in `facts`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from academy.people.accesses import log_file
from academy.people.models import AccessLog, Person
from academy.reports import completion, pages, reading
from academy.reports import people as lists
from academy.reports.export_views import begin, refused
from academy.reports.files import FORMATS, Circumstances, file_name, in_words, write
from academy.reports.filters import Filters
from academy.reports.inquiry import Inquiry, for_hr, within_limit
from academy.reports.registry import REPORTS, Report
from academy.reports.tables import Table

LINES_PER_PAGE = 50
UNITS_PER_PAGE = 100
AT_ONCE = 5_000  # lines of a file that the request itself may write


@for_hr
@within_limit
def overview(inquiry: Inquiry) -> HttpResponseBase:
    question, problems = inquiry.question()
    filters, courses, years = question.filters, question.courses, question.years
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
@within_limit
def people(inquiry: Inquiry) -> HttpResponseBase:
    return _list(inquiry, REPORTS["pegawai"])


@for_hr
@within_limit
def participants(inquiry: Inquiry) -> HttpResponseBase:
    return _list(inquiry, REPORTS["peserta"])


def _list(inquiry: Inquiry, report: Report) -> HttpResponseBase:
    question, problems = inquiry.question(report.state)
    table, filters = report.table(question), question.filters
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
            *pages.selects(place, filters, question.courses, question.years),
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
@within_limit
def person(inquiry: Inquiry, pk: int) -> HttpResponseBase:
    subject = _person(inquiry, pk)
    AccessLog.objects.create(
        person=inquiry.person,
        action=AccessLog.Action.PERSON_PAGE,
        scope=inquiry.scope.label[:300],
        at=inquiry.at,
        subject=subject,
    )
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
    return _filtered_file(inquiry, REPORTS["unit"], word)


@for_hr
def course_file(inquiry: Inquiry, word: str) -> HttpResponseBase:
    return _filtered_file(inquiry, REPORTS["pelatihan"], word)


@for_hr
def people_file(inquiry: Inquiry, word: str) -> HttpResponseBase:
    return _filtered_file(inquiry, REPORTS["pegawai"], word)


@for_hr
def participants_file(inquiry: Inquiry, word: str) -> HttpResponseBase:
    return _filtered_file(inquiry, REPORTS["peserta"], word)


@for_hr
def own_courses_file(inquiry: Inquiry, pk: int, word: str) -> HttpResponseBase:
    subject = _person(inquiry, pk)
    return _file(inquiry, lists.own_courses(subject), word, subject=subject)


@for_hr
def own_certificates_file(inquiry: Inquiry, pk: int, word: str) -> HttpResponseBase:
    subject = _person(inquiry, pk)
    return _file(inquiry, lists.own_certificates(subject, at=inquiry.at), word, subject=subject)


def _filtered_file(inquiry: Inquiry, report: Report, word: str) -> HttpResponseBase:
    """A file never shows more than what was asked for: filters that make no sense are refused.

    What is too large for a request is made by a worker.
    """
    with reading.apart():
        question, problems = inquiry.question(report.state)
    if problems:
        return refused(inquiry, problems, status=400)
    count = None
    try:
        with reading.limited(settings.REPORTS_SECONDS):
            table = report.table(question)
            count = len(table.lines)
            if count <= AT_ONCE:
                return _file(inquiry, table, word, filters=question.filters)
    except reading.TooLong:
        pass
    return begin(inquiry, report, question, word, total=count)


def _file(
    inquiry: Inquiry, table: Table, word: str, *, filters: Filters | None = None, subject: Person | None = None
) -> HttpResponseBase:
    """The file, with what it states about itself in the headers as well (percent-encoded), logged."""
    form = FORMATS[word]
    words = filters.in_words() if filters else [(pgettext("report", "Person"), subject.full_name if subject else "")]
    circumstances = Circumstances(scope=inquiry.scope.label, filters=words, as_of=inquiry.at)
    content, control = write(table, circumstances, form)
    chosen = filters.as_query() if filters else {}
    log_file(
        inquiry.person,
        scope=inquiry.scope.label,
        at=inquiry.at,
        subject=subject,
        detail={"report": table.name, "format": word, "rows": control.rows, "sha256": control.sha256} | chosen,
        units=[subject.unit_id]
        if subject and subject.unit_id
        else inquiry.scope.about(filters.unit if filters else None),
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
