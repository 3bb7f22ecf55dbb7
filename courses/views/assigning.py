"""HR's pages of assigned learning: what was assigned, assigning, looking before confirming, and taking back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from academy.pages.templatetags.formats import clock, day, grouped
from academy.people.gate import Officer, for_role
from academy.people.models import Role, WorkUnit
from courses import assigning
from courses.assigning import CannotAssign, Reach
from courses.assignment_form import AssignmentForm
from courses.deadlines import is_overdue
from courses.models import Assignment, Enrolment
from courses.runs import seats_taken

HR = Role.Kind.HR
ON_A_PAGE = 50
REFRESH_SECONDS = 3
MOST_NIPS_SHOWN = 50
State = Assignment.State
MARKS = {
    State.PREVIEW: "todo",
    State.CONFIRMED: "running",
    State.DONE: "done",
    State.STOPPED: "overdue",
    State.TAKEN_BACK: "revoked",
}


def own(officer: Officer) -> QuerySet[Assignment]:
    """The officer's own assignments; those of others do not exist."""
    return Assignment.objects.filter(by=officer.person).select_related("course__organiser", "run", "unit", "by")


@for_role(HR, "GET")
def assignments(officer: Officer) -> HttpResponse:
    rows = own(officer).exclude(state=State.DISCARDED)
    page = Paginator(rows, ON_A_PAGE).get_page(officer.request.GET.get("page"))
    columns = [_("Course"), _("For"), _("To be finished by"), _("Assigned on"), _("State")]
    context = {
        "page": page,
        "columns": [{"label": label} for label in columns],
        "rows": [
            [
                {"value": row.title, "url": reverse("assignment", args=[row.pk])},
                {"value": aim(row)},
                {"value": day(row.due_on), "whole": True},
                {"value": day(row.confirmed_at or row.at), "whole": True},
                {"value": row.get_state_display()},
            ]
            for row in page
        ],
    }
    return render(officer.request, "courses/assignments/list.html", context)


@for_role(HR, "GET", "POST")
def new(officer: Officer) -> HttpResponse:
    request, units = officer.request, officer.units()
    unit = _asked_unit(officer)
    today = timezone.localdate(officer.at)
    form = AssignmentForm(request.POST or None, units=units, unit=unit, today=today, initial={"unit": unit})
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        course, run = asked["course"]
        try:
            made = assigning.propose(
                course,
                run=run,
                due_on=asked["due_on"],
                unit=asked["unit"],
                nips=asked["nips"],
                by=officer.person,
                at=officer.at,
            )
        except CannotAssign as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("assignment", made.pk)
    context = {"form": form, "crumbs": crumbs(_("Assign a course"))}
    return render(request, "courses/assignments/new.html", context, status=422 if form.errors else 200)


def _asked_unit(officer: Officer) -> WorkUnit | None:
    """The unit named in the address or typed; 404 for an address that names one outside the scope."""
    typed = officer.request.POST.get("unit") or ""
    asked = officer.request.GET.get("unit") or ""
    found = None
    if (typed or asked).isdecimal():
        found = officer.units().filter(pk=(typed or asked)[:18]).first()
    if asked and not typed and found is None:
        raise Http404
    return found


@for_role(HR, "GET")
def assignment(officer: Officer, pk: int) -> HttpResponse:
    row = get_object_or_404(own(officer), pk=pk)
    if row.state == State.DISCARDED:
        raise Http404
    return _show(officer, row)


def _show(officer: Officer, row: Assignment, *, problem: str = "") -> HttpResponse:
    context: dict[str, Any] = {
        "assignment": row,
        "problem": problem,
        "crumbs": crumbs(row.title),
        "state": MARKS[State(row.state)],
        "facts": [
            {"label": _("For"), "value": aim(row)},
            *_days(row),
            {"label": _("To be finished by"), "value": day(row.due_on)},
            {
                "label": _("Assigned on"),
                "value": f"{day(row.confirmed_at or row.at)}, {clock(row.confirmed_at or row.at)}",
            },
        ],
    }
    if row.state == State.PREVIEW:
        context |= _preview(officer, row)
        template = "courses/assignments/preview.html"
    elif row.state == State.CONFIRMED:
        gone_through = sum(row.counts.get(reach.value, 0) for reach in Reach)
        context |= {"gone_through": min(gone_through, row.total), "total": row.total}
        template = "courses/assignments/progress.html"
    else:
        context |= _result(officer, row)
        template = "courses/assignments/result.html"
    response = render(officer.request, template, context, status=409 if problem else 200)
    if row.state == State.CONFIRMED and not row.is_given_up:
        response["Refresh"] = str(REFRESH_SECONDS)
    return response


def _days(row: Assignment) -> list[dict[str, str]]:
    """When the run is held, and its seats."""
    if row.run is None:
        return []
    days = [{"label": _("Days of the run"), "value": f"{day(row.run.opens_on)} – {day(row.run.closes_on)}"}]
    if row.run.seats is None:
        return days
    taken = {"taken": grouped(seats_taken(row.run)), "seats": grouped(row.run.seats)}
    return [*days, {"label": _("Seats"), "value": _("%(taken)s of %(seats)s taken") % taken}]


