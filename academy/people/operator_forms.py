"""What operators type: agencies, groups, roles, and what they look for in lists."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from academy.people import nip
from academy.people.models import Agency, AgencyGroup, Person, Role, RosterImport, WorkUnit
from academy.people.signin import find_person

ZONES = [
    ("Asia/Jakarta", gettext_lazy("Western (WIB)")),
    ("Asia/Makassar", gettext_lazy("Central (WITA)")),
    ("Asia/Jayapura", gettext_lazy("Eastern (WIT)")),
]
MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%d-%m-%Y %H.%M", "%d-%m-%Y %H:%M"]
MOST_NAMESAKES = 5


class AgencyForm(forms.Form):
    code = forms.RegexField(
        r"^[0-9A-Za-z.-]+$",
        max_length=16,
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("As in SIASN, such as 7701. It cannot be changed later."),
        error_messages={"invalid": gettext_lazy("Letters, digits, dots and dashes only.")},
    )
    name = forms.CharField(max_length=200, label=gettext_lazy("Name"))
    kind = forms.ChoiceField(choices=Agency.Kind.choices, label=gettext_lazy("Kind"))
    time_zone = forms.ChoiceField(choices=ZONES, initial="Asia/Makassar", label=gettext_lazy("Time zone"))
    siasn_id = forms.CharField(
        max_length=40, required=False, label=gettext_lazy("SIASN id"), help_text=gettext_lazy("May be empty.")
    )

    def __init__(self, *args: Any, agency: Agency | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if agency is not None:
            del self.fields["code"]


class GroupForm(forms.Form):
    name = forms.CharField(max_length=200, label=gettext_lazy("Name"))
    agencies = forms.ModelMultipleChoiceField(
        Agency.objects.order_by("code"),
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Agencies"),
        required=False,
    )


class RoleForm(forms.Form):
    """A role over an agency or a unit in it, or over a group. `cleaned_data` then holds person, unit and group."""

    login = forms.CharField(
        max_length=254,
        label=gettext_lazy("NIP or e-mail of the person"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    kind = forms.ChoiceField(choices=Role.Kind.choices, label=gettext_lazy("Role"))
    over = forms.ChoiceField(label=gettext_lazy("Over"))
    unit_name = forms.CharField(
        max_length=400,
        required=False,
        label=gettext_lazy("Only this unit of the agency"),
        help_text=gettext_lazy(
            "Its name; empty for the whole agency. Units of the same name are told apart by the unit above: Dinas Kesehatan > Sekretariat."
        ),
    )
    from_at = forms.DateTimeField(
        required=False,
        label=pgettext_lazy("role", "From"),
        help_text=gettext_lazy("Empty: from now on."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=MOMENTS,
        error_messages={"invalid": gettext_lazy("Type a moment such as 23-11-2026 12.00.")},
    )
    until_at = forms.DateTimeField(
        required=False,
        label=pgettext_lazy("role", "Until"),
        help_text=gettext_lazy("Empty: until it is ended."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=MOMENTS,
        error_messages={"invalid": gettext_lazy("Type a moment such as 23-11-2026 12.00.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        over = self.fields["over"]
        if isinstance(over, forms.ChoiceField):
            over.choices = [
                (_("Groups"), [(f"g{group.pk}", group.name) for group in AgencyGroup.objects.order_by("name")]),
                (_("Agencies"), [(f"a{agency.pk}", agency.name) for agency in Agency.objects.order_by("code")]),
            ]

    def clean_login(self) -> Person:
        person = find_person(self.cleaned_data["login"])
        if person is None:
            raise ValidationError(_("Nobody has this NIP or e-mail address."))
        return person

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        over, name = cleaned.get("over", ""), cleaned.get("unit_name", "").strip()
        cleaned |= {"unit": None, "group": None}
        if over.startswith("g"):
            cleaned["group"] = AgencyGroup.objects.get(pk=over[1:])
            if name:
                self.add_error("unit_name", _("A role over a group has no unit."))
        elif over.startswith("a"):
            try:
                cleaned["unit"] = find_unit(int(over[1:]), name)
            except ValidationError as problem:
                self.add_error("unit_name", problem)
        return cleaned


def find_unit(agency_id: int, name: str) -> WorkUnit:
    """The one open unit of that name, or the root for none; ValidationError says what there is instead."""
    units = WorkUnit.objects.filter(agency=agency_id)
    if not name:
        root: WorkUnit | None = units.filter(depth=1).first()
        if root is None:
            raise ValidationError(_("This agency has no units yet."))
        return root
    above, _sign, own = (part.strip() for part in name.rpartition(">"))
    open_units = units.open(timezone.localdate())
    found: list[WorkUnit] = list(open_units.filter(name__iexact=own)[: MOST_NAMESAKES + 1])
    if above:
        names = {unit.path: unit.name for unit in units.filter(path__in=[unit.path[: -unit.steplen] for unit in found])}
        found = [
            u
            for u in found
            if names.get(u.path[: -u.steplen], "").casefold() == above.rpartition(">")[2].strip().casefold()
        ]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValidationError(_("There is more than one unit of this name. Put the unit above before it, with >."))
    similar = list(open_units.filter(name__icontains=own).values_list("name", flat=True)[:MOST_NAMESAKES])
    if similar:
        raise ValidationError(_("No unit has this name. Similar: %(names)s.") % {"names": "; ".join(similar)})
    raise ValidationError(_("No unit has this name."))


class ListSearch(forms.Form):
    """A list's filters in its address. What makes no sense is left out, with a sentence in `problems`."""

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) or None for name in self.fields}

    def problems(self) -> list[str]:
        self.is_valid()
        return [f"{self[name].label}: {problem}" for name, errors in self.errors.items() for problem in errors]


