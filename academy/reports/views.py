"""The pages and files of HR. Each asks for its table and shows it; what is counted stands in `facts`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from academy.people.models import AccessLog, Person
from academy.reports import completion, documents, dossier, pages, reading
from academy.reports import people as lists
from academy.reports.answering import answered
from academy.reports.export_views import begin, refused
from academy.reports.files import FORMATS, Circumstances, FileFormat, in_words
from academy.reports.filters import Filters
from academy.reports.inquiry import Inquiry, away, for_hr, within_limit
from academy.reports.registry import OVERVIEW, REPORTS, Question, Report
from academy.reports.rollup.source import live_source, source_of
from academy.reports.scope import Place
from academy.reports.tables import Table

LINES_PER_PAGE = 50
UNITS_PER_PAGE = 100


@for_hr
@within_limit
def overview(inquiry: Inquiry) -> HttpResponseBase:
    unit, course = REPORTS["unit"], REPORTS["pelatihan"]
    question, problems = inquiry.question(unit)
    filters, today = question.filters, question.today
    place = inquiry.scope.place(filters.unit, below=True)
    source = source_of(inquiry.scope, filters, today=today)
    units = completion.by_unit(inquiry.scope, filters, place.below, today=today, source=source)
    page, numbers = _page(inquiry, units, UNITS_PER_PAGE, problems)
    sums = units.lines.sums()
    courses = completion.by_course(
        inquiry.scope, filters, question.courses, target=sums.get("target", 0), today=today, source=source
    )
    context = _context(inquiry, unit, question, place, problems) | {
        "as_of": in_words(units.as_of or inquiry.at),
        "crumbs": pages.crumbs(inquiry.scope, place, filters),
        "headline": pages.headline(sums, filters),
        "parts": [] if filters.by_earned_unit else pages.bar(sums, filters),
        "figures": pages.figures(sums, filters),
        "tables": [
            pages.report_table(unit, units, filters, page) | {"page": page, "numbers": numbers},
            pages.report_table(course, courses, filters),
        ],
        "reports": pages.other_reports(
            (report for report in REPORTS.values() if report.page_view != OVERVIEW), filters
        ),
    }
    return render(inquiry.request, "reports/overview.html", context)


def _context(inquiry: Inquiry, report: Report, question: Question, place: Place, problems: list[str]) -> dict[str, Any]:
    """What every page of a report shows around its tables."""
    filters = question.filters
    return {
        "problems": problems,
        "scope": inquiry.scope.label,
        "as_of": in_words(inquiry.at),
        "filter_summary": pages.summary(filters),
        "selects": [
            *pages.selects(place, filters, question.courses if report.choices.course else None, question.years),
            *([pages.month_select(filters)] if report.choices.month else []),
            *([pages.status_select(filters)] if report.choices.inactive and not filters.by_earned_unit else []),
        ],
        "hidden": pages.hidden_fields(filters),
        "attribution_tabs": pages.attribution_tabs(report, filters),
    }


def page_of(name: str) -> Callable[..., HttpResponseBase]:
    """The page of a report: its table, in pages."""

    @for_hr
    @within_limit
    def page(inquiry: Inquiry) -> HttpResponseBase:
        report = REPORTS[name]
        question, problems = inquiry.question(report)
        table, filters = report.table(question), question.filters
        place = inquiry.scope.place(filters.unit)
        lines, numbers = _page(inquiry, table, LINES_PER_PAGE, problems)
        context = _context(inquiry, report, question, place, problems) | {
            "about": report.about,
            "title": table.title,
            "as_of": in_words(table.as_of or inquiry.at),
            "crumbs": pages.crumbs(inquiry.scope, place, filters, here=str(table.title)),
            "section": "people" if report.name == "pegawai" else "reports",
            "searchable": report.searchable,
            "search": filters.search,
            "tabs": pages.state_tabs(report, filters),
            "table": pages.report_table(report, table, filters, lines) | pages.drawn(report, lines),
            "page": lines,
            "numbers": numbers,
            "empty": report.empty,
        }
        return render(inquiry.request, "reports/list.html", context)

    return page


@for_hr
@within_limit
def supporting_evidence(inquiry: Inquiry) -> HttpResponseBase:
    """What the dossier will hold, with its figures as they are now."""
    report = REPORTS["bukti-dukung"]
    question, problems = inquiry.question(report)
    filters = question.filters
    place = inquiry.scope.place(filters.unit, below=True)
    live = live_source(inquiry.scope, filters, today=question.today)
    units = completion.by_unit(inquiry.scope, filters, place.below, today=question.today, source=live).lines.sums()
    count, credit_hours = dossier.measured(report.table(question))
    told = dossier.figures(units, completions=count, credit_hours=credit_hours, filters=filters)
    context = _context(inquiry, report, question, place, problems) | {
        "title": report.title,
        "crumbs": pages.crumbs(inquiry.scope, place, filters, here=str(report.title)),
        "indicator": settings.EVIDENCE_INDICATOR,
        "figures": [
            {
                "label": each.name,
                "value": each.value,
                "url": filters.with_(state=each.state).address(each.page) if each.page else "",
            }
            for each in told
        ],
        "lines": pages.count_of_lines(count) if count else "",
        "holds": dossier.contents(),
        "pdf_url": filters.address(report.file_view, "pdf"),
        "files": [
            {"label": form.label, "url": filters.address(report.file_view, word)}
            for word, form in FORMATS.items()
            if word != "pdf"
        ],
    }
    return render(inquiry.request, "reports/dossier.html", context)


def file_of(name: str) -> Callable[..., HttpResponseBase]:
    """The files of a report."""

    @for_hr
    def file(inquiry: Inquiry, word: str) -> HttpResponseBase:
        return _filtered_file(inquiry, REPORTS[name], word)

    return file


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
def own_courses_file(inquiry: Inquiry, pk: int, word: str) -> HttpResponseBase:
    subject = _person(inquiry, pk)
    return _file(inquiry, lists.own_courses(subject), FORMATS[word], subject=subject)


@for_hr
def own_certificates_file(inquiry: Inquiry, pk: int, word: str) -> HttpResponseBase:
    subject = _person(inquiry, pk)
    return _file(inquiry, lists.own_certificates(subject, at=inquiry.at), FORMATS[word], subject=subject)


def _filtered_file(inquiry: Inquiry, report: Report, word: str) -> HttpResponseBase:
    """A file never shows more than what was asked for: filters that make no sense are refused.

    What is too large for a request is made by a worker.
    """
    try:
        with reading.apart():
            question, problems = inquiry.question(report)
    except reading.Away:
        return away(inquiry.request)
    if problems:
        return refused(inquiry, problems, status=400)
    count, form = None, report.form(word, question)
    try:
        with reading.limited(settings.REPORTS_SECONDS):
            table = report.table(question)
            count = len(table.lines)
            if form.most_lines is not None and count > form.most_lines:
                return refused(inquiry, [documents.too_many(form.most_lines)], status=422)
            if count <= form.at_once:
                return _file(inquiry, table, form, filters=question.filters)
    except (reading.TooLong, reading.Away, dossier.Changing):
        pass  # a worker takes its time, and tries again
    return begin(inquiry, report, question, word, total=count)


def _file(
    inquiry: Inquiry, table: Table, form: FileFormat, *, filters: Filters | None = None, subject: Person | None = None
) -> HttpResponseBase:
    """The file, with what it states about itself in the headers as well (percent-encoded), logged."""
    words = filters.in_words() if filters else [(pgettext("report", "Person"), subject.full_name if subject else "")]
    own_unit = [subject.unit_id] if subject and subject.unit_id else None
    return answered(
        table,
        Circumstances(scope=inquiry.scope.label, filters=words, as_of=table.as_of or inquiry.at),
        form,
        by=inquiry.person,
        at=inquiry.at,
        chosen=filters.as_query() if filters else {},
        units=own_unit or inquiry.scope.about(filters.unit if filters else None),
        year=filters.year if filters else None,
        subject=subject,
    )
