"""The form of a question in the CMS: a question that could not be graded is not saved."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from courses.own_forms import OwnModelForm

SINGLE = "single"


class QuestionForm(OwnModelForm):
    """One right option for a single choice, at least one for a multiple choice."""

    key_from = "text"

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        options = self.formsets["options"]
        kept = [form for form in options.forms if form.is_valid() and form not in options.deleted_forms]
        right = sum(bool(form.cleaned_data.get("is_correct")) for form in kept)
        if right == 0:
            raise ValidationError(_("Mark the right option."))
        if cleaned.get("kind") == SINGLE and right > 1:
            raise ValidationError(
                _("%(right)d options are marked as right. Leave one, or choose “Several right answers”.")
                % {"right": right}
            )
        return cleaned
