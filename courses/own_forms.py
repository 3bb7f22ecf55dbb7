"""Forms of the CMS: one chooses among the rows of one's own organisers only, and types no key."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm, WagtailAdminPageForm
from wagtail.blocks.base import BlockField
from wagtail.blocks.stream_block import StreamBlockValidationError

LONGEST_KEY = 60  # of one made here; a typed one may have 80


class OwnRows:
    """For a WagtailAdmin form: a chosen organiser, course or bank must be one's own; the only one is chosen already."""

    fields: dict[str, forms.Field]
    initial: dict[str, Any]
    instance: Any
    for_user: Any
    or_with_edition: tuple[str, ...] = ()  # fields of courses: any that learners can take already, whoever holds it

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        from courses.trainers import TO_ORGANISER, WRITERS, own_rows  # they read the models that use these forms

        for name, field in self.fields.items():
            queryset = getattr(field, "queryset", None)
            if self.for_user is None or queryset is None or queryset.model not in TO_ORGANISER:
                continue
            rows = own_rows(queryset.model, self.for_user, at=timezone.now(), kinds=WRITERS)
            if name in self.or_with_edition:
                rows = (queryset.model.objects.filter(editions__isnull=False) | rows).distinct().order_by("code")
            field.queryset = rows  # type: ignore[attr-defined]
            field.bound_data = partial(choosable, field)  # type: ignore[method-assign]
            if self.instance.pk is None and field.required and not self.initial.get(name):
                choices = list(field.queryset[:2])  # type: ignore[attr-defined]
                self.initial[name] = choices[0].pk if len(choices) == 1 else None


def choosable(field: forms.Field, data: Any, initial: Any) -> Any:
    """What was posted, to be shown again; nothing if it may not be chosen: a chooser would tell the title.

    A field of several shows its choices only, and keeps what was ticked; a locked one shows what is stored.
    """
    if field.disabled:
        return initial
    if isinstance(field, forms.ModelMultipleChoiceField):
        return data
    try:
        field.to_python(data)
    except ValidationError:
        return None
    return data


class OwnModelForm(OwnRows, WagtailAdminModelForm):
    """A row that is new may leave its key empty: it is made from the title."""

    key_from = "title"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key_is_chosen = False
        if "key" in self.fields and self.instance.pk is None:
            self.fields["key"].required = False
            self.fields["key"].help_text = _("Small letters, digits and hyphens; left empty, it is made from the text.")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if "key" in cleaned and not cleaned["key"]:
            cleaned["key"] = free_key(self._meta.model, cleaned.get(self.key_from, ""))
            self.key_is_chosen = True
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """A key chosen here may be taken a moment later: that is no fault of what was typed, and it is chosen anew."""
        exclusions: set[str] = super()._get_validation_exclusions()
        return exclusions | ({"key"} if self.key_is_chosen else set())


class PathStepForm(OwnRows, WagtailAdminModelForm):
    or_with_edition = ("course",)


class OwnPageForm(OwnRows, WagtailAdminPageForm):
    """A text may show what its writer may choose, and what it showed already."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if self.for_user is not None and not self.for_user.is_superuser:
            for name, field in self.fields.items():
                if isinstance(field, BlockField):
                    self.refuse_foreign(name, field)
        return cleaned

    def refuse_foreign(self, name: str, field: Any) -> None:
        """Whatever else is wrong with the text: the form would show the titles of others when it comes back."""
        from courses.foreign_references import foreign_references, references, taken_out

        posted, block = self[name].data, field.block
        stored = [self.instance, type(self.instance)._default_manager.filter(pk=self.instance.pk).first()]
        known = {one for page in stored if page is not None for one in references(block, getattr(page, name))}
        foreign = foreign_references(references(block, posted) - known, self.for_user)
        if not foreign:
            return
        sentence = _(
            "%(block)s (block %(number)d): an image, a file or a page of another organiser was taken out. "
            "Choose one of your own."
        )
        problems = [
            ValidationError(sentence % {"block": child.block.label, "number": number})
            for number, child in enumerate(posted, start=1)
            if references(child.block, child.value) & foreign
        ]
        kept = taken_out(block, posted, foreign)
        field.bound_data = lambda data, initial: kept
        self.errors.pop(name, None)
        self.add_error(name, StreamBlockValidationError(non_block_errors=problems))


class QuizPageForm(OwnPageForm):
    """A new quiz draws from the bank that came with its course."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        from courses.models import CoursePage

        if self.instance.pk is None and self.parent_page is not None and not self.initial.get("bank"):
            courses = CoursePage.objects.ancestor_of(self.parent_page).values("course__key")
            bank = self.fields["bank"].queryset.filter(key__in=courses).first()  # type: ignore[attr-defined]
            self.initial["bank"] = bank and bank.pk


def free_key(model: Any, text: str) -> str:
    """A key made from the text that no row of the model has."""
    base = slugify(text)[:LONGEST_KEY].strip("-") or model._meta.model_name
    taken = set(model._default_manager.filter(key__startswith=base).values_list("key", flat=True))
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return base if base not in taken else next(key for key in numbered if key not in taken)
