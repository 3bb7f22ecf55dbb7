"""HR's page of certificates: choose a unit, a year and a course, have their certificates gathered, fetch the parts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from academy.byte_ranges import file_or_range
from academy.pages.templatetags.formats import clock, day, grouped
from academy.people.accesses import log_file
from academy.people.gate import Officer, for_role
from academy.people.models import Role, WorkUnit
from academy.people.scope import scope_in_words, topmost_units
from academy.people.views.choosing import chosen_unit
from certificates.archives import jobs, parts
from certificates.archives.choosing import Choice, counted
from certificates.archives.form import ArchiveForm, named_with_agency
from certificates.file_names import piece
from certificates.models import ArchivePart, CertificateArchive
from certificates.models.archives import CertificateArchiveQuerySet

HR = Role.Kind.HR
SHOWN = 20
REFRESH_SECONDS = 3
State = CertificateArchive.State
MARKS = {
    State.WAITING: "running",
    State.READY: "done",
    State.CANCELLED: "todo",
    State.FAILED: "overdue",
    State.EXPIRED: "todo",
}


def own(officer: Officer) -> CertificateArchiveQuerySet:
    """The officer's own archives of units that are still in scope; others do not exist."""
    rows: CertificateArchiveQuerySet = CertificateArchive.objects.filter(by=officer.person, unit__in=officer.units())
    return rows.select_related("by", "unit__agency", "course")


@for_role(HR, "GET")
def index(officer: Officer) -> HttpResponse:
    return _show_index(officer, _form(officer, officer.request.GET))


@for_role(HR, "POST")
def start(officer: Officer) -> HttpResponse:
    """Count anew, or begin. What was counted is sent along as `dihitung`: another choice is counted first."""
    form = _form(officer, officer.request.POST)
    choice = form.choice()
    if choice is None:
        return _show_index(officer, form, status=422)
    asked, seen = _query(choice), officer.request.POST.get("dihitung", "")
    if "hitung" in officer.request.POST or seen not in {"", asked}:
        if "hitung" not in officer.request.POST:
            messages.warning(officer.request, _("You changed the choice. Look at the new count, then gather."))
        return redirect(f"{reverse('hr_certificates')}?{asked}")
    try:
        made = jobs.start(choice, by=officer.person, at=officer.at)
    except jobs.CannotGather as refusal:
        return _show_index(officer, form, problem=str(refusal), status=422)
    return redirect("archive", made.pk)


def _form(officer: Officer, data: Any) -> ArchiveForm:
    """404 for a unit outside the scope, whether it is named in the address or sent."""
    units = officer.units()
    unit = chosen_unit(officer, units) or _sent_unit(data, units)
    if unit is None:
        top = topmost_units(officer.person, kind=officer.kind, at=officer.at)
        if not top:
            raise Http404
        unit = top[0]
    return ArchiveForm(data, units=units, unit=unit, today=unit.agency.day(officer.at))


