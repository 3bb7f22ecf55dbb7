"""The form of a certificate template: one's own organisers, and pictures that its writer may use."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from wagtail.images.permissions import permission_policy

from academy.people import nip
from certificates import default_words
from courses.models import Completion
from courses.own_forms import OwnModelForm, choosable

LONGEST_NIP = 30  # typed
LOGOS = ("logo", "second_logo")
WORDS_OF_A_KIND = ("title", "outcome", "lead_in")


class TemplateForm(OwnModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("opening", "details"):
            if name in self.fields:
                self.fields[name].widget = forms.Textarea(attrs={"rows": 4})
        if self.instance.pk is not None:
            for name in ("organiser", "kind"):
                self.fields[name].disabled = True
        elif "kind" in self.fields:
            self.fields["kind"].help_text = _("Words that you did not change become those of the chosen kind.")
        if "signatory_nip" in self.fields:
            self._with_spaces(self.fields["signatory_nip"])
        for name in LOGOS:
            if name in self.fields and self.for_user is not None:
                self._own_pictures(name)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.instance.pk is None and cleaned.get("kind"):
            chosen = default_words.WORDS[Completion.Outcome(cleaned["kind"])]
            for name in WORDS_OF_A_KIND:
                if cleaned.get(name) in {getattr(words, name) for words in default_words.WORDS.values()}:
                    cleaned[name] = getattr(chosen, name)
        return cleaned

    def clean_signatory_nip(self) -> str:
        typed = nip.normalise(str(self.cleaned_data["signatory_nip"]))
        if not typed:
            return ""
        try:
            return nip.parse(typed).digits
        except nip.InvalidNip as error:
            raise forms.ValidationError(str(error)) from error

    def _with_spaces(self, field: Any) -> None:
        """A NIP may be typed as it is printed, in groups; what is stored has 18 digits."""
        field.max_length = LONGEST_NIP
        field.widget.attrs["maxlength"] = str(LONGEST_NIP)
        field.validators = [one for one in field.validators if not isinstance(one, MaxLengthValidator)]

    def _own_pictures(self, name: str) -> None:
        """What the writer may choose, and what the template shows already."""
        images = permission_policy.instances_user_has_any_permission_for(self.for_user, ["change", "choose"])
        stored = getattr(self.instance, f"{name}_id")
        field: Any = self.fields[name]
        field.queryset = images | images.model.objects.filter(pk=stored) if stored else images
        field.error_messages["invalid_choice"] = _("Choose a picture of your own organiser.")
        field.bound_data = lambda data, initial: choosable(field, data, initial)
