"""Transfers between agencies, for HR of either side: releases under way, and arrivals to be placed."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy.people import nip, transfers
from academy.people.corrections import CannotCorrect
from academy.people.gate import Officer, for_role
from academy.people.models import Agency, Role, Transfer
from academy.people.views.asking import ask, fact, list_crumbs, refuse
from academy.people.views.choosing import choose_unit, chosen_unit, ways_to

HR = Role.Kind.HR
PER_PAGE = 50


class ArrivalForm(forms.Form):
    new_nip = forms.CharField(
        label=gettext_lazy("New NIP"),
        max_length=40,
        required=False,
        help_text=gettext_lazy(
            "Only if the number changes with the agency, as it may for PPPK. The former one is kept."
        ),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


def _open() -> QuerySet[Transfer]:
    return Transfer.objects.filter(placed_at__isnull=True, withdrawn_at__isnull=True).select_related(
        "person__unit__agency", "from_unit__agency", "to_agency", "released_by"
    )


def _outgoing(officer: Officer) -> QuerySet[Transfer]:
    """Releases of people who work in the scope."""
    return _open().filter(person__in=officer.people())


def _arrivals(officer: Officer) -> QuerySet[Transfer]:
    """People released to an agency whose topmost unit is in the scope: placing is for the whole agency."""
    agencies = Agency.objects.filter(units__in=officer.units().filter(depth=1))
    return _open().filter(to_agency__in=agencies)


@for_role(HR, "GET")
def index(officer: Officer) -> HttpResponse:
    outgoing = officer.request.GET.get("daftar") == "keluar"
    rows = _outgoing(officer) if outgoing else _arrivals(officer)
    paginator = Paginator(rows, PER_PAGE)
    page = paginator.get_page(officer.request.GET.get("page", "1"))
    context = {
        "crumbs": list_crumbs(_("Transfers"), reverse("hr_transfers")),
        "tabs": [
            {"label": _("To be placed here"), "url": "?daftar=masuk", "current": not outgoing},
            {"label": _("Released by us"), "url": "?daftar=keluar", "current": outgoing},
        ],
        "outgoing": outgoing,
        "rows": [{"transfer": row, "nip": nip.grouped(row.person.nip or "")} for row in page],
        "count": paginator.count,
        "page": page,
        "numbers": paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
    }
    return render(officer.request, "people/desk/transfers.html", context)


@for_role(HR, "GET", "POST")
def withdraw(officer: Officer, transfer: int) -> HttpResponse:
    row = get_object_or_404(_outgoing(officer), pk=transfer)
    back = reverse("hr_transfers") + "?daftar=keluar"
    if officer.request.method == "POST":
        try:
            transfers.withdraw_release(row, by=officer.person, at=officer.at)
        except transfers.TransferClosed as refusal:
            messages.error(officer.request, str(refusal))
        else:
            messages.success(
                officer.request, _("The release of %(name)s is withdrawn.") % {"name": row.person.full_name}
            )
        return redirect(back)
    return ask(
        officer,
        title=_("Withdraw this release?"),
        lead=row.person.full_name,
        crumbs=list_crumbs(_("Transfers"), back, _("Withdraw a release")),
        facts=[fact(_("Works in"), row.person.unit), fact(_("Released to"), row.to_agency)],
        consequences=[_("The person stays with you; the other agency can no longer place them.")],
        button=_("Withdraw the release"),
        back=back,
    )


@for_role(HR, "GET", "POST")
def place(officer: Officer, transfer: int) -> HttpResponse:
    row = get_object_or_404(_arrivals(officer), pk=transfer)
    title, back = _("Place an arrival"), reverse("hr_transfers")
    crumbs = list_crumbs(_("Transfers"), back, title)
    agency = row.to_agency
    units = officer.units().filter(agency=agency).open(agency.day(officer.at))
    unit = chosen_unit(officer, units)
    if unit is None:
        return choose_unit(
            officer,
            units,
            title=title,
            lead=_("In which unit will %(name)s work?") % {"name": row.person.full_name},
            crumbs=crumbs,
            back=back,
            agency_id=agency.pk,
        )
    form = ArrivalForm(officer.request.POST if officer.request.method == "POST" else None)
    problem = ""
    if form.is_bound and form.is_valid():
        new_nip = form.cleaned_data["new_nip"] or None
        try:
            transfers.place_arrival(row, unit=unit, by=officer.person, at=officer.at, new_nip=new_nip)
        except transfers.TransferClosed as refusal:
            messages.error(officer.request, str(refusal))
            return redirect(back)
        except transfers.CannotMove as refusal:
            problem = refuse(form, refusal)
        except CannotCorrect as refusal:
            form.add_error("new_nip", str(refusal))
        else:
            words = {"name": row.person.full_name, "unit": unit.name}
            messages.success(officer.request, _("%(name)s now works in %(unit)s.") % words)
            return redirect("hr_person", pk=row.person_id)
    return ask(
        officer,
        title=title,
        lead=row.person.full_name,
        crumbs=crumbs,
        facts=[
            fact(_("NIP"), nip.grouped(row.person.nip or "") or "–"),
            fact(_("Comes from"), row.from_unit, note=row.from_unit.agency.name),
            fact(_("To"), unit, note=ways_to([unit])[unit.pk]),
        ],
        consequences=[
            _("From this moment on you see and count the person, and the former agency no longer does."),
            _("Running courses come along; what was earned stays with the unit that earned it."),
        ],
        form=form,
        problem=problem,
        button=_("Place in this unit"),
        back=back,
    )
