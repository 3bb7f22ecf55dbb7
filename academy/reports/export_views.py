"""Files that a worker makes: the page of one, fetching it, and the list of files (own ones, and those about one's units)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from academy.byte_ranges import file_or_range
from academy.pages.templatetags.formats import grouped
from academy.people.accesses import files_about, log_file
from academy.people.gate import Officer, for_role
from academy.people.models import AccessLog, Role
from academy.people.views.log_words import in_one_line
from academy.people.views.log_words import in_words as entries_in_words
from academy.reports import pages
from academy.reports.answering import state
from academy.reports.exports import jobs, making
from academy.reports.files import FORMATS, in_words
from academy.reports.inquiry import Inquiry, for_hr
from academy.reports.models import KEEP_FOR, Export
from academy.reports.registry import REPORTS, Question, Report
from courses.models import Course

PER_PAGE = 25
REFRESH_SECONDS = 3
OTHERS = "lain"  # in the address: the files of other people
State = Export.State
MARKS = {
    State.WAITING: "waiting",
    State.RUNNING: "running",
    State.READY: "done",
    State.FAILED: "overdue",
    State.CANCELLED: "todo",
    State.DELETED: "todo",
}
TOLD = ("tahun", "pelatihan", "unit", "langsung", "keadaan", "status")  # of somebody else's filters


def begin(inquiry: Inquiry, report: Report, question: Question, word: str, *, total: int | None) -> HttpResponseBase:
    """Have the file made: 202 with the page of the job. What is ready, and fresh, is fetched at once."""
    try:
        export = jobs.start(report, question, word, by=inquiry.person, total=total, at=inquiry.at)
    except jobs.CannotExport as refusal:
        return refused(inquiry, [str(refusal)], status=422)
    if export.ready_at:
        return redirect("report_export_file", export.pk, export.format)
    return _show(inquiry, export, status=202)


def refused(inquiry: Inquiry, problems: list[str], *, status: int) -> HttpResponse:
    context = {"problems": problems, "in_address": status == 400}
    return render(inquiry.request, "reports/refused.html", context, status=status)


@for_hr
def export(inquiry: Inquiry, export: int) -> HttpResponseBase:
    return _show(inquiry, _own(inquiry, export), status=200)


@for_hr
def export_file(inquiry: Inquiry, export: int, word: str) -> HttpResponseBase:
    """The file, if the scope is still that of the file. Each fetching is logged."""
    row = _own(inquiry, export, format=word)
    if row.state(at=inquiry.at) != State.READY:
        return redirect("report_export", row.pk)
    if problem := making.withheld(row, inquiry.scope):
        messages.error(inquiry.request, problem)
        return redirect("report_export", row.pk)
    try:
        response = file_or_range(
            inquiry.request,
            making.path_of(row.file_key),
            sha256=row.sha256,
            filename=row.file_name,
            content_type=FORMATS[row.format].content_type,
        )
    except FileNotFoundError:
        jobs.discard(row, at=inquiry.at)
        messages.warning(inquiry.request, _("The file is gone. Have it made again."))
        return redirect("report_export", row.pk)
    as_of = row.as_of or row.at
    state(response, scope=row.scope, chosen=row.query, as_of=as_of, rows=row.rows, lines_sha256=row.lines_sha256)
    log_file(
        inquiry.person,
        scope=row.scope,
        at=inquiry.at,
        detail={"report": row.report, "format": row.format, "rows": row.rows, "sha256": row.lines_sha256} | row.query,
        units=row.about,
    )
    return response


@for_role(Role.Kind.HR, "POST")
def discard(officer: Officer, export: int) -> HttpResponseBase:
    """Stop making it, or delete it. A second time there is nothing left to do."""
    row = get_object_or_404(Export.objects.filter(by=officer.person), pk=export)
    was_ready = row.ready_at is not None
    jobs.discard(row, at=officer.at)
    words = _("The file is deleted. You can have it made again.") if was_ready else _("The file is not made.")
    messages.success(officer.request, words)
    return redirect("report_files")


@for_hr
def files(inquiry: Inquiry) -> HttpResponseBase:
    others = inquiry.request.GET.get("daftar") == OTHERS
    mine_url = reverse("report_files")
    context: dict[str, Any] = {
        "tabs": [
            {"label": _("My files"), "url": mine_url, "current": not others},
            {"label": _("Files of others"), "url": f"{mine_url}?daftar={OTHERS}", "current": others},
        ],
        "crumbs": _crumbs(),
        "others": others,
        "days": KEEP_FOR.days,
    }
    if others:
        rows = files_about(inquiry.scope.units, above=inquiry.scope.above()).exclude(person=inquiry.person)
        page = _page(inquiry, rows.select_related("person"))
        context["table"] = _others_table(inquiry, list(page))
    else:
        page = _page(inquiry, Export.objects.filter(by=inquiry.person))
        units = inquiry.scope.fingerprint()
        context["exports"] = [_row(inquiry, one, is_told=making.is_of(one, units)) for one in page]
    context |= {
        "page": page,
        "numbers": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "count": ngettext("%(count)s file", "%(count)s files", page.paginator.count)
        % {"count": grouped(page.paginator.count)},
    }
    return render(inquiry.request, "reports/exports/files.html", context)


def _page(inquiry: Inquiry, rows: QuerySet[Any]) -> Page[Any]:
    return Paginator(rows, PER_PAGE).get_page(inquiry.request.GET.get("page"))


def _own(inquiry: Inquiry, pk: int, **fields: str) -> Export:
    """One's own; others do not exist."""
    return get_object_or_404(Export.objects.filter(by=inquiry.person, **fields), pk=pk)