class AgencySearch(ListSearch):
    q = forms.CharField(max_length=100, required=False, label=gettext_lazy("Name or code"))


class RoleSearch(ListSearch):
    q = forms.CharField(max_length=100, required=False, label=gettext_lazy("Name or NIP"))
    peran = forms.ChoiceField(
        choices=[("", gettext_lazy("All roles")), *Role.Kind.choices], required=False, label=gettext_lazy("Role")
    )
    keadaan = forms.ChoiceField(
        choices=[
            ("", gettext_lazy("In force")),
            ("nanti", gettext_lazy("To begin")),
            ("berakhir", gettext_lazy("Ended")),
            ("semua", gettext_lazy("All")),
        ],
        required=False,
        label=gettext_lazy("State"),
    )


class ImportSearch(ListSearch):
    instansi = forms.ModelChoiceField(
        Agency.objects.order_by("code"), required=False, label=gettext_lazy("Agency"), empty_label=gettext_lazy("All")
    )
    keadaan = forms.ChoiceField(
        choices=[("", gettext_lazy("All")), *RosterImport.State.choices], required=False, label=gettext_lazy("State")
    )


class LogSearch(ListSearch):
    dari = forms.DateField(
        required=False,
        label=gettext_lazy("From day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    sampai = forms.DateField(
        required=False,
        label=gettext_lazy("To day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    q = forms.CharField(max_length=100, required=False, label=gettext_lazy("Name or NIP"))
    tindakan = forms.ChoiceField(required=False, label=gettext_lazy("Action"))

    def __init__(self, *args: Any, actions: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["tindakan"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", _("All")), *actions]

    def condition(self, *people: str) -> Q:
        """What was asked for, over `at`, `action` and these fields that lead to a person."""
        asked = self.chosen()
        condition = Q()
        if asked["dari"]:
            condition &= Q(at__gte=_midnight(asked["dari"]))
        if asked["sampai"]:
            condition &= Q(at__lt=_midnight(asked["sampai"] + timedelta(days=1)))
        if asked["tindakan"]:
            condition &= Q(action=asked["tindakan"])
        if asked["q"]:
            found = Person.objects.filter(named(asked["q"])).values("pk")
            either = Q()
            for field in people:
                either |= Q(**{f"{field}__in": found})
            condition &= either
        return condition


def named(text: str, prefix: str = "") -> Q:
    """Every word stands in the name, or the text is a part of the NIP."""
    digits = nip.normalise(text)
    if digits.isascii() and digits.isdigit():
        return Q(**{f"{prefix}nip__contains": digits})
    condition = Q()
    for word in text.split():
        condition &= Q(**{f"{prefix}name__icontains": word})
    return condition


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def roles_asked(search: RoleSearch, *, at: datetime) -> QuerySet[Role]:
    asked = search.chosen()
    roles: QuerySet[Role] = {
        None: Role.objects.in_force(at),
        "nanti": Role.objects.filter(from_at__gt=at).not_ended(at),
        "berakhir": Role.objects.filter(until_at__lte=at),
        "semua": Role.objects.all(),
    }[asked["keadaan"]]
    if asked["peran"]:
        roles = roles.filter(kind=asked["peran"])
    return roles.filter(named(asked["q"], "person__")) if asked["q"] else roles
