"""Forms of the CMS in which one chooses among the rows of one's own organisers only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from wagtail.admin.forms import WagtailAdminModelForm, WagtailAdminPageForm


class OwnRows:
    """For a WagtailAdmin form: a chosen organiser, course or bank must be one's own."""

    fields: dict[str, forms.Field]
    for_user: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        from courses.trainers import TO_ORGANISER, own_rows  # they read the models that use these forms

        for field in self.fields.values():
            queryset = getattr(field, "queryset", None)
            if self.for_user is not None and queryset is not None and queryset.model in TO_ORGANISER:
                field.queryset = own_rows(queryset.model, self.for_user, at=timezone.now())  # type: ignore[attr-defined]


class OwnModelForm(OwnRows, WagtailAdminModelForm):
    pass


class OwnPageForm(OwnRows, WagtailAdminPageForm):
    pass