def _show(inquiry: Inquiry, row: Export, *, status: int) -> HttpResponse:
    state = row.state(at=inquiry.at)
    is_owed = state in {State.WAITING, State.RUNNING}
    address = reverse("report_export", args=[row.pk])
    context = {
        "export": row,
        "title": f"{REPORTS[row.report].title} ({FORMATS[row.format].label})",
        "crumbs": _crumbs(str(REPORTS[row.report].title)),
        "mark": MARKS[state],
        "state": state.label,
        "is_owed": is_owed,
        "refresh": f"{REFRESH_SECONDS}; url={address}" if is_owed else "",
        "rests": is_owed and row.claim is None and row.problem,
        "progress": _progress(row),
        "withheld": making.withheld(row, inquiry.scope) if state == State.READY else "",
        "facts": _facts(row, state, is_told=making.is_of(row, inquiry.scope.fingerprint())),
        "file_url": reverse("report_export_file", args=[row.pk, row.format]) if state == State.READY else "",
        "again_url": "" if is_owed else _again(row),
    }
    return render(inquiry.request, "reports/exports/export.html", context, status=status)


def _progress(row: Export) -> str:
    if row.total is None:
        return _("%(written)s lines written") % {"written": grouped(row.written)}
    return _("%(written)s of %(total)s lines") % {"written": grouped(row.written), "total": grouped(row.total)}


def _facts(row: Export, state: State, *, is_told: bool) -> list[dict[str, str]]:
    """What the file says of itself; of another scope than today's nothing is told (P4)."""
    facts = _asked(row, is_told=is_told)
    if is_told and row.as_of:
        facts += [
            (pgettext("report", "Data as of"), in_words(row.as_of)),
            (pgettext("report", "Lines"), grouped(row.rows)),
            *(
                (pgettext("report", "Total: %(column)s") % {"column": name}, grouped(n))
                for name, n in row.totals.items()
            ),
            (_("Size"), filesizeformat(row.size)),
            (_("SHA-256 of the file"), row.sha256),
            (_("SHA-256 of the lines"), row.lines_sha256),
        ]
    elif is_told:
        facts.append((_("Asked for"), in_words(row.at)))
    if state == State.READY and row.ready_at:
        facts.append((_("Kept until"), in_words(row.ready_at + KEEP_FOR)))
    return [{"label": label, "value": value} for label, value in facts]


