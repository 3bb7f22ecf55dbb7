"""Transfers between agencies, for HR of either side: releases under way, arrivals to be placed, and what was done."""

from __future__ import annotations

from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy.people import nip, transfers
from academy.people.corrections import CannotCorrect
from academy.people.gate import Officer, for_role
from academy.people.models import Agency, Role, Transfer
from academy.people.models.transfer import TransferQuerySet
from academy.people.views.asking import Done, Fields, ask, fact, list_crumbs, sent
from academy.people.views.choosing import choose_unit, chosen_unit, ways_to
from academy.people.views.paging import paged

HR = Role.Kind.HR


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


def _rows() -> TransferQuerySet:
    return Transfer.objects.select_related("person__unit__agency", "from_unit__agency", "to_agency", "released_by")


def _outgoing(officer: Officer) -> TransferQuerySet:
    """Releases under way of people who work in the scope."""
    return _rows().under_way().filter(person__in=officer.people())


def _arrivals(officer: Officer) -> TransferQuerySet:
    """People released to an agency whose topmost unit is in the scope: placing is for the whole agency."""
    return _rows().under_way().filter(to_agency__in=_placed_by(officer))


def _placed_by(officer: Officer) -> QuerySet[Agency]:
    return Agency.objects.filter(units__in=officer.units().filter(depth=1))


def _finished(officer: Officer, *, outgoing: bool) -> TransferQuerySet:
    """What was done, for the side that did it: of released people nothing that came later is told."""
    if outgoing:
        return _rows().filter(from_unit__in=officer.units())
    here = Exists(officer.people().filter(pk=OuterRef("person")))
    placed = _rows().filter(to_agency__in=_placed_by(officer)).annotate(here=here)
    return placed.select_related("placed_in", "placed_by")


@for_role(HR, "GET")
def index(officer: Officer) -> HttpResponse:
    asked = officer.request.GET
    outgoing = asked.get("daftar") == "keluar"
    states = {"": _("Under way"), "ditempatkan": _("Placed")} | ({"ditarik": _("Withdrawn")} if outgoing else {})
    state = asked.get("keadaan", "") if asked.get("keadaan") in states else ""
    if not state:
        rows = _outgoing(officer) if outgoing else _arrivals(officer)
    else:
        done = {"withdrawn_at__isnull" if state == "ditarik" else "placed_at__isnull": False}
        rows = _finished(officer, outgoing=outgoing).filter(**done)
    found = paged(officer, rows)
    here = "keluar" if outgoing else "masuk"
    context = found | {
        "crumbs": list_crumbs(_("Transfers"), reverse("hr_transfers")),
        "tabs": [
            {"label": _("To be placed here"), "url": "?daftar=masuk", "current": not outgoing},
            {"label": _("Released by us"), "url": "?daftar=keluar", "current": outgoing},
        ],
        "states": [
            {"label": label, "url": f"?daftar={here}" + (f"&keadaan={word}" if word else ""), "current": word == state}
            for word, label in states.items()
        ],
        "outgoing": outgoing,
        "state": state,
        "rows": [{"transfer": row, "nip": "" if state else nip.grouped(row.person.nip or "")} for row in found["page"]],
    }
    return render(officer.request, "people/desk/transfers.html", context)


@for_role(HR, "GET", "POST")
def withdraw(officer: Officer, transfer: int) -> HttpResponse:
    row = get_object_or_404(_outgoing(officer), pk=transfer)
    back = reverse("hr_transfers") + "?daftar=keluar"

    def act(_fields: Fields) -> Done:
        transfers.withdraw_release(row, by=officer.person, at=officer.at)
        return _("The release of %(name)s is withdrawn.") % {"name": row.person.full_name}

    return ask(
        officer,
        act=act,
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

    def act(fields: Fields) -> Done:
        try:
            transfers.place_arrival(row, unit=unit, by=officer.person, at=officer.at, new_nip=fields["new_nip"] or None)
        except CannotCorrect as refusal:
            raise transfers.CannotMove(str(refusal), field="new_nip") from refusal
        words = {"name": row.person.full_name, "unit": unit.name}
        return _("%(name)s now works in %(unit)s.") % words, reverse("hr_person", args=[row.person_id])

    return ask(
        officer,
        act=act,
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
        form=ArrivalForm(sent(officer)),
        button=_("Place in this unit"),
        back=back,
    )
