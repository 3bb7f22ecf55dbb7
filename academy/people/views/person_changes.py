"""What HR changes about one official. Every page says first what the change would do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy.people import corrections, transfers
from academy.people.gate import Officer, for_role
from academy.people.models import Agency, Person, Role, WorkUnit
from academy.people.views.asking import DayForm, Done, Fact, Fields, ask, change, fact, person_crumbs, sent
from academy.people.views.choosing import choose_unit, chosen_unit, ways_to
from academy.people.views.log_words import FIELDS

HR = Role.Kind.HR


class PersonForm(forms.Form):
    name = forms.CharField(label=FIELDS["name"], max_length=200)
    title_before = forms.CharField(label=FIELDS["title_before"], max_length=60, required=False)
    title_after = forms.CharField(label=FIELDS["title_after"], max_length=80, required=False)
    nip = forms.CharField(
        label=FIELDS["nip"],
        max_length=40,
        required=False,
        help_text=gettext_lazy("18 digits; spaces are allowed. The former number is kept and still found."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    email = forms.EmailField(
        label=FIELDS["email"],
        required=False,
        help_text=gettext_lazy("Links for a new password are sent here."),
    )
    grade = forms.CharField(
        label=FIELDS["grade"],
        max_length=8,
        required=False,
        help_text=gettext_lazy("PNS: I/a to IV/e. PPPK: I to XVII."),
    )
    position = forms.CharField(label=FIELDS["position"], max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"


class ReleaseForm(forms.Form):
    agency = forms.ModelChoiceField(
        label=gettext_lazy("New agency"), queryset=Agency.objects.none(), empty_label=gettext_lazy("Choose an agency")
    )

    def __init__(self, *args: Any, without: Agency, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(Any, self.fields["agency"])
        field.queryset = Agency.objects.exclude(pk=without.pk)


def _subject(officer: Officer, pk: int) -> Person:
    """Anybody who works in the scope today, active or not; others do not exist."""
    subject: Person = get_object_or_404(officer.people().select_related("unit__agency"), pk=pk)
    return subject


def _unit_of(subject: Person) -> WorkUnit:
    return cast(WorkUnit, subject.unit)  # in the scope, so in a unit


def _back_to(subject: Person) -> str:
    return reverse("hr_person", args=[subject.pk])


def _ask(officer: Officer, subject: Person, *, title: str, **page: Any) -> HttpResponse:
    """`ask` about a person, with the way to them."""
    return ask(
        officer,
        title=title,
        lead=subject.full_name,
        crumbs=person_crumbs(subject, title),
        back=_back_to(subject),
        **page,
    )


@for_role(HR, "GET", "POST")
def correct(officer: Officer, pk: int) -> HttpResponse:
    subject = _subject(officer, pk)

    def preview(fields: Fields) -> list[Fact]:
        changes = corrections.preview(subject, fields, by=officer.person, at=officer.at)
        return [change(str(FIELDS[field]), before, after) for field, (before, after) in changes.items()]

    def act(fields: Fields) -> Done:
        corrections.correct(subject, fields, by=officer.person, at=officer.at)
        return _("The data of %(name)s are saved.") % {"name": fields["name"]}

    shown = {field: getattr(subject, field) or "" for field in corrections.FIELDS}
    return _ask(
        officer,
        subject,
        act=act,
        preview=preview,
        title=_("Correct the data"),
        consequences=[_("Certificates that were issued keep the name and the NIP printed on them.")],
        form=PersonForm(sent(officer), initial=shown),
        button=_("Save"),
    )


@for_role(HR, "GET", "POST")
def move(officer: Officer, pk: int) -> HttpResponse:
    subject = _subject(officer, pk)
    agency, title = _unit_of(subject).agency, _("Move to another unit")
    units = officer.units().filter(agency=agency).open(agency.day(officer.at))
    unit = chosen_unit(officer, units)
    if unit is None:
        return choose_unit(
            officer,
            units.exclude(pk=subject.unit_id),
            title=title,
            lead=_("To which unit does %(name)s move?") % {"name": subject.full_name},
            crumbs=person_crumbs(subject, title),
            back=_back_to(subject),
            agency_id=agency.pk,
        )
    today = agency.day(officer.at)

    def act(fields: Fields) -> Done:
        transfers.move(subject, unit=unit, from_on=fields["from_on"], by=officer.person, at=officer.at)
        words = {"name": subject.full_name, "unit": unit.name}
        if fields["from_on"] <= today:
            return _("%(name)s now works in %(unit)s.") % words
        return _("%(name)s will move to %(unit)s on the chosen day.") % words

    return _ask(
        officer,
        subject,
        act=act,
        title=title,
        facts=[fact(_("From"), subject.unit), fact(_("To"), unit, note=ways_to([unit])[unit.pk])],
        consequences=[
            _("Running courses go along and count for the new unit from then on."),
            _("What was earned stays with the unit that earned it."),
        ],
        form=DayForm(sent(officer), initial={"from_on": today}),
        button=_("Move"),
    )


@for_role(HR, "GET", "POST")
def cancel_plan(officer: Officer, pk: int, placement: int) -> HttpResponse:
    subject = _subject(officer, pk)
    plan = subject.placements.select_related("unit").filter(pk=placement).first()
    if plan is None and officer.request.method == "POST":  # cancelled by the first of two clicks
        return redirect(_back_to(subject))
    if plan is None or plan.from_on <= _unit_of(subject).agency.day(officer.at):
        raise Http404
    day = date_format(plan.from_on, "j F Y")

    def act(_fields: Fields) -> Done:
        transfers.cancel_plan(subject, from_on=plan.from_on, by=officer.person, at=officer.at)
        return _("What was planned for %(day)s is cancelled.") % {"day": day}

    stays = plan.from_on - timedelta(days=1)
    return _ask(
        officer,
        subject,
        act=act,
        title=_("Cancel what is planned?"),
        facts=[fact(_("Planned"), plan.unit or _("End of service"), note=day)],
        consequences=[
            _("The person stays on that day where they work on %(day)s.") % {"day": date_format(stays, "j F Y")},
            *([] if plan.unit else [_("Roles that were to end on that day still end; grant them anew.")]),
        ],
        button=_("Cancel the plan"),
    )


@for_role(HR, "GET", "POST")
def release(officer: Officer, pk: int) -> HttpResponse:
    subject = _subject(officer, pk)
    agency = _unit_of(subject).agency

    def act(fields: Fields) -> Done:
        transfers.release(subject, to_agency=fields["agency"], by=officer.person, at=officer.at)
        words = {"name": subject.full_name, "agency": fields["agency"].name}
        return _("%(name)s is released to %(agency)s, which can now place them.") % words

    return _ask(
        officer,
        subject,
        act=act,
        title=_("Release to another agency"),
        facts=[fact(_("From"), subject.unit, note=agency.name)],
        consequences=[
            _("Until the new agency places the person, you still see and count them, and can withdraw the release."),
            _("From then on, only the new agency sees them. Running courses go along; what was earned stays here."),
            _("Roles over units of this agency end at that moment."),
        ],
        form=ReleaseForm(sent(officer), without=agency),
        button=_("Release"),
    )


@for_role(HR, "GET", "POST")
def leave(officer: Officer, pk: int) -> HttpResponse:
    subject = _subject(officer, pk)
    today = _unit_of(subject).agency.day(officer.at)

    def act(fields: Fields) -> Done:
        transfers.leave(subject, from_on=fields["from_on"], by=officer.person, at=officer.at)
        said = _("The end of service of %(name)s is recorded.") % {"name": subject.full_name}
        return said, reverse("report_people") if fields["from_on"] <= today else _back_to(subject)

    return _ask(
        officer,
        subject,
        act=act,
        title=_("End of service"),
        facts=[fact(_("Work unit"), subject.unit)],
        consequences=[
            _("From that day on the person works in no unit: your lists and totals no longer show them."),
            _("All roles end on that day, and later moves that were planned are dropped."),
            _("What was earned stays with its unit, and certificates stay valid."),
            _("Only a new import or the operator brings the person back."),
        ],
        form=DayForm(sent(officer), initial={"from_on": today}),
        button=_("Record the end of service"),
        danger=True,
    )


@for_role(HR, "GET", "POST")
def deactivate(officer: Officer, pk: int) -> HttpResponse:
    subject = _subject(officer, pk)

    def act(_fields: Fields) -> Done:
        corrections.deactivate(subject, by=officer.person, at=officer.at)
        return _("The account of %(name)s is inactive.") % {"name": subject.full_name}

    return _ask(
        officer,
        subject,
        act=act,
        title=_("Deactivate the account"),
        consequences=[
            _("The person can no longer sign in, and an open session ends with the next click."),
            _("Reports no longer count the person. Nothing is deleted, certificates stay valid."),
            _("You can reactivate the account at any time."),
        ],
        button=_("Deactivate"),
        danger=True,
    )


@for_role(HR, "GET", "POST")
def reactivate(officer: Officer, pk: int) -> HttpResponse:
    subject = _subject(officer, pk)

    def act(_fields: Fields) -> Done:
        corrections.reactivate(subject, by=officer.person, at=officer.at)
        return _("The account of %(name)s is active.") % {"name": subject.full_name}

    return _ask(
        officer,
        subject,
        act=act,
        title=_("Reactivate the account"),
        consequences=[
            _("The person can sign in again and is counted in reports."),
            _("Roles that have not ended count again."),
        ],
        button=_("Reactivate"),
    )