def _asked(row: Export, *, is_told: bool) -> list[tuple[str, str]]:
    """Whose figures and which ones, by name."""
    scope = pgettext("report", "Scope")
    if not is_told:
        return [(scope, _("Another one than yours is today"))]
    return [(scope, row.scope), *map(tuple, row.filters)]


def _again(row: Export) -> str:
    return REPORTS[row.report].address(row.format, urlencode(row.query))


def _row(inquiry: Inquiry, row: Export, *, is_told: bool) -> dict[str, Any]:
    """One of the own files in the list, with as much as `_facts` tells of it."""
    state = row.state(at=inquiry.at)
    facts = [FORMATS[row.format].label]
    if row.as_of:
        facts += [
            *([pages.count_of_lines(row.rows), filesizeformat(row.size)] if is_told else []),
            _("data as of %(moment)s") % {"moment": in_words(row.as_of)},
        ]
    else:
        facts.append(_("asked for on %(moment)s") % {"moment": in_words(row.at)})
    return {
        "url": reverse("report_export", args=[row.pk]),
        "title": REPORTS[row.report].title,
        "filters": " · ".join(f"{name}: {value}" for name, value in _asked(row, is_told=is_told)),
        "facts": " · ".join(facts),
        "sha256": row.sha256,
        "mark": MARKS[state],
        "state": state.label,
        "progress": _progress(row) if state == State.RUNNING else "",
    }


def _others_table(inquiry: Inquiry, entries: list[AccessLog]) -> dict[str, Any]:
    """Who took which files along. What is said stays within the own scope: no search, no unit outside of it."""
    details = [entry.detail for entry in entries]
    for entry, detail in zip(entries, _within(inquiry, details), strict=True):
        entry.detail = detail
    labels = [
        _("Moment"),
        pgettext("report", "By"),
        _("Report"),
        pgettext("report", "Filter"),
        pgettext("report", "Lines"),
    ]
    return {
        "columns": [{"label": label, "numeric": label is labels[-1]} for label in labels],
        "rows": [
            [
                {"value": in_words(entry.at), "whole": True},
                {"value": entry.person.full_name, "note": entry.scope},
                {"value": _title_of(entry, detail), "note": str(detail.get("format", "")).upper()},
                {"value": in_one_line(words["parts"]), "note": f"SHA-256 {detail.get('sha256', '–')}"},
                {"value": grouped(detail.get("rows")), "numeric": True},
            ]
            for entry, detail, words in zip(entries, details, entries_in_words(entries), strict=True)
        ],
    }


def _within(inquiry: Inquiry, details: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The filters of these entries that may be told, courses by their titles."""
    asked = [str(detail.get("unit", "")) for detail in details]
    numbers = [text for text in asked if text.isascii() and text.isdecimal() and len(text) <= 18]
    seen = {str(pk) for pk in inquiry.scope.units.filter(pk__in=numbers).values_list("pk", flat=True)}
    keys = [str(detail.get("pelatihan", "")) for detail in details]
    titles = dict(Course.objects.filter(key__in=keys).values_list("key", "title"))
    told = [{name: str(detail[name]) for name in TOLD if detail.get(name)} for detail in details]
    return [
        {
            name: titles.get(value, value) if name == "pelatihan" else value
            for name, value in each.items()
            if name != "unit" or value in seen
        }
        for each in told
    ]


def _title_of(entry: AccessLog, detail: dict[str, Any]) -> str:
    if entry.subject_id:
        return _("One person")
    name = str(detail.get("report", ""))
    if name in REPORTS:
        return str(REPORTS[name].title)
    if name.startswith("mutu"):
        return _("Quality of courses")
    return _("Certificates") if name == "sertifikat" else name


def _crumbs(here: str = "") -> list[dict[str, str]]:
    way = [{"label": _("Training report"), "url": reverse("report_overview")}]
    mine = {"label": _("Report files"), "url": reverse("report_files")}
    return [*way, mine, {"label": here}] if here else [*way, {"label": mine["label"]}]
