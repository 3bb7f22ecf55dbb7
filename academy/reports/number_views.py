"""Whether the stored numbers agree, for the operator: the recounts, what each found, and asking for one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from academy.pages.templatetags.formats import grouped
from academy.people.gate import Officer, for_role
from academy.people.models import Role
from academy.people.views.operator import page_of, render_form, render_list
from academy.reports import reconciliation
from academy.reports.control import in_words
from academy.reports.models import Reconciliation
from academy.reports.recounts import Kind

Cell = dict[str, Any]
MEND = "perbaiki"


class CheckForm(forms.Form):
    perbaiki = forms.BooleanField(
        required=False,
        label=gettext_lazy("Put right what only repeats facts"),
        help_text=gettext_lazy(
            "Credit hours of a year and what enrolments repeat are worked out anew. Completions, certificates and numbers are never changed."
        ),
    )


@for_role(Role.Kind.OPERATOR, "GET")
def numbers(officer: Officer) -> HttpResponse:
    """The recounts, newest first."""
    page = page_of(officer.request, Reconciliation.objects.all())
    columns = [(pgettext("recount", "Asked for"), False), (_("State"), False), (_("Rows checked"), True)]
    columns += [(_("Differences"), True), (pgettext("recount", "Mended"), True), (_("Took (seconds)"), True)]
    return render_list(
        officer,
        title=_("Numbers that agree"),
        lead=_newest_in_words(),
        page=page,
        columns=columns,
        rows=[_line(run, at=officer.at) for run in page],
        add=(reverse("operator_numbers_check"), _("Check now")),
        empty=(_("Nothing was checked yet"), _("The numbers are recounted every night from two o’clock on.")),
    )


def _line(run: Reconciliation, *, at: datetime) -> list[Cell]:
    took = (run.finished_at - run.started_at).total_seconds() if run.finished_at and run.started_at else None
    return [
        {"value": in_words(run.asked_at), "url": reverse("operator_numbers_run", args=[run.pk]), "whole": True},
        {"value": run.state(at=at).label},
        {"number": sum(run.checked.values())},
        {"number": run.differences},
        {"number": run.mended},
        {"number": None if took is None else max(round(took), 1)},
    ]


def _newest_in_words() -> str:
    newest = reconciliation.newest()
    return "" if newest is None else _in_words(newest)


def _in_words(run: Reconciliation) -> str:
    if not run.left:
        return _("All numbers agree, as of %(moment)s.") % {"moment": in_words(run.finished_at or run.asked_at)}
    text = ngettext(
        "%(count)s number differs, as of %(moment)s.", "%(count)s numbers differ, as of %(moment)s.", run.left
    )
    return text % {"count": grouped(run.left), "moment": in_words(run.finished_at or run.asked_at)}


@for_role(Role.Kind.OPERATOR, "GET")
def recount(officer: Officer, recount: int) -> HttpResponse:
    """What one of them found: the rows by key, with what is stored and what a recount gives."""
    run = get_object_or_404(Reconciliation, pk=recount)
    page = page_of(officer.request, run.named)
    columns = [pgettext("recount", "What"), pgettext("recount", "Row"), pgettext("recount", "Person")]
    columns += [pgettext("recount", "Stored"), pgettext("recount", "Recounted"), pgettext("recount", "Where")]
    mendable = run.left and any(Kind(kind).is_cache for kind in run.found)
    return render_list(
        officer,
        title=_("Recount of %(moment)s") % {"moment": in_words(run.asked_at)},
        lead=_lead(run, at=officer.at),
        page=page,
        columns=[(label, False) for label in columns],
        rows=[_difference(one) for one in page],
        add=(f"{reverse('operator_numbers_check')}?{MEND}=ya", _("Put right")) if mendable else None,
        empty=(str(run.state(at=officer.at).label), _lead(run, at=officer.at)),
    )


def _lead(run: Reconciliation, *, at: datetime) -> str:
    if run.problem:
        return _("The numbers could not be checked: %(problem)s") % {"problem": run.problem}
    if run.finished_at is None:
        return _("A worker recounts them; come back in a few minutes.")
    text = _in_words(run)
    if run.mended:
        text += " " + _("%(count)s were put right.") % {"count": grouped(run.mended)}
    if len(run.named) < run.differences:
        text += " " + _("The first %(count)s rows of each kind are named; the command check_numbers names all.") % {
            "count": reconciliation.MOST_NAMED
        }
    return text


def _difference(one: dict[str, Any]) -> list[Cell]:
    if one["run"]:
        where: Cell = {"value": _("Run"), "url": reverse("run_certificates", args=[one["run"]])}
    elif one["kind"] in {Kind.SERIES_GAP, Kind.SERIES_END}:
        where = {"value": _("Certificates by run"), "url": reverse("runs_certificates")}
    else:
        where = {"value": "–"}
    return [
        {"value": Kind(one["kind"]).label},
        {"value": one["key"], "whole": True},
        {"value": one["person"] or "–"},
        {"value": one["stored"] or "–"},
        {"value": one["counted"] or "–"},
        where,
    ]


@for_role(Role.Kind.OPERATOR, "GET", "POST")
def check(officer: Officer) -> HttpResponse:
    """Ask for a recount; one that waits or is at work is that one."""
    posted = officer.request.POST if officer.request.method == "POST" else None
    form = CheckForm(posted, initial={MEND: officer.request.GET.get(MEND) == "ya"})
    if form.is_valid():
        mends = form.cleaned_data[MEND]
        run = reconciliation.ask_worker(by=officer.person, mends=mends, at=officer.at)
        messages.success(officer.request, _("The numbers are recounted; it takes up to some minutes."))
        return redirect("operator_numbers_run", run.pk)
    return render_form(
        officer,
        form,
        title=_("Check the numbers"),
        note=_("Everything that is stored is recounted from completions and certificates, while everybody goes on."),
        action=_("Check now"),
        back=(reverse("operator_numbers"), _("Numbers that agree")),
    )
