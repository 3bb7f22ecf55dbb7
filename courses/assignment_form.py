"""What an HR officer types to assign a course: the course or a run of it, a unit or a list of NIPs, and the day."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy.pages.templatetags.formats import day
from academy.people.models import WorkUnit
from courses.models import Course, Edition, Run
from courses.nip_list import nips_field, nips_in
from courses.runs import runs_to_join

MOST_UNITS = 600  # in the select; a unit further down is reached from its report
FieldKind = TypeVar("FieldKind", bound=forms.Field)


class CourseField(forms.ChoiceField):
    """A course and perhaps a dated run of it: "12" or "12-5", by their keys.

    The select offers what people may join today; a run that takes nobody is understood too, so that the refusal can
    name it.
    """

    def offer(self, *, on: date) -> None:
        courses = Course.objects.offered().filter(Exists(Edition.objects.filter(course=OuterRef("pk"))))
        self._courses = {str(course.pk): course for course in courses.select_related("organiser").order_by("code")}
        runs: dict[int, list[Run]] = {}
        for run in runs_to_join(self._courses.values(), on=on):
            runs.setdefault(run.course_id, []).append(run)
        self.choices = [
            choice
            for course in self._courses.values()
            for choice in [
                *([(str(course.pk), course.title)] if course.self_paced else []),
                *((f"{course.pk}-{run.pk}", f"{course.title}, {_in_words(run)}") for run in runs.get(course.pk, [])),
            ]
        ]

    def valid_value(self, value: str) -> bool:
        return True

    def clean(self, value: Any) -> tuple[Course, Run | None]:
        course_key, dash, run_key = super().clean(value).partition("-")
        course, run = self._courses.get(course_key), None
        if dash and run_key.isascii() and run_key.isdecimal() and len(run_key) < 19:
            run = Run.objects.filter(pk=run_key, course=course, number__isnull=False).first()
        if course is None or (dash and run is None):
            raise ValidationError(self.error_messages["invalid_choice"], params={"value": value}, code="invalid_choice")
        return course, run


def _in_words(run: Run) -> str:
    """The run with its days and free seats; of runs_to_join."""
    words = {"run": run.name, "first": day(run.opens_on), "last": day(run.closes_on)}
    if run.seats is None:
        return _("%(run)s, %(first)s – %(last)s") % words
    free = run.seats - run.taken  # type: ignore[attr-defined]  # annotated
    return _("%(run)s, %(first)s – %(last)s, seats left: %(free)d") % {**words, "free": free}


class AssignmentForm(forms.Form):
    course = CourseField(label=gettext_lazy("Course"))
    unit = forms.ModelChoiceField(
        WorkUnit.objects.none(),
        label=gettext_lazy("Everybody in this unit and below it"),
        required=False,
        empty_label=gettext_lazy("No unit, the list of NIPs below"),
    )
    nips = nips_field(label=gettext_lazy("Or these NIPs"), required=False)
    due_on = forms.DateField(
        label=gettext_lazy("To be finished by"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y"],
        error_messages={"invalid": gettext_lazy("Type a day such as 23-11-2026.")},
    )

    def __init__(self, *args: Any, units: QuerySet[WorkUnit], unit: WorkUnit | None, today: date, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.today = today
        self._field("course", CourseField).offer(on=today)
        field = self._field("unit", forms.ModelChoiceField)
        field.queryset = units  # any unit of the scope is taken; the select offers the upper ones
        field.choices = [("", field.empty_label), *unit_choices(units, unit)]
        self.fields["due_on"].widget.attrs["min"] = today.isoformat()

    def _field(self, name: str, kind: type[FieldKind]) -> FieldKind:
        field = self.fields[name]
        if not isinstance(field, kind):
            raise TypeError(name)
        return field

    def clean_nips(self) -> list[str]:
        return nips_in(self.cleaned_data["nips"])

    def clean_due_on(self) -> date:
        due_on: date = self.cleaned_data["due_on"]
        if due_on < self.today:
            raise ValidationError(_("The day has passed already."))
        if due_on.year > self.today.year + 5:
            raise ValidationError(_("The day is more than five years ahead."))
        return due_on

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "unit" in cleaned and "nips" in cleaned:
            if cleaned["unit"] and cleaned["nips"]:
                self.add_error("nips", _("Choose a unit or type NIPs, not both."))
            elif not cleaned["unit"] and not cleaned["nips"]:
                self.add_error("unit", _("Choose a unit or type NIPs."))
        return cleaned


def unit_choices(units: QuerySet[WorkUnit], chosen: WorkUnit | None) -> list[tuple[int, str]]:
    """The two upper levels of each tree in the scope, and the unit that was asked for."""
    rows = list(units.filter(closed_on__isnull=True, depth__lte=2).values_list("pk", "depth", "name")[: MOST_UNITS + 1])
    if not rows or len(rows) > MOST_UNITS:
        top = units.order_by("depth").values_list("depth", flat=True).first() or 1
        rows = list(units.filter(closed_on__isnull=True, depth=top).values_list("pk", "depth", "name")[:MOST_UNITS])
    first = min((depth for _pk, depth, _name in rows), default=1)
    choices = [(pk, "– " * (depth - first) + name) for pk, depth, name in rows]
    if chosen is not None and chosen.pk not in {pk for pk, _name in choices}:
        choices.append((chosen.pk, chosen.name))
    return choices
