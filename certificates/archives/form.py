"""What an HR officer chooses to gather certificates, in the address of the page."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

from django import forms
from django.db.models import Exists, Max, Min, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy.people.models import WorkUnit
from certificates.archives.choosing import Choice
from courses.assignment_form import unit_choices
from courses.models import Course, Edition

FieldKind = TypeVar("FieldKind", bound=forms.Field)


def named_with_agency(unit: WorkUnit) -> str:
    """Many agencies have a unit of the same name."""
    return unit.name if unit.depth == 1 else f"{unit.name}, {unit.agency.name}"


class ArchiveForm(forms.Form):
    """`units` are those in scope; `unit` is the one that was sent, or the one chosen where nothing is said."""

    unit = forms.ChoiceField(label=gettext_lazy("Work unit"))
    tahun = forms.TypedChoiceField(coerce=int, label=gettext_lazy("Finished in the year"))
    pelatihan = forms.ChoiceField(required=False, label=gettext_lazy("Course"))
    dicabut = forms.BooleanField(required=False, label=gettext_lazy("Take revoked and replaced ones along too"))

    def __init__(self, data: Any, *, units: QuerySet[WorkUnit], unit: WorkUnit, today: date) -> None:
        defaults = {"unit": str(unit.pk), "tahun": str(today.year)}
        super().__init__({**defaults, **{name: value for name, value in data.items() if value}})
        self.chosen_unit = unit
        choices = dict(unit_choices(units, unit))
        scope = units.order_by().aggregate(
            one=Min("agency"), other=Max("agency"), first=Min("people__completions__completed_on")
        )
        self.several_agencies = scope["one"] != scope["other"]
        if self.several_agencies:
            below = units.filter(pk__in=choices, depth__gt=1).values_list("pk", "agency__name")
            choices |= {pk: f"{choices[pk]}, {agency}" for pk, agency in below}
        self._field("unit", forms.ChoiceField).choices = [(str(pk), name) for pk, name in choices.items()]
        self.courses = {course.key: course for course in _known_courses()}
        courses = [(key, course.title) for key, course in self.courses.items()]
        self._field("pelatihan", forms.ChoiceField).choices = [("", _("All courses")), *courses]
        first = scope["first"] or today
        years = range(today.year, min(first.year, today.year) - 1, -1)
        self._field("tahun", forms.TypedChoiceField).choices = [(str(year), str(year)) for year in years]

    def clean_pelatihan(self) -> Course | None:
        return self.courses.get(self.cleaned_data["pelatihan"])

    def choice(self) -> Choice | None:
        """None while something is wrong; the errors stand at their fields."""
        if not self.is_valid():
            return None
        asked = self.cleaned_data
        return Choice(
            unit=self.chosen_unit, year=asked["tahun"], course=asked["pelatihan"], with_withdrawn=asked["dicabut"]
        )

    def _field(self, name: str, kind: type[FieldKind]) -> FieldKind:
        field = self.fields[name]
        if not isinstance(field, kind):
            raise TypeError(name)
        return field


def _known_courses() -> QuerySet[Course]:
    """Those with an edition: a course that is still being written is nobody's business here."""
    return Course.objects.filter(Exists(Edition.objects.filter(course=OuterRef("pk")))).order_by("title")
