"""Replacing a certificate after a correction: what is printed beside what would be printed now, the reason, the new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields as fields_of
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy.pages.templatetags.formats import day
from academy.people import nip
from academy.people.gate import Officer, for_role
from academy.people.models import Role
from academy.people.refusals import Refused
from academy.people.views.asking import AGAIN, Done, Fact, Fields, ask, change, fact, sent
from certificates import reissuing
from certificates.facts import CertificateFacts
from certificates.models import Certificate
from certificates.views.issued import crumbs, own_certificate

ORGANISER = Role.Kind.ORGANISER
LABELS: dict[str, Any] = {
    "title": gettext_lazy("Title"),
    "outcome": gettext_lazy("Outcome"),
    "opening": gettext_lazy("Opening text"),
    "lead_in": gettext_lazy("Lead-in"),
    "details": gettext_lazy("Details"),
    "name": gettext_lazy("Name"),
    "nip": gettext_lazy("NIP"),
    "grade": gettext_lazy("Golongan"),
    "position": gettext_lazy("Position"),
    "unit": gettext_lazy("Work unit"),
    "agency": gettext_lazy("Agency"),
    "course": gettext_lazy("Course"),
    "edition": gettext_lazy("Edition"),
    "run": gettext_lazy("Run"),
    "learned_from": gettext_lazy("Learned from"),
    "completed_on": gettext_lazy("Completed on"),
    "credit_hours": gettext_lazy("Credit hours (JP)"),
    "score": gettext_lazy("Score"),
    "pass_mark": gettext_lazy("Pass mark"),
    "modules": gettext_lazy("Modules"),
    "government": gettext_lazy("Government"),
    "organiser": gettext_lazy("Organiser"),
    "organiser_short": gettext_lazy("Short name of the organiser"),
    "place": gettext_lazy("Place of issue"),
    "signatory": gettext_lazy("Signatory"),
    "signatory_nip": gettext_lazy("NIP of the signatory"),
    "signatory_position": gettext_lazy("Position of the signatory"),
    "on_behalf_of": gettext_lazy("On behalf of"),
    "logos": gettext_lazy("Logos"),
    "photo": gettext_lazy("Photo"),
    "birth_place": gettext_lazy("Place of birth"),
    "born_on": gettext_lazy("Day of birth"),
}
DAYS = {"learned_from", "completed_on", "born_on"}
LONGEST = 300


class ReissueForm(forms.Form):
    alasan = forms.CharField(
        max_length=200,
        label=gettext_lazy("What was corrected"),
        help_text=gettext_lazy(
            "Kept with the new certificate, for example: name corrected after a letter of the holder."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    tetap = forms.BooleanField(required=False, label=gettext_lazy("Issue a new one although nothing would change"))

    def __init__(self, *args: Any, changes_something: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._changes_something = changes_something
        if changes_something:
            del self.fields["tetap"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self._changes_something and not cleaned.get("tetap"):
            self.add_error("tetap", _("Nothing printed would change. Correct the data first, or confirm here."))
        return cleaned


@for_role(ORGANISER, "GET", "POST")
def reissue(officer: Officer, certificate: int) -> HttpResponse:
    """Where it was replaced already, by a second press of the button or by somebody else, leads to what replaced it."""
    row = own_certificate(officer, certificate)
    back = reverse("issued_certificate", args=[row.pk])
    if successor := _successor(row):
        said = _("Number %(old)s was replaced already, by number %(new)s.")
        messages.info(officer.request, said % {"old": row.number, "new": successor.number})
        return redirect("issued_certificate", successor.pk)
    if row.revoked_at and row.annuls_credit:
        messages.error(officer.request, _("It was revoked together with its credit hours and cannot be replaced."))
        return redirect(back)
    differences = compared(row, officer)
    form = ReissueForm(sent(officer), changes_something=bool(differences))
    changes = differences or [fact(_("What would change"), _("Nothing that is printed"))]

    def act(given: Fields) -> Done:
        return _act(officer, row, given["alasan"])

    data = officer.request.POST
    is_previewed = officer.request.method == "POST" and AGAIN not in data and form.is_valid()
    return ask(
        officer,
        act=act,
        title=_("Replace this certificate?"),
        lead=f"{row.facts['name']} · {row.number}",
        crumbs=crumbs(row.number, _("Replace")),
        button=_("Issue the new one"),
        back=back,
        facts=() if is_previewed else changes,
        consequences=[
            _("The new one gets a number and a code of its own. The old code answers “replaced” with the new one."),
            _("The holder is told as soon as the new one is out."),
        ],
        form=form,
        preview=lambda _given: changes,  # seen first even if nothing changes: it cannot be taken back
    )


def _act(officer: Officer, row: Certificate, correction: str) -> Done:
    try:
        made = reissuing.reissue(row, correction=correction, by=officer.person, at=officer.at)
    except reissuing.CannotReissue as error:
        raise Refused(_("It was revoked together with its credit hours and cannot be replaced.")) from error
    said = _("Number %(new)s replaces number %(old)s. It is signed within minutes.")
    return said % {"new": made.number, "old": row.number}, reverse("issued_certificate", args=[made.pk])


def _successor(row: Certificate) -> Certificate | None:
    if row.superseded_at is None:
        return None
    return Certificate.objects.filter(completion=row.completion_id).order_by("-revision").first()


def compared(row: Certificate, officer: Officer) -> Sequence[Fact]:
    """What would be printed now, beside what is printed; only where the two differ."""
    old = CertificateFacts.from_json(row.facts)
    new = reissuing.facts_of_today(row, at=officer.at)
    names = [field.name for field in fields_of(CertificateFacts) if field.name in LABELS]
    return [
        change(str(LABELS[name]), _in_words(name, old), _in_words(name, new))
        for name in names
        if getattr(old, name) != getattr(new, name)
    ]


def _in_words(name: str, facts: CertificateFacts) -> str:
    value = getattr(facts, name)
    if not value:
        return ""
    if name in DAYS:
        return day(date.fromisoformat(value))
    if name in {"nip", "signatory_nip"}:
        return nip.grouped(value)
    if name == "modules":
        return "; ".join(f"{module.title} ({module.credit_hours.replace('.', ',')} JP)" for module in value)
    if name == "logos":
        return ", ".join(logo.alt for logo in value)
    if name == "photo":
        return _("photo %(mark)s") % {"mark": value[:8]}
    return str(value)[:LONGEST]
