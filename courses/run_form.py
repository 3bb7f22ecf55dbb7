"""The form of a dated run in the CMS."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from courses.own_forms import OwnModelForm


class RunForm(OwnModelForm):
    """The year is that of the first day; trainers are those who write courses of the own organisers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.for_user is not None and "trainers" in self.fields:
            from courses.trainers import WRITERS, desk_of, organisers_of  # they read the model that uses this form

            at = timezone.now()
            self.fields["trainers"].queryset = desk_of(  # type: ignore[attr-defined]
                organisers_of(self.for_user, at=at), at=at, kinds=WRITERS
            )
        if self.instance.pk:  # people are in it: it stays what it is
            for name in ("course", "number"):
                if name in self.fields:
                    self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        opens, closes, until = (cleaned.get(name) for name in ("opens_on", "closes_on", "enrol_until_on"))
        if opens and closes and closes < opens:
            self.add_error("closes_on", _("A run closes on the day it opens or later."))
        if closes and until and until > closes:
            self.add_error("enrol_until_on", _("Joining ends before the run closes."))
        if opens and cleaned.get("course") and not self.instance.pk:
            self._number(cleaned, year=opens.year)
        return cleaned

    def _number(self, cleaned: dict[str, Any], *, year: int) -> None:
        from courses.runs import next_number

        self.instance.year = year
        if cleaned.get("number") is None:
            cleaned["number"] = next_number(cleaned["course"], year=year)
        elif cleaned["course"].runs.filter(year=year, number=cleaned["number"]).exists():
            self.add_error("number", _("This cohort number exists already in that year."))
