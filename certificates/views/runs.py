"""Certificates run by run, for those who hold courses and for operators: counts, reasons, and having all of them issued."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from academy.pages.templatetags.formats import clock, day, grouped
from academy.people.gate import Officer, for_role
from academy.people.models import Role
from academy.people.views.operator import tabs
from certificates import reasons
from certificates.run_certificates import Asked, Standing, ask_for_all, runs_of, set_aside_in, standings
from courses.models import Run

WHO = (Role.Kind.OPERATOR, Role.Kind.ORGANISER, Role.Kind.TRAINER)
ON_A_PAGE = 50
REASONS_SHOWN = 50
REFRESH_SECONDS = 5


def _run(officer: Officer, pk: int) -> Run:
    """One of one's own; those of other organisers do not exist."""
    run: Run = get_object_or_404(runs_of(officer.person, kind=officer.kind, at=officer.at), pk=pk)
    return run


@for_role(WHO, "GET")
def runs(officer: Officer) -> HttpResponse:
    """Newest first, those without completions too."""
    rows = runs_of(officer.person, kind=officer.kind, at=officer.at).order_by("-closes_on", "course__title", "pk")
    page = Paginator(rows, ON_A_PAGE).get_page(officer.request.GET.get("page"))
    found = standings(list(page), at=officer.at)
    several = len({run.course.organiser_id for run in page}) > 1
    columns = [(_("Course and run"), False), *([(_("Organiser"), False)] if several else [])]
    columns += [(_("Completions"), True), (pgettext("run", "Numbered"), True), (pgettext("run", "Published"), True)]
    columns += [(_("Being signed"), True), (_("Set aside"), True)]
    context = {
        "columns": [{"label": label, "numeric": numeric} for label, numeric in columns],
        "rows": [_line(run, found[run.pk], several=several) for run in page],
        "page": page,
        "tabs": tabs(officer) if officer.kind == Role.Kind.OPERATOR else (),
        "crumbs": () if officer.kind == Role.Kind.OPERATOR else _crumbs(officer),
    }
    return render(officer.request, "certificates/runs/list.html", context)


@for_role(WHO, "GET")
def run(officer: Officer, run: int) -> HttpResponse:
    row = _run(officer, run)
    standing = standings([row], at=officer.at)[row.pk]
    operates = officer.kind == Role.Kind.OPERATOR
    aside = list(set_aside_in(row).order_by("pk")[:REASONS_SHOWN])
    since = standing.free_since
    context = {
        "run": row,
        "standing": standing,
        "figures": _figures(standing, people_url="" if operates else _people_url(row)),
        "people_url": "" if operates else _people_url(row),
        "stands_still": standing.stands_still(at=officer.at),
        "since": since and f"{day(since, _zone(row))}, {clock(since, _zone(row))}",
        "refresh": REFRESH_SECONDS if standing.in_work and not standing.stands_still(at=officer.at) else 0,
        "columns": [*([] if operates else [{"label": _("Name")}]), {"label": _("Number")}, {"label": _("Reason")}],
        "aside": [
            [
                *([] if operates else [{"value": one.facts["name"]}]),
                {"value": one.number, "whole": True},
                {"value": reasons.in_words(one.last_error)},
            ]
            for one in aside
        ],
        "errors_url": f"{reverse('operator_certificates')}?keadaan=disisihkan" if operates else "",
        "crumbs": _crumbs(officer, str(row)),
    }
    return render(officer.request, "certificates/runs/run.html", context)


@for_role(WHO, "GET", "POST")
def issue(officer: Officer, run: int) -> HttpResponse:
    """Asks first. A second time there is nothing left to issue, and nothing is issued twice."""
    row = _run(officer, run)
    if officer.request.method == "POST":
        _tell(officer, ask_for_all(row, at=officer.at))
        return redirect("run_certificates", row.pk)
    standing = standings([row], at=officer.at)[row.pk]
    if not (standing.without or standing.aside):
        return redirect("run_certificates", row.pk)
    context = {"run": row, "standing": standing, "crumbs": _crumbs(officer, str(row))}
    return render(officer.request, "certificates/runs/issue.html", context)


def _tell(officer: Officer, asked: Asked) -> None:
    lines = []
    if asked.issued:
        text = ngettext("%(count)s certificate was issued.", "%(count)s certificates were issued.", asked.issued)
        lines.append(text % {"count": grouped(asked.issued)})
    if asked.again:
        again = ngettext("%(count)s is tried again.", "%(count)s are tried again.", asked.again)
        lines.append(again % {"count": grouped(asked.again)})
    if lines:
        messages.success(officer.request, " ".join([*lines, _("The files follow one by one.")]))
    elif not asked.failed:
        messages.info(officer.request, _("Nothing was left to issue."))
    if asked.failed:
        text = ngettext(
            "%(count)s completion cannot be certified; the operator finds the reason in the log.",
            "%(count)s completions cannot be certified; the operator finds the reasons in the log.",
            asked.failed,
        )
        messages.error(officer.request, text % {"count": grouped(asked.failed)})
    if not asked.heard:
        messages.warning(
            officer.request, _("The worker cannot be called at the moment. It finds the work by itself once it runs.")
        )


def _line(run: Run, standing: Standing, *, several: bool) -> list[dict[str, Any]]:
    def number(value: int, *, bad: bool = False) -> dict[str, Any]:
        return {"value": grouped(value), "numeric": True, "bad": bad and value > 0}

    return [
        {"value": run.course.title, "note": run.name, "url": reverse("run_certificates", args=[run.pk])},
        *([{"value": run.course.organiser.short_name}] if several else []),
        number(standing.completions),
        number(standing.issued),
        number(standing.published),
        number(standing.in_work),
        number(standing.aside, bad=True),
    ]


def _figures(standing: Standing, *, people_url: str) -> list[dict[str, Any]]:
    """For components/figures_row.html; each leads to the list behind it where there is one."""
    facts = [
        (_("Completions"), standing.completions, people_url),
        (_("No certificate yet"), standing.without, ""),
        (pgettext("run", "Numbered"), standing.issued, ""),
        (_("Being signed"), standing.in_work, ""),
        (_("Set aside"), standing.aside, "#aside" if standing.aside else ""),
        (pgettext("run", "Published"), standing.published, ""),
        *([(_("Revoked"), standing.withdrawn, "")] if standing.withdrawn else []),
    ]
    return [{"label": label, "value": grouped(count), "url": url} for label, count, url in facts]


def _people_url(run: Run) -> str:
    """The people of a dated run in the CMS; a self-paced one has no such page."""
    return "" if run.is_self_paced else reverse("run_participants", args=[run.pk])


def _zone(run: Run) -> str:
    zone: str = run.course.organiser.time_zone
    return zone


def _crumbs(officer: Officer, here: str = "") -> list[dict[str, str]]:
    start = {"label": _("Authoring"), "url": reverse("wagtailadmin_home")}
    if officer.kind == Role.Kind.OPERATOR:
        start = {"label": _("Administration"), "url": reverse("operator")}
    listed = {"label": _("Certificates by run"), "url": reverse("runs_certificates")}
    return [start, listed, {"label": here}] if here else [start, {"label": listed["label"]}]