def _preview(officer: Officer, row: Assignment) -> dict[str, Any]:
    found = assigning.preview(row, at=officer.at)
    shown = [reach for reach in Reach if found.counts[reach]]
    return {
        "found": found,
        "why_not": assigning.why_not(row, people=found.counts[Reach.NEW], at=officer.at),
        "headline": ngettext(
            "%(count)s person will be enrolled", "%(count)s people will be enrolled", found.counts[Reach.NEW]
        )
        % {"count": grouped(found.counts[Reach.NEW])},
        "figures": figures(
            {reach.value: found.counts[reach] for reach in Reach} | {"unknown": len(found.unknown)}, row
        ),
        "columns": [{"label": label} for label in (_("Name"), "NIP", _("Work unit"))],
        "samples": [
            {
                "title": reach.label,
                "rest": found.counts[reach] - len(found.samples[reach]),
                "rows": [
                    [{"value": person.full_name}, {"value": person.nip or "–"}, {"value": person.unit}]
                    for person in found.samples[reach]
                ],
            }
            for reach in shown
        ],
        "former_columns": [{"label": label} for label in (_("Former NIP"), _("Name"), _("NIP today"), _("Work unit"))],
        "former": [
            [{"value": number}, {"value": person.full_name}, {"value": person.nip or "–"}, {"value": person.unit}]
            for number, person in found.former[:MOST_NIPS_SHOWN]
        ],
        "former_rest": max(len(found.former) - MOST_NIPS_SHOWN, 0),
        "unknown": found.unknown[:MOST_NIPS_SHOWN],
        "unknown_rest": max(len(found.unknown) - MOST_NIPS_SHOWN, 0),
    }


def figures(counts: dict[str, int], row: Assignment) -> list[dict[str, Any]]:
    labels: dict[str, str] = {reach.value: str(reach.label) for reach in Reach}
    if row.state != State.PREVIEW:
        labels[Reach.NEW.value] = _("Enrolled")
        labels[Reach.RUNNING.value] = _("Were in the course already")
        labels[Reach.FINISHED.value] = _("Had finished it")
    if row.nips:
        labels["unknown"] = _("Not found in your scope")
    return [{"label": label, "value": grouped(counts.get(key, 0))} for key, label in labels.items()]


def _result(officer: Officer, row: Assignment) -> dict[str, Any]:
    """Whom it reached and how far they are: those who still work in the officer's scope."""
    today = timezone.localdate(officer.at)
    enrolments = (
        Enrolment.objects.filter(assigned__assignment=row, person__in=officer.people())
        .select_related("person__unit", "run")
        .order_by("person__name", "pk")
    )
    sums = enrolments.aggregate(
        all=Count("pk", filter=Q(withdrawn_at__isnull=True)),
        finished=Count("pk", filter=Q(completed_at__isnull=False)),
    )
    page = Paginator(enrolments, ON_A_PAGE).get_page(officer.request.GET.get("page"))
    return {
        "page": page,
        "figures": figures(row.counts, row),
        "finished": sums["finished"],
        "all": sums["all"],
        "may_take_back": row.state in {State.DONE, State.STOPPED},
        "columns": [{"label": label} for label in (_("Name"), _("Work unit"), _("State"))],
        "rows": [
            [
                {"value": one.person.full_name},
                {"value": one.person.unit},
                {"value": standing(one, overdue=is_overdue(one, today=today))},
            ]
            for one in page
        ],
    }


def standing(enrolment: Enrolment, *, overdue: bool) -> str:
    if enrolment.completed_at is not None:
        return _("Finished %(day)s") % {"day": day(enrolment.completed_at)}
    if enrolment.withdrawn_at is not None:
        return _("Left the course")
    word = _("In progress") if enrolment.started_at else _("Not started")
    return _("%(state)s, overdue") % {"state": word} if overdue else word


@for_role(HR, "POST")
def confirm(officer: Officer, pk: int) -> HttpResponse:
    row = get_object_or_404(own(officer), pk=pk)
    try:
        assigning.confirm(row, by=officer.person, at=officer.at)
    except CannotAssign as refusal:
        if row.state != State.PREVIEW:
            raise Http404 from refusal
        return _show(officer, row, problem=str(refusal))
    return redirect("assignment", row.pk)


@for_role(HR, "POST")
def discard(officer: Officer, pk: int) -> HttpResponse:
    row = get_object_or_404(own(officer), pk=pk)
    assigning.discard(row, at=officer.at)
    return redirect("assignments")


@for_role(HR, "GET", "POST")
def take_back(officer: Officer, pk: int) -> HttpResponse:
    row = get_object_or_404(own(officer), pk=pk, state__in=[State.DONE, State.STOPPED, State.TAKEN_BACK])
    if officer.request.method == "POST":
        left = assigning.take_back(row, by=officer.person, at=officer.at)
        text = ngettext(
            "The assignment is taken back; %(count)s person left the course.",
            "The assignment is taken back; %(count)s people left the course.",
            left,
        )
        messages.success(officer.request, text % {"count": grouped(left)})
        return redirect("assignment", row.pk)
    if row.state == State.TAKEN_BACK:
        return redirect("assignment", row.pk)
    context = {
        "assignment": row,
        "crumbs": crumbs(row.title),
        "aim": aim(row),
        "leaving": assigning.would_leave(row).count(),
    }
    return render(officer.request, "courses/assignments/take_back.html", context)


def aim(row: Assignment) -> str:
    """For whom, in words."""
    if row.unit is not None:
        return row.unit.name
    count = len(row.nips)
    return ngettext("%(count)s NIP", "%(count)s NIPs", count) % {"count": grouped(count)}


def crumbs(here: str) -> list[dict[str, str]]:
    way = [{"label": _("Reports"), "url": "/laporan/"}, {"label": _("Assigned courses"), "url": reverse("assignments")}]
    return [*way, {"label": here}]
