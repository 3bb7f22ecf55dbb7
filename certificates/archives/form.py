"""What an HR officer chooses to gather certificates, in the address of the page."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

from django import forms
from django.db.models import Min, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy.people.models import WorkUnit
from certificates.archives.choosing import Choice
from courses.assignment_form import unit_choices
from courses.models import Completion, Course

FieldKind = TypeVar("FieldKind", bound=forms.Field)


class ArchiveForm(forms.Form):
    """`units` are those in scope, of which `unit` is chosen where nothing is said."""

    unit = forms.ModelChoiceField(WorkUnit.objects.none(), label=gettext_lazy("Work unit"), empty_label=None)
    tahun = forms.TypedChoiceField(coerce=int, label=gettext_lazy("Finished in the year"))
    pelatihan = forms.ChoiceField(required=False, label=gettext_lazy("Course"))
    dicabut = forms.BooleanField(required=False, label=gettext_lazy("Take revoked and replaced ones along too"))

    def __init__(self, data: Any, *, units: QuerySet[WorkUnit], unit: WorkUnit, today: date) -> None:
        defaults = {"unit": str(unit.pk), "tahun": str(today.year)}
        super().__init__({**defaults, **{name: value for name, value in data.items() if value}})
        where = self._field("unit", forms.ModelChoiceField)
        where.queryset = units.select_related(
            "agency"
        )  # any unit of the scope is taken; the select offers the upper ones
        where.choices = unit_choices(units, unit)
        courses = Course.objects.order_by("title").values_list("key", "title")
        self._field("pelatihan", forms.ChoiceField).choices = [("", _("All courses")), *courses]
        first = Completion.objects.filter(person__unit__in=units).aggregate(first=Min("completed_on"))["first"]
        years = range(today.year, min(first.year if first else today.year, today.year) - 1, -1)
        self._field("tahun", forms.TypedChoiceField).choices = [(str(year), str(year)) for year in years]

    def clean_pelatihan(self) -> Course | None:
        key = self.cleaned_data["pelatihan"]
        return Course.objects.get(key=key) if key else None

    def choice(self) -> Choice | None:
        """None while something is wrong; the errors stand at their fields."""
        if not self.is_valid():
            return None
        asked = self.cleaned_data
        return Choice(
            unit=asked["unit"], year=asked["tahun"], course=asked["pelatihan"], with_withdrawn=asked["dicabut"]
        )

    def _field(self, name: str, kind: type[FieldKind]) -> FieldKind:
        field = self.fields[name]
        if not isinstance(field, kind):
            raise TypeError(name)
        return field
