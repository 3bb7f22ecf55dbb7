"""The form of a course in the CMS: prerequisites that lead in a circle are not saved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from courses.own_forms import OwnModelForm


class CourseForm(OwnModelForm):
    or_with_edition = ("prerequisites",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("prerequisites")
        if field is not None:
            field.queryset = field.queryset.exclude(pk=self.instance.pk)  # type: ignore[attr-defined]

    def clean_prerequisites(self) -> Iterable[Any]:
        chosen: Iterable[Any] = self.cleaned_data["prerequisites"]
        through = self._meta.model.prerequisites.through.objects
        reached, new = set(), {course.pk for course in chosen}
        while new:
            reached |= new
            new = set(through.filter(from_course__in=new).values_list("to_course", flat=True)) - reached
        if self.instance.pk in reached:
            raise ValidationError(
                _("One of these courses needs “%(title)s” itself: nobody could begin.") % {"title": self.instance.title}
            )
        return chosen
