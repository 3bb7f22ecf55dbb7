"""The roles inside the scope of an officer: which are in force, granting one, ending one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from academy.people import roles as actions
from academy.people.gate import Officer, for_role
from academy.people.models import AgencyGroup, Person, Role, WorkUnit
from academy.people.models.role import in_force
from academy.people.views.asking import Done, Fields, ask, fact, list_crumbs, searched, sent
from academy.people.views.choosing import called, choose_person, choose_unit, chosen_unit, number_in_address, ways_to
from academy.people.views.paging import paged

HR = Role.Kind.HR
LONGEST = timedelta(days=3653)  # ten years
STATES = {"berlaku": "in_force", "akan-datang": "future", "berakhir": "ended"}


class PeriodForm(forms.Form):
    from_at = forms.DateTimeField(
        label=pgettext_lazy("role", "From"),
        required=False,
        help_text=gettext_lazy("Empty: at once."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    until_at = forms.DateTimeField(
        label=pgettext_lazy("role", "Until"),
        required=False,
        help_text=gettext_lazy("Empty: until somebody ends it. A role that ends at 12.00 no longer counts at 12.00."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.at = at

    def clean_from_at(self) -> datetime:
        moment: datetime | None = self.cleaned_data["from_at"]
        if moment and moment < self.at:
            raise forms.ValidationError(
                _("The beginning lies in the past. Leave it empty for a role that begins at once.")
            )
        return self._not_too_far(moment) or self.at

    def clean_until_at(self) -> datetime | None:
        return self._not_too_far(self.cleaned_data["until_at"])

    def _not_too_far(self, moment: datetime | None) -> datetime | None:
        if moment and moment > self.at + LONGEST:
            raise forms.ValidationError(_("That is more than ten years ahead."))
        return moment


def with_state(roles: Iterable[Role], *, at: datetime) -> list[dict[str, Any]]:
    """For people/desk/_roles.html: each role with its state in words, and in the zone of its agency."""
    return [
        {
            "role": role,
            "over": role.group or role.unit,
            "agency": role.unit.agency if role.unit and not role.unit.is_root() else None,
            "zone": role.unit.agency.time_zone if role.unit else None,
            **_state(role, at),
        }
        for role in roles
    ]


def _state(role: Role, at: datetime) -> dict[str, str]:
    if role.until_at is not None and role.until_at <= at:
        return {"state": "todo", "label": pgettext("role", "Ended")}
    if role.from_at > at:
        return {"state": "waiting", "label": pgettext("role", "To come")}
    return {"state": "done", "label": pgettext("role", "In force")}


def _may_end(officer: Officer) -> Q:
    """Those that the officer could have granted, and the own ones."""
    return actions.grantable_by(officer.person, at=officer.at) | Q(person=officer.person)


def endable_by(officer: Officer) -> Case:
    """Whether the officer may end a role of the query."""
    return Case(When(_may_end(officer), then=Value(True)), default=Value(False))


def _in_scope(officer: Officer) -> QuerySet[Role]:
    """Roles over units of the scope, and over the groups the officer holds."""
    groups = Role.objects.in_force(officer.at).filter(person=officer.person, kind=officer.kind, group__isnull=False)
    roles = Role.objects.filter(Q(unit__in=officer.units()) | Q(group__in=groups.values("group")))
    return roles.annotate(endable=endable_by(officer))


@for_role(HR, "GET")
def index(officer: Officer) -> HttpResponse:
    chosen = officer.request.GET.get("keadaan", "")
    chosen = chosen if chosen in STATES else "berlaku"
    search = searched(officer.request.GET.get("q", ""))
    roles = _in_scope(officer).select_related("person__unit", "unit__agency", "group", "granted_by")
    if STATES[chosen] == "in_force":
        roles = roles.filter(in_force(officer.at))
    elif STATES[chosen] == "future":
        roles = roles.filter(from_at__gt=officer.at).filter(Q(until_at__isnull=True) | Q(until_at__gt=officer.at))
    else:
        roles = roles.filter(until_at__lte=officer.at)
    if search:
        roles = roles.filter(called(search, "person__"))
    found = paged(officer, roles.order_by("person__name", "-from_at", "-pk"))
    labels = {"berlaku": _("In force"), "akan-datang": _("To come"), "berakhir": _("Ended")}
    context = found | {
        "crumbs": list_crumbs(_("Roles"), reverse("hr_roles")),
        "tabs": [
            {
                "label": label,
                "url": "?" + urlencode({"keadaan": value} | ({"q": search} if search else {})),
                "current": value == chosen,
            }
            for value, label in labels.items()
        ],
        "chosen": chosen,
        "search": search,
        "roles": with_state(found["page"], at=officer.at),
    }
    return render(officer.request, "people/desk/roles.html", context)


@for_role(HR, "GET", "POST")
def grant(officer: Officer) -> HttpResponse:
    """Three steps in one address: whom (pegawai), over what (unit or kelompok), from when until when."""
    title, back = _("Grant the role of HR officer"), reverse("hr_roles")
    crumbs = list_crumbs(_("Roles"), back, title)
    pk = number_in_address(officer, "pegawai")
    person = get_object_or_404(officer.people().filter(is_active=True).select_related("unit"), pk=pk) if pk else None
    units = officer.units()
    unit, group = chosen_unit(officer, units), _chosen_group(officer)
    keep = {name: str(row.pk) for name, row in (("pegawai", person), ("unit", unit), ("kelompok", group)) if row}
    if person is None:
        return choose_person(
            officer, title=title, lead=_("Who receives the role?"), crumbs=crumbs, back=back, keep=keep
        )
    if unit is None and group is None:
        today = timezone.localdate(officer.at)
        return choose_unit(
            officer,
            units.open(today),
            title=title,
            lead=_("Over which unit, with all below it, does %(name)s receive the role?") % {"name": person.full_name},
            crumbs=crumbs,
            back=back,
            keep=keep,
            others=[
                {"title": row.name, "url": "?" + urlencode(keep | {"kelompok": row.pk})} for row in _groups(officer)
            ],
        )
    return _grant(officer, person, unit, None if unit else group, title=title, crumbs=crumbs, back=back)


def _grant(
    officer: Officer,
    person: Person,
    unit: WorkUnit | None,
    group: AgencyGroup | None,
    *,
    title: str,
    crumbs: list[dict[str, str]],
    back: str,
) -> HttpResponse:
    zone = ZoneInfo(unit.agency.time_zone) if unit else timezone.get_default_timezone()

    def act(fields: Fields) -> Done:
        actions.grant_role(person, kind=HR, unit=unit, group=group, **fields, by=officer.person, at=officer.at)
        said = _("%(name)s has the role of HR officer.") % {"name": person.full_name}
        return said, reverse("hr_person", args=[person.pk])

    with timezone.override(zone):
        return ask(
            officer,
            act=act,
            title=title,
            lead=person.full_name,
            crumbs=crumbs,
            facts=[
                fact(_("Works in"), person.unit),
                fact(_("Role over"), unit or group, note=ways_to([unit])[unit.pk] if unit else ""),
            ],
            consequences=[
                _("The person sees everybody who works there, can change their data, move them and grant this role."),
                _("It counts from the very next click on, and you can end it at any time."),
            ],
            form=PeriodForm(sent(officer), at=officer.at),
            button=_("Grant the role"),
            back=back,
        )


def _groups(officer: Officer) -> QuerySet[AgencyGroup]:
    held = Role.objects.in_force(officer.at).filter(person=officer.person, kind=officer.kind)
    return AgencyGroup.objects.filter(roles__in=held).distinct().order_by("name")


def _chosen_group(officer: Officer) -> AgencyGroup | None:
    pk = number_in_address(officer, "kelompok")
    return get_object_or_404(_groups(officer), pk=pk) if pk is not None else None


@for_role(HR, "GET", "POST")
def end(officer: Officer, role: int) -> HttpResponse:
    rows = Role.objects.filter(_may_end(officer)).select_related("person__unit", "unit__agency", "group")
    row = get_object_or_404(rows, pk=role)
    back = reverse("hr_roles")

    def act(_fields: Fields) -> Done:
        actions.end_role(row, by=officer.person, at=officer.at)
        said = _("The role of %(name)s has ended.") % {"name": row.person.full_name}
        # Whoever laid down the own role can no longer open the list.
        return said, "/" if row.person_id == officer.person.pk else back

    return ask(
        officer,
        act=act,
        title=_("End this role?"),
        lead=row.person.full_name,
        crumbs=list_crumbs(_("Roles"), back, _("End a role")),
        facts=[
            fact(_("Role"), row.get_kind_display()),
            fact(_("Over"), row.group or row.unit),
            fact(_("State"), _state(row, officer.at)["label"]),
        ],
        consequences=[
            _("It counts from the very next click on: the person sees nothing more through this role."),
            _("The role stays in the list of ended roles. It can be granted anew."),
        ],
        button=_("End the role"),
        back=back,
        danger=True,
    )
