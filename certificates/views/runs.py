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
    found = standings(list(page))
    columns = [
        (_("Run"), False),
        (_("Organiser"), False),
        (_("Completions"), True),
        (pgettext("run", "Numbered"), True),
    ]
    columns += [(pgettext("run", "Published"), True), (_("Being signed"), True), (_("Set aside"), True)]
    context = {
        "columns": [{"label": label, "numeric": numeric} for label, numeric in columns],
        "rows": [_line(run, found[run.pk]) for run in page],
        "page": page,
        "tabs": tabs(officer) if officer.kind == Role.Kind.OPERATOR else (),
        "crumbs": _crumbs(officer),
    }
    return render(officer.request, "certificates/runs/list.html", context)


@for_role(WHO, "GET")
def run(officer: Officer, run: int) -> HttpResponse:
    row = _run(officer, run)
    standing = standings([row])[row.pk]
    aside = list(set_aside_in(row).order_by("pk")[:REASONS_SHOWN])
    context = {
        "run": row,
        "standing": standing,
        "words": _words(standing),
        "stands_still": standing.stands_still(at=officer.at),
        "since": standing.oldest and f"{day(standing.oldest, _zone(row))}, {clock(standing.oldest, _zone(row))}",
        "refresh": REFRESH_SECONDS if standing.in_work and not standing.stands_still(at=officer.at) else 0,
        "columns": [{"label": _("Number")}, {"label": _("Tries"), "numeric": True}, {"label": _("Last error")}],
        "aside": [
            [
                {"value": one.number, "whole": True},
                {"value": grouped(one.tries), "numeric": True},
                {"value": one.last_error[:300] or "–"},
            ]
            for one in aside
        ],
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
    standing = standings([row])[row.pk]
    if not standing.owed:
        return redirect("run_certificates", row.pk)
    context = {"run": row, "standing": standing, "crumbs": _crumbs(officer, str(row))}
    return render(officer.request, "certificates/runs/issue.html", context)


def _tell(officer: Officer, asked: Asked) -> None:
    text = ngettext("%(count)s certificate was issued.", "%(count)s certificates were issued.", asked.issued)
    lines = [text % {"count": grouped(asked.issued)}]
    if asked.again:
        again = ngettext("%(count)s is tried again.", "%(count)s are tried again.", asked.again)
        lines.append(again % {"count": grouped(asked.again)})
    messages.success(officer.request, " ".join([*lines, _("The files follow one by one.")]))
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


def _line(run: Run, standing: Standing) -> list[dict[str, Any]]:
    def number(value: int, *, bad: bool = False) -> dict[str, Any]:
        return {"value": grouped(value), "numeric": True, "bad": bad and value > 0}

    return [
        {"value": str(run), "url": reverse("run_certificates", args=[run.pk])},
        {"value": run.course.organiser.short_name},
        number(standing.completions),
        number(standing.issued),
        number(standing.published),
        number(standing.in_work),
        number(standing.aside, bad=True),
    ]


def _words(standing: Standing) -> list[dict[str, str]]:
    facts = [
        (_("Completions"), standing.completions),
        (_("No certificate yet"), standing.without),
        (pgettext("run", "Numbered"), standing.issued),
        (_("Being signed"), standing.in_work),
        (_("Set aside"), standing.aside),
        (pgettext("run", "Published"), standing.published),
        (_("Revoked"), standing.withdrawn),
    ]
    return [{"label": label, "value": grouped(count)} for label, count in facts]


def _zone(run: Run) -> str:
    zone: str = run.course.organiser.time_zone
    return zone


def _crumbs(officer: Officer, here: str = "") -> list[dict[str, str]]:
    start = {"label": _("Authoring"), "url": reverse("wagtailadmin_home")}
    if officer.kind == Role.Kind.OPERATOR:
        start = {"label": _("Administration"), "url": reverse("operator")}
    listed = {"label": _("Certificates by run"), "url": reverse("runs_certificates")}
    return [start, listed, {"label": here}] if here else [start, {"label": listed["label"]}]
