"""One official, for HR: what is known and was changed, and what HR can do."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.db.models import OuterRef, Q, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy.people import corrections, nip, transfers
from academy.people.gate import Officer, for_role
from academy.people.models import AccessLog, Agency, ChangeLog, Person, Role, Transfer, WorkUnit
from academy.people.scope import scope_in_words
from academy.people.views.asking import DayForm, ask, fact, person_crumbs, refuse
from academy.people.views.choosing import choose_unit, chosen_unit, ways_to
from academy.people.views.roles import endable_by, with_state

HR = Role.Kind.HR
MOST_CHANGES = 30
FIELD_LABELS = {
    "name": gettext_lazy("Name"),
    "title_before": gettext_lazy("Titles before the name"),
    "title_after": gettext_lazy("Titles after the name"),
    "nip": gettext_lazy("NIP"),
    "email": gettext_lazy("E-mail"),
    "grade": gettext_lazy("Golongan"),
    "position": gettext_lazy("Position"),
}


class PersonForm(forms.Form):
    name = forms.CharField(label=FIELD_LABELS["name"], max_length=200)
    title_before = forms.CharField(label=FIELD_LABELS["title_before"], max_length=60, required=False)
    title_after = forms.CharField(label=FIELD_LABELS["title_after"], max_length=80, required=False)
    nip = forms.CharField(
        label=FIELD_LABELS["nip"],
        max_length=40,
        required=False,
        help_text=gettext_lazy("18 digits; spaces are allowed. The former number is kept and still found."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    email = forms.EmailField(
        label=FIELD_LABELS["email"],
        required=False,
        help_text=gettext_lazy("Links for a new password are sent here."),
    )
    grade = forms.CharField(
        label=FIELD_LABELS["grade"],
        max_length=8,
        required=False,
        help_text=gettext_lazy("PNS: I/a to IV/e. PPPK: I to XVII."),
    )
    position = forms.CharField(label=FIELD_LABELS["position"], max_length=200, required=False)

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


@for_role(HR, "GET")
def manage(officer: Officer, pk: int) -> HttpResponse:
    units = officer.units()
    open_transfer = Transfer.objects.filter(person=OuterRef("pk"), placed_at__isnull=True, withdrawn_at__isnull=True)
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
    unit = _unit_of(subject)
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
        "facts": _facts(subject),
        "transfer": subject.transfer,
        "released_to": subject.released_to,
        "placements": [{"row": each, "now": each == current, "planned": each.from_on > today} for each in placements],
        "roles": with_state(roles.order_by("-from_at", "-pk"), at=officer.at),
        "changes": [
            {"line": line, "what": what_was_done(line), "detail": in_detail(line)}
            for line in changes.select_related("actor")[:MOST_CHANGES]
        ],
        "actions": _actions(subject, released=bool(subject.transfer)),
    }
    return render(officer.request, "people/desk/person.html", context)


def _facts(subject: Person) -> list[dict[str, Any]]:
    unit = _unit_of(subject)
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
        action("hr_deactivate", _("Deactivate the account"), _("No signing in; nothing is deleted."))
        if subject.is_active
        else action("hr_reactivate", _("Reactivate the account"), _("The person can sign in again.")),
    ]


def what_was_done(line: ChangeLog) -> str:
    if line.detail.get("withdrawn"):
        return _("Release withdrawn")
    if line.action == ChangeLog.Action.PLACED and not line.detail.get("after"):
        return _("End of service")
    return line.get_action_display()


def in_detail(line: ChangeLog) -> list[dict[str, str]]:
    """What a line of the log says beyond its action: list of {label, before, after}, any of them empty."""
    detail = line.detail
    if line.action in {ChangeLog.Action.CORRECTED, ChangeLog.Action.NIP_CHANGED}:
        before, after = detail.get("before") or {}, detail.get("after") or {}
        if not isinstance(before, dict) or not isinstance(after, dict):
            return []
        return [
            {"label": str(FIELD_LABELS.get(field, field)), "before": before.get(field) or "–", "after": text or "–"}
            for field, text in after.items()
        ]
    if line.action == ChangeLog.Action.PLACED:
        return [{"label": "", "before": detail.get("before") or "", "after": detail.get("after") or ""}]
    if line.action == ChangeLog.Action.RELEASED:
        return [{"label": "", "before": "", "after": detail.get("to_agency") or ""}]
    if line.action in {ChangeLog.Action.ROLE_GRANTED, ChangeLog.Action.ROLE_ENDED}:
        kind = str(dict(Role.Kind.choices).get(detail.get("kind"), ""))
        return [{"label": kind, "before": "", "after": detail.get("unit_name") or detail.get("group_name") or ""}]
    return []


@for_role(HR, "GET", "POST")
def correct(officer: Officer, pk: int) -> HttpResponse:
    subject = _subject(officer, pk)
    shown = {field: getattr(subject, field) or "" for field in corrections.FIELDS}
    form = PersonForm(officer.request.POST if officer.request.method == "POST" else None, initial=shown)
    problem = ""
    if form.is_bound and form.is_valid():
        try:
            corrections.correct(subject, form.cleaned_data, by=officer.person, at=officer.at)
        except corrections.CannotCorrect as refusal:
            problem = refuse(form, refusal)
        else:
            messages.success(
                officer.request, _("The data of %(name)s are saved.") % {"name": form.cleaned_data["name"]}
            )
            return redirect("hr_person", pk=subject.pk)
    return ask(
        officer,
        title=_("Correct the data"),
        lead=subject.full_name,
        crumbs=person_crumbs(subject, _("Correct the data")),
        form=form,
        problem=problem,
        button=_("Save"),
        back=_back_to(subject),
        consequences=[_("Certificates that were issued keep the name and the NIP printed on them.")],
    )


@for_role(HR, "GET", "POST")
def move(officer: Officer, pk: int) -> HttpResponse:
    subject = _subject(officer, pk)
    agency, title = _unit_of(subject).agency, _("Move to another unit")
    units = officer.units().filter(agency=agency).open(agency.day(officer.at))
    unit, crumbs = chosen_unit(officer, units), person_crumbs(subject, title)
    if unit is None:
        return choose_unit(
            officer,
            units.exclude(pk=subject.unit_id),
            title=title,
            lead=_("To which unit does %(name)s move?") % {"name": subject.full_name},
            crumbs=crumbs,
            back=_back_to(subject),
            agency_id=agency.pk,
        )
    today = agency.day(officer.at)
    form = DayForm(officer.request.POST if officer.request.method == "POST" else None, initial={"from_on": today})
    problem = ""
    if form.is_bound and form.is_valid():
        from_on = form.cleaned_data["from_on"]
        try:
            transfers.move(subject, unit=unit, from_on=from_on, by=officer.person, at=officer.at)
        except transfers.CannotMove as refusal:
            problem = refuse(form, refusal)
        else:
            words = {"name": subject.full_name, "unit": unit.name}
            if from_on <= today:
                messages.success(officer.request, _("%(name)s now works in %(unit)s.") % words)
            else:
                messages.success(officer.request, _("%(name)s will move to %(unit)s on the chosen day.") % words)
            return redirect("hr_person", pk=subject.pk)
    return ask(
        officer,
        title=title,
        lead=subject.full_name,
        crumbs=crumbs,
        facts=[fact(_("From"), subject.unit), fact(_("To"), unit, note=ways_to([unit])[unit.pk])],
        consequences=[
            _("Running courses go along and count for the new unit from then on."),
            _("What was earned stays with the unit that earned it."),
        ],
        form=form,
        problem=problem,
        button=_("Move"),
        back=_back_to(subject),
    )


@for_role(HR, "GET", "POST")
def release(officer: Officer, pk: int) -> HttpResponse:
    subject = _subject(officer, pk)
    data = officer.request.POST if officer.request.method == "POST" else None
    form = ReleaseForm(data, without=_unit_of(subject).agency)
    problem = ""
    if form.is_bound and form.is_valid():
        agency = form.cleaned_data["agency"]
        try:
            transfers.release(subject, to_agency=agency, by=officer.person, at=officer.at)
        except transfers.CannotRelease as refusal:
            problem = refuse(form, refusal)
        else:
            words = {"name": subject.full_name, "agency": agency.name}
            messages.success(
                officer.request, _("%(name)s is released to %(agency)s, which can now place them.") % words
            )
            return redirect("hr_person", pk=subject.pk)
    return ask(
        officer,
        title=_("Release to another agency"),
        lead=subject.full_name,
        crumbs=person_crumbs(subject, _("Release to another agency")),
        facts=[fact(_("From"), subject.unit, note=_unit_of(subject).agency.name)],
        consequences=[
            _("Until the new agency places the person, you still see and count them, and can withdraw the release."),
            _("From then on, only the new agency sees them. Running courses go along; what was earned stays here."),
            _("Roles over units of this agency end at that moment."),
        ],
        form=form,
        problem=problem,
        button=_("Release"),
        back=_back_to(subject),
    )


@for_role(HR, "GET", "POST")
def leave(officer: Officer, pk: int) -> HttpResponse:
    subject = _subject(officer, pk)
    today = _unit_of(subject).agency.day(officer.at)
    form = DayForm(officer.request.POST if officer.request.method == "POST" else None, initial={"from_on": today})
    problem = ""
    if form.is_bound and form.is_valid():
        from_on = form.cleaned_data["from_on"]
        try:
            transfers.leave(subject, from_on=from_on, by=officer.person, at=officer.at)
        except transfers.CannotMove as refusal:
            problem = refuse(form, refusal)
        else:
            messages.success(
                officer.request, _("The end of service of %(name)s is recorded.") % {"name": subject.full_name}
            )
            return redirect("report_people") if from_on <= today else redirect("hr_person", pk=subject.pk)
    return ask(
        officer,
        title=_("End of service"),
        lead=subject.full_name,
        crumbs=person_crumbs(subject, _("End of service")),
        facts=[fact(_("Work unit"), subject.unit)],
        consequences=[
            _("From that day on the person works in no unit: your lists and totals no longer show them."),
            _("All roles end on that day, and later moves that were planned are dropped."),
            _("What was earned stays with its unit, and certificates stay valid."),
            _("Only a new import or the operator brings the person back."),
        ],
        form=form,
        problem=problem,
        button=_("Record the end of service"),
        back=_back_to(subject),
        danger=True,
    )


@for_role(HR, "GET", "POST")
def deactivate(officer: Officer, pk: int) -> HttpResponse:
    subject = _subject(officer, pk)
    problem = ""
    if officer.request.method == "POST":
        try:
            corrections.deactivate(subject, by=officer.person, at=officer.at)
        except corrections.CannotCorrect as refusal:
            problem = str(refusal)
        else:
            messages.success(officer.request, _("The account of %(name)s is inactive.") % {"name": subject.full_name})
            return redirect("hr_person", pk=subject.pk)
    return ask(
        officer,
        title=_("Deactivate the account"),
        lead=subject.full_name,
        crumbs=person_crumbs(subject, _("Deactivate the account")),
        consequences=[
            _("The person can no longer sign in, and an open session ends with the next click."),
            _("Reports no longer count the person. Nothing is deleted, certificates stay valid."),
            _("You can reactivate the account at any time."),
        ],
        problem=problem,
        button=_("Deactivate"),
        back=_back_to(subject),
        danger=True,
    )


@for_role(HR, "GET", "POST")
def reactivate(officer: Officer, pk: int) -> HttpResponse:
    subject = _subject(officer, pk)
    problem = ""
    if officer.request.method == "POST":
        try:
            corrections.reactivate(subject, by=officer.person, at=officer.at)
        except corrections.CannotCorrect as refusal:
            problem = str(refusal)
        else:
            messages.success(officer.request, _("The account of %(name)s is active.") % {"name": subject.full_name})
            return redirect("hr_person", pk=subject.pk)
    return ask(
        officer,
        title=_("Reactivate the account"),
        lead=subject.full_name,
        crumbs=person_crumbs(subject, _("Reactivate the account")),
        consequences=[
            _("The person can sign in again and is counted in reports."),
            _("Roles that have not ended count again."),
        ],
        problem=problem,
        button=_("Reactivate"),
        back=_back_to(subject),
    )