def _sent_unit(data: Any, units: QuerySet[WorkUnit]) -> WorkUnit | None:
    text = data.get("unit", "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        return None
    return get_object_or_404(units.select_related("agency"), pk=text)


def _show_index(officer: Officer, form: ArchiveForm, *, problem: str = "", status: int = 200) -> HttpResponse:
    choice = form.choice()
    counts = counted(choice, officer.units()) if choice else None
    left_out = counts.left_out() if counts else {}
    context = {
        "form": form,
        "problem": problem,
        "counts": counts,
        "found": _found(counts.taken) if counts else "",
        "asked": _asked(choice, form) if choice else "",
        "counted": _query(choice) if choice else "",
        "left_out": parts.reasons_in_words(left_out),
        "parts": -(-counts.taken // jobs.IN_A_PART) if counts else 0,
        "crumbs": _crumbs(),
        "archives": [
            {
                "url": reverse("archive", args=[row.pk]),
                "title": _title(row, form.several_agencies),
                "facts": f"{_count(row.total)} · {day(row.at, _zone(row))}, {clock(row.at, _zone(row))}",
                "taken": _taken(row) if row.with_withdrawn else "",
                "mark": MARKS[State(row.state)],
                "state": row.get_state_display(),
            }
            for row in own(officer).exclude(state=State.CANCELLED)[:SHOWN]
        ],
    }
    return render(officer.request, "certificates/archives/index.html", context, status=status)


@for_role(HR, "GET")
def archive(officer: Officer, archive: int) -> HttpResponse:
    row = get_object_or_404(own(officer), pk=archive)
    made = {part.number: part for part in row.parts.all()}
    problems = [problem for part in made.values() for problem in part.problems]
    is_open = row.state in {State.WAITING, State.READY}
    context = {
        "archive": row,
        "title": _title(row),
        "state": _("Deleted") if row.state == State.CANCELLED else row.get_state_display(),
        "crumbs": _crumbs(_title(row)),
        "mark": MARKS[State(row.state)],
        "facts": _facts(row),
        "refresh": REFRESH_SECONDS if row.state == State.WAITING else 0,
        "waits": row.state == State.WAITING and bool(row.last_error) and row.lease_until is not None,
        "strangers": jobs.strangers_in(row, at=officer.at) if is_open else 0,
        "parts": _part_rows(row, made) if is_open else [],
        "problems": problems[:SHOWN],
        "more_problems": max(len(problems) - SHOWN, 0),
        "again_url": f"{reverse('hr_certificates')}?{_query(row)}",
        "one_part": len(made) == 1 and row.state == State.READY,
        "is_open": is_open,
    }
    return render(officer.request, "certificates/archives/archive.html", context)


@for_role(HR, "GET", "POST")
def cancel(officer: Officer, archive: int) -> HttpResponse:
    """Asks first. A second time there is nothing left to delete."""
    row = get_object_or_404(own(officer), pk=archive)
    if officer.request.method != "POST":
        if row.state not in {State.WAITING, State.READY}:
            return redirect("archive", archive)
        context = {"archive": row, "title": _title(row), "crumbs": _crumbs(_title(row))}
        return render(officer.request, "certificates/archives/delete.html", context)
    jobs.cancel(row)
    messages.success(officer.request, _("The archive and its files are deleted. The certificates themselves stay."))
    return redirect("hr_certificates")


@for_role(HR, "GET")
def part(officer: Officer, archive: int, number: int) -> HttpResponseBase:
    """One ZIP file, if everybody in it is still the officer's to see at this moment. Each fetching is logged."""
    found = get_object_or_404(
        ArchivePart.objects.filter(archive__in=own(officer).live()).select_related("archive__by", "archive__unit"),
        archive=archive,
        number=number,
    )
    if jobs.strangers_in(found.archive, at=officer.at, part=number):
        messages.error(officer.request, _("This part is not given out: it holds people who left your scope."))
        return redirect("archive", archive)
    name = f"sertifikat-{piece(found.archive.unit.name)}-{found.archive.year}-bagian-{number}.zip"
    try:
        response = file_or_range(
            officer.request,
            parts.path_of(found.file_name),
            sha256=found.sha256,
            filename=name,
            content_type="application/zip",
        )
    except FileNotFoundError:
        jobs.make_again(found)
        messages.warning(officer.request, _("The file of this part is gone; it is being made again."))
        return redirect("archive", archive)
    log_file(
        officer.person,
        scope=scope_in_words(officer.person, at=officer.at),
        at=officer.at,
        units=[found.archive.unit_id],
        detail={
            "report": "sertifikat",
            "format": "zip",
            "rows": found.count,
            "sha256": found.sha256,
            "unit": found.archive.unit_id,
            "tahun": found.archive.year,
        },
    )
    return response


@for_role(HR, "GET")
def manifest(officer: Officer, archive: int) -> HttpResponse:
    """What the archive holds, for machines: totals, parts with their checksums, and what was left out."""
    row = get_object_or_404(own(officer), pk=archive)
    made = list(row.parts.all())
    content = {
        "scope": row.scope,
        "unit": row.unit.name,
        "year": row.year,
        "course": row.course.title if row.course else None,
        "with_revoked_and_replaced": row.with_withdrawn,
        "as_of": row.at.isoformat(),
        "state": row.state,
        "chosen": row.total,
        "gathered": sum(part.count for part in made),
        "left_out": row.left_out,
        "problems": [problem | {"part": part.number} for part in made for problem in part.problems],
        "parts": [
            {"number": part.number, "certificates": part.count, "bytes": part.size, "sha256": part.sha256}
            for part in made
        ],
    }
    response = JsonResponse(content, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response.headers["Content-Disposition"] = f'attachment; filename="rangkuman-arsip-{row.pk}.json"'
    return response


def _title(row: CertificateArchive | Choice, with_agency: bool = True) -> str:
    what = row.course.title if row.course else _("All courses")
    unit = named_with_agency(row.unit) if with_agency else row.unit.name
    return _("%(unit)s, %(year)d: %(what)s") % {"unit": unit, "year": row.year, "what": what}


def _asked(choice: Choice, form: ArchiveForm) -> str:
    return f"{_title(choice, form.several_agencies)}; {_taken(choice)}"


def _taken(row: CertificateArchive | Choice) -> str:
    return _("valid, revoked and replaced ones") if row.with_withdrawn else _("valid ones only")


def _facts(row: CertificateArchive) -> list[dict[str, str]]:
    facts = [
        {"label": _("Chosen"), "value": f"{_count(row.total)}, {_taken(row)}"},
        {"label": _("As of"), "value": f"{day(row.at, _zone(row))}, {clock(row.at, _zone(row))}"},
    ]
    if reasons := parts.reasons_in_words(row.left_out):
        facts.append({"label": _("Left out"), "value": "; ".join(reasons)})
    if row.state == State.READY and row.expires_at:
        facts.append({"label": _("Kept until"), "value": day(row.expires_at, _zone(row))})
    return facts


def _part_rows(row: CertificateArchive, made: dict[int, ArchivePart]) -> list[dict[str, Any]]:
    count = jobs.part_count(row) or len(made)
    return [_part_row(row, number, count, made.get(number)) for number in range(1, count + 1)]


def _part_row(row: CertificateArchive, number: int, count: int, made: ArchivePart | None) -> dict[str, Any]:
    shown = {"label": _("Part %(number)d of %(count)d") % {"number": number, "count": count}}
    if made is None:
        return shown | {"note": _("not made yet")}
    url = reverse("archive_part", args=[row.pk, number])
    return shown | {"url": url, "note": f"{_count(made.count)}, {filesizeformat(made.size)}"}


def _found(count: int) -> str:
    return ngettext("%(count)s certificate fits this choice.", "%(count)s certificates fit this choice.", count) % {
        "count": grouped(count)
    }


def _count(count: int) -> str:
    return ngettext("%(count)s certificate", "%(count)s certificates", count) % {"count": grouped(count)}


def _zone(row: CertificateArchive) -> str:
    zone: str = row.unit.agency.time_zone
    return zone


def _query(row: CertificateArchive | Choice) -> str:
    course = f"&pelatihan={row.course.key}" if row.course else ""
    return f"unit={row.unit.pk}&tahun={row.year}{course}{'&dicabut=on' if row.with_withdrawn else ''}"


def _crumbs(here: str = "") -> list[dict[str, str]]:
    way = [{"label": _("Reports"), "url": "/laporan/"}]
    mine = {"label": _("Download certificates by work unit"), "url": reverse("hr_certificates")}
    return [*way, mine, {"label": here}] if here else [*way, {"label": mine["label"]}]
