"""One official, for HR: what is known, what was changed, and what can be done."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from academy.people import nip
from academy.people.gate import Officer, for_role
from academy.people.models import AccessLog, ChangeLog, Person, Role, Transfer, WorkUnit
from academy.people.scope import scope_in_words
from academy.people.views.asking import Fact, fact, person_crumbs
from academy.people.views.log_words import in_words
from academy.people.views.roles import endable_by, with_state

HR = Role.Kind.HR
MOST_CHANGES = 30


@for_role(HR, "GET")
def manage(officer: Officer, pk: int) -> HttpResponse:
    units = officer.units()
    open_transfer = Transfer.objects.under_way().filter(person=OuterRef("pk"))
    people = Person.objects.filter(unit__in=units).select_related("unit__agency")
    people = people.annotate(
        transfer=Subquery(open_transfer.values("pk")[:1]),
        released_to=Subquery(open_transfer.values("to_agency__name")[:1]),
    )
    subject = get_object_or_404(people, pk=pk)
    AccessLog.objects.create(
        person=officer.person,
        action=AccessLog.Action.PERSON_PAGE,
        scope=scope_in_words(officer.person, kind=officer.kind, at=officer.at)[:300],
        at=officer.at,
        subject=subject,
    )
    unit: Any = subject.unit  # in the scope, so in a unit
    today = unit.agency.day(officer.at)
    placements = list(subject.placements.select_related("unit__agency").order_by("-from_on"))
    current = next((placement for placement in placements if placement.from_on <= today), None)
    roles = subject.roles.select_related("unit__agency", "group", "granted_by").annotate(endable=endable_by(officer))
    # What another agency noted about the person before they came is not for this one.
    changes = ChangeLog.objects.filter(Q(unit__in=units) | Q(unit__isnull=True), subject=subject)
    context = {
        "subject": subject,
        "unit": unit,
        "zone": unit.agency.time_zone,
        "crumbs": person_crumbs(subject),
        "facts": _facts(subject, unit),
        "transfer": subject.transfer,
        "released_to": subject.released_to,
        "placements": [{"row": each, "now": each == current, "planned": each.from_on > today} for each in placements],
        "roles": with_state(roles.order_by("-from_at", "-pk"), at=officer.at),
        "changes": in_words(changes.select_related("actor")[:MOST_CHANGES]),
        "actions": _actions(subject, released=bool(subject.transfer)),
    }
    return render(officer.request, "people/desk/person.html", context)


def _facts(subject: Person, unit: WorkUnit) -> list[Fact]:
    return [
        fact(_("NIP"), nip.grouped(subject.nip or "") or "–"),
        fact(_("E-mail"), subject.email or "–"),
        fact(_("Kind"), subject.get_kind_display()),
        fact(_("Golongan"), subject.grade or "–"),
        fact(_("Position"), subject.position or "–"),
        fact(_("Work unit"), unit.name, note="" if unit.is_root() else unit.agency.name),
        fact(_("Account"), _("active") if subject.is_active else _("inactive")),
    ]


def _actions(subject: Person, *, released: bool) -> list[dict[str, str]]:
    """What can be done, each a link to the page that asks first."""

    def action(view: str, label: str, text: str) -> dict[str, str]:
        return {"url": reverse(view, args=[subject.pk]), "label": label, "text": text}

    return [
        action("hr_correct", _("Correct the data"), _("Name, titles, NIP, e-mail, golongan, position.")),
        action("hr_move", _("Move to another unit"), _("Inside the agency, today or on a later day.")),
        *(
            []
            if released
            else [action("hr_release", _("Release to another agency"), _("That agency then places the person."))]
        ),
        action("hr_leave", _("End of service"), _("Retired, resigned or passed away.")),
        *(
            [
                action("hr_new_code", _("New activation code"), _("For somebody who cannot sign in any more.")),
                action("hr_deactivate", _("Deactivate the account"), _("No signing in; nothing is deleted.")),
            ]
            if subject.is_active
            else [action("hr_reactivate", _("Reactivate the account"), _("The person can sign in again."))]
        ),
    ]
